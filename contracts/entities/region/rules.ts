import type { Rule } from "../../rules.ts";

export const regionRules: readonly Rule[] = [];
