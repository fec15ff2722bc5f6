/* Written by `npm run generate` from the schema of this entity. Changes here are lost. */

export interface GuardianRecord {
  /**
   * 学生键 · Key of the student
   */
  studentKey: string | null;
  /**
   * 成员序号 · Member one or two
   */
  ordinal: string | null;
  /**
   * 姓名 · Name
   */
  name: string | null;
  /**
   * 关系 · Relationship
   */
  relationshipCode: string | null;
  /**
   * 关系说明 · Note on the relationship
   */
  relationshipNote: string | null;
  /**
   * 民族 · Ethnicity
   */
  ethnicityCode: string | null;
  /**
   * 工作单位 · Employer
   */
  employer: string | null;
  /**
   * 现住址 · Current address
   */
  currentAddress: string | null;
  /**
   * 户口所在地 · Registered residence
   */
  hukouRegionCode: string | null;
  /**
   * 联系电话 · Phone
   */
  phone: string | null;
  /**
   * 是否监护人 · Is a guardian
   */
  isGuardian: string | null;
  /**
   * 身份证件类型 · Identity document type
   */
  idDocType: string | null;
  /**
   * 身份证件号 · Identity document number
   */
  idDocNo: string | null;
  /**
   * 职务 · Position
   */
  jobTitle: string | null;
}

/** Every field in contract order. */
export const fields = [
  "studentKey",
  "ordinal",
  "name",
  "relationshipCode",
  "relationshipNote",
  "ethnicityCode",
  "employer",
  "currentAddress",
  "hukouRegionCode",
  "phone",
  "isGuardian",
  "idDocType",
  "idDocNo",
  "jobTitle",
] as const;

/** Where a field stands in an array of values. */
export const i = {
  studentKey: 0,
  ordinal: 1,
  name: 2,
  relationshipCode: 3,
  relationshipNote: 4,
  ethnicityCode: 5,
  employer: 6,
  currentAddress: 7,
  hukouRegionCode: 8,
  phone: 9,
  isGuardian: 10,
  idDocType: 11,
  idDocNo: 12,
  jobTitle: 13,
} as const;
