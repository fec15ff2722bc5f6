import type { Rule } from "../../rules.ts";

export const classRules: readonly Rule[] = [];
