import { phoneRule } from "../../contact-rules.ts";
import { i } from "../../generated/campus.ts";
import type { Rule } from "../../rules.ts";

export const campusRules: readonly Rule[] = [phoneRule("CAMPUS_PHONE", "campus", "phone", i.phone)];
