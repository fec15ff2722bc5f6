import type { Rule } from "../../rules.ts";

export const studentRules: readonly Rule[] = [];
