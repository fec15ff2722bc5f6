import type { Rule } from "../../rules.ts";

export const guardianRules: readonly Rule[] = [];
