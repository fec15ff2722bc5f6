import { codeAttribute } from "../../codes.ts";
import { i } from "../../generated/grade.ts";
import type { Rule } from "../../rules.ts";

const entity = "grade";

const phaseOfGrade = codeAttribute("grade", "phase_code");
const ordinalOfGrade = codeAttribute("grade", "ordinal");

/** From the promotion in August to the first of September two school years are right. */
function isSchoolYearOf(year: number, today: string): boolean {
  const calendarYear = Number(today.slice(0, 4));
  const day = today.slice(4);
  if (day >= "0901") return year === calendarYear;
  return year === calendarYear - 1 || (day >= "0701" && year === calendarYear);
}

export const gradeRules: readonly Rule[] = [
  {
    id: "GRADE_CODE_PHASE",
    entity,
    severity: "error",
    owner: "school",
    fields: ["gradeCode", "phaseCode"],
    source: "design: a grade code begins with its phase",
    check: (values) => {
      const grade = values[i.gradeCode] ?? null;
      const phase = values[i.phaseCode] ?? null;
      return grade === null || phase === null || phaseOfGrade.get(grade) === phase;
    },
  },
  {
    id: "GRADE_ENTRY_YEAR_FUTURE",
    entity,
    severity: "error",
    owner: "school",
    fields: ["entryYear"],
    source: "design: next year's grade at most",
    check: (values, { today }) => Number(values[i.entryYear] ?? 0) <= Number(today.slice(0, 4)) + 1,
  },
  {
    id: "GRADE_COHORT",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["gradeCode", "entryYear", "state"],
    source: "design: the grade follows from the entry year and the school year, unless it was promoted late",
    check: (values, { today }) => {
      const ordinal = ordinalOfGrade.get(values[i.gradeCode] ?? "");
      const entryYear = values[i.entryYear] ?? null;
      if (ordinal === undefined || entryYear === null || values[i.state] !== "1") return true;
      return isSchoolYearOf(Number(entryYear) + Number(ordinal) - 1, today);
    },
  },
];
