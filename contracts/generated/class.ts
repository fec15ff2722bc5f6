/* Written by `npm run generate` from the schema of this entity. Changes here are lost. */

export interface ClassRecord {
  /**
   * 班级标识 · Class id
   */
  classId: string | null;
  /**
   * 学校 · School id
   */
  schoolId: string | null;
  /**
   * 年级 · Grade id
   */
  gradeId: string | null;
  /**
   * 班号 · Class number
   */
  classNo: string | null;
  /**
   * 班级名称 · Class name
   */
  name: string | null;
  /**
   * 班级类型码 · Class type
   */
  classTypeCode: string | null;
  /**
   * 建班年月 · Formed in
   */
  formedMonth: string | null;
  /**
   * 班主任 · Head teacher
   */
  headTeacher: string | null;
  /**
   * 是否复式班 · Several grades in one class
   */
  isMultiGrade: string | null;
  /**
   * 是否少数民族双语班 · Bilingual class of an ethnic minority
   */
  isBilingual: string | null;
  /**
   * 有效标志 · Valid
   */
  isValid: string | null;
}

/** Every field in contract order. */
export const fields = [
  "classId",
  "schoolId",
  "gradeId",
  "classNo",
  "name",
  "classTypeCode",
  "formedMonth",
  "headTeacher",
  "isMultiGrade",
  "isBilingual",
  "isValid",
] as const;

/** Where a field stands in an array of values. */
export const i = {
  classId: 0,
  schoolId: 1,
  gradeId: 2,
  classNo: 3,
  name: 4,
  classTypeCode: 5,
  formedMonth: 6,
  headTeacher: 7,
  isMultiGrade: 8,
  isBilingual: 9,
  isValid: 10,
} as const;
