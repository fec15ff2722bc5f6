import type { Rule } from "../../rules.ts";

export const gradeRules: readonly Rule[] = [];
