import type { Rule } from "../../rules.ts";

export const campusRules: readonly Rule[] = [];
