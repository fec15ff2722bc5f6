import { i } from "../../generated/region.ts";
import type { Rule } from "../../rules.ts";

const entity = "region";

/** The level that the zeros of a code show. 500200 holds the counties of Chongqing and looks like a prefecture, as it should. */
function levelOf(code: string): string {
  if (code.endsWith("0000")) return "1";
  return code.endsWith("00") ? "2" : "3";
}

export const regionRules: readonly Rule[] = [
  {
    id: "REGION_CODE12",
    entity,
    severity: "error",
    owner: "province",
    fields: ["code12", "code"],
    source: "GB/T 10114: the first six of twelve digits",
    check: (values) => {
      const code = values[i.code] ?? null;
      const code12 = values[i.code12] ?? null;
      return code === null || code12 === null || code12.startsWith(code);
    },
  },
  {
    id: "REGION_LEVEL",
    entity,
    severity: "error",
    owner: "province",
    fields: ["level", "code"],
    source: "GB/T 2260: two digits a level",
    check: (values) => {
      const code = values[i.code] ?? null;
      const level = values[i.level] ?? null;
      return code === null || level === null || levelOf(code) === level;
    },
  },
  {
    id: "REGION_PARENT_REQUIRED",
    entity,
    severity: "error",
    owner: "province",
    fields: ["parentCode", "level"],
    source: "GB/T 2260: all but provinces lie in another region",
    check: (values) => values[i.parentCode] !== null || values[i.level] === "1" || values[i.level] === null,
  },
  {
    id: "REGION_PERIOD",
    entity,
    severity: "error",
    owner: "province",
    fields: ["effectiveTo", "effectiveFrom"],
    source: "design: in force from its first year until, not including, its last",
    check: (values) => {
      const from = values[i.effectiveFrom] ?? null;
      const to = values[i.effectiveTo] ?? null;
      return from === null || to === null || from < to;
    },
  },
];
