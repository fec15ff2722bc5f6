import type { Rule } from "../../rules.ts";

export const schoolRules: readonly Rule[] = [];
