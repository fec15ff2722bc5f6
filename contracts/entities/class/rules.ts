import { i } from "../../generated/class.ts";
import type { Rule } from "../../rules.ts";

const entity = "class";

/** Classes of several grades in `class-type.csv`, primary and junior. */
const multiGradeTypes: ReadonlySet<string> = new Set(["12", "22"]);

export const classRules: readonly Rule[] = [
  {
    id: "CLASS_MULTI_GRADE",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["isMultiGrade", "classTypeCode"],
    source: "JY/T 1001, class types",
    check: (values) => {
      const isMultiGrade = values[i.isMultiGrade] ?? null;
      const type = values[i.classTypeCode] ?? null;
      return isMultiGrade === null || type === null || multiGradeTypes.has(type) === (isMultiGrade === "1");
    },
  },
  {
    id: "CLASS_FORMED_FUTURE",
    entity,
    severity: "error",
    owner: "school",
    fields: ["formedMonth"],
    source: "design: a class is formed in its month or later reported, at most a term ahead",
    check: (values, { today }) =>
      (values[i.formedMonth] ?? "") <= `${Number(today.slice(0, 4)) + 1}${today.slice(4, 6)}`,
  },
];
