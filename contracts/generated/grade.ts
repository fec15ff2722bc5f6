/* Written by `npm run generate` from the schema of this entity. Changes here are lost. */

export interface GradeRecord {
  /**
   * 年级标识 · Grade id
   */
  gradeId: string | null;
  /**
   * 学校 · School id
   */
  schoolId: string | null;
  /**
   * 年级名称 · Grade name
   */
  name: string | null;
  /**
   * 入学年份 · Entry year (cohort)
   */
  entryYear: string | null;
  /**
   * 教育阶段 · Phase
   */
  phaseCode: string | null;
  /**
   * 学籍年级代码 · Grade code
   */
  gradeCode: string | null;
  /**
   * 年级状态 · State
   */
  state: string | null;
}

/** Every field in contract order. */
export const fields = [
  "gradeId",
  "schoolId",
  "name",
  "entryYear",
  "phaseCode",
  "gradeCode",
  "state",
] as const;

/** Where a field stands in an array of values. */
export const i = {
  gradeId: 0,
  schoolId: 1,
  name: 2,
  entryYear: 3,
  phaseCode: 4,
  gradeCode: 5,
  state: 6,
} as const;
