/* Written by `npm run generate` from the schema of this entity. Changes here are lost. */

export interface StudentRecord {
  /**
   * 学校标识码 · School id
   */
  schoolId: string | null;
  /**
   * 学籍号 · Student number
   */
  studentNumber: string | null;
  /**
   * 学生状态 · Status
   */
  statusCode: string | null;
  /**
   * 学生类别 · Category
   */
  categoryCode: string | null;
  /**
   * 姓名 · Name
   */
  name: string | null;
  /**
   * 性别 · Gender
   */
  genderCode: string | null;
  /**
   * 出生日期 · Birth date
   */
  birthDate: string | null;
  /**
   * 出生地 · Birth place
   */
  birthRegionCode: string | null;
  /**
   * 籍贯 · Native place
   */
  nativePlace: string | null;
  /**
   * 民族 · Ethnicity
   */
  ethnicityCode: string | null;
  /**
   * 国籍/地区 · Nationality or region
   */
  nationalityCode: string | null;
  /**
   * 身份证件类型 · Identity document type
   */
  idDocType: string | null;
  /**
   * 身份证件号 · Identity document number
   */
  idDocNo: string | null;
  /**
   * 港澳台侨外 · Hong Kong, Macao, Taiwan, overseas, foreign
   */
  overseasCode: string | null;
  /**
   * 政治面貌 · Political status
   */
  politicalCode: string | null;
  /**
   * 健康状况 · Health
   */
  healthCode: string | null;
  /**
   * 照片 · Photo reference
   */
  photoRef: string | null;
  /**
   * 姓名拼音 · Name in pinyin
   */
  namePinyin: string | null;
  /**
   * 曾用名 · Former name
   */
  formerName: string | null;
  /**
   * 身份证件有效期 · Validity of the document
   */
  idValidPeriod: string | null;
  /**
   * 户口所在地 · Registered residence
   */
  hukouRegionCode: string | null;
  /**
   * 户口性质 · Kind of hukou
   */
  hukouKindCode: string | null;
  /**
   * 特长 · Talent
   */
  talent: string | null;
  /**
   * 学籍辅号 · Auxiliary number
   */
  auxiliaryNumber: string | null;
  /**
   * 班内学号 · Number in the class
   */
  classSeatNo: string | null;
  /**
   * 年级 · Grade id
   */
  gradeId: string | null;
  /**
   * 班级 · Class id
   */
  classId: string | null;
  /**
   * 入学年月 · Enrolled in
   */
  enrolledMonth: string | null;
  /**
   * 入学方式 · Enrolment mode
   */
  enrolmentModeCode: string | null;
  /**
   * 就读方式 · Attendance mode
   */
  attendanceModeCode: string | null;
  /**
   * 学生来源 · Source of the student
   */
  studentSourceCode: string | null;
  /**
   * 现住址 · Current address
   */
  currentAddress: string | null;
  /**
   * 通信地址 · Postal address
   */
  postalAddress: string | null;
  /**
   * 家庭地址 · Home address
   */
  homeAddress: string | null;
  /**
   * 联系电话 · Phone
   */
  phone: string | null;
  /**
   * 邮政编码 · Postal code
   */
  postalCode: string | null;
  /**
   * 电子信箱 · E-mail
   */
  email: string | null;
  /**
   * 主页地址 · Home page
   */
  homepage: string | null;
  /**
   * 是否独生子女 · Only child
   */
  isOnlyChild: string | null;
  /**
   * 是否受过学前教育 · Had pre-school education
   */
  hadPreschool: string | null;
  /**
   * 是否留守儿童 · Left-behind child
   */
  leftBehindCode: string | null;
  /**
   * 是否进城务工人员随迁子女 · Child of migrant workers
   */
  isMigrantChild: string | null;
  /**
   * 是否孤儿 · Orphan
   */
  isOrphan: string | null;
  /**
   * 是否烈士或优抚子女 · Child of a martyr or of entitled groups
   */
  isMartyrChild: string | null;
  /**
   * 随班就读 · Inclusive class
   */
  inclusiveClassCode: string | null;
  /**
   * 残疾人类型 · Kind of disability
   */
  disabilityCode: string | null;
  /**
   * 是否由政府购买学位 · Place bought by the government
   */
  isPurchasedPlace: string | null;
  /**
   * 是否需要申请资助 · Needs financial aid
   */
  needsAid: string | null;
  /**
   * 是否享受一补 · Gets the boarding subsidy
   */
  hasBoardingSubsidy: string | null;
  /**
   * 上下学距离 · Way to school (km)
   */
  commuteKm: string | null;
  /**
   * 上下学交通方式 · Means of transport
   */
  transportCode: string | null;
  /**
   * 是否需要乘坐校车 · Needs the school bus
   */
  needsSchoolBus: string | null;
}

/** Every field in contract order. */
export const fields = [
  "schoolId",
  "studentNumber",
  "statusCode",
  "categoryCode",
  "name",
  "genderCode",
  "birthDate",
  "birthRegionCode",
  "nativePlace",
  "ethnicityCode",
  "nationalityCode",
  "idDocType",
  "idDocNo",
  "overseasCode",
  "politicalCode",
  "healthCode",
  "photoRef",
  "namePinyin",
  "formerName",
  "idValidPeriod",
  "hukouRegionCode",
  "hukouKindCode",
  "talent",
  "auxiliaryNumber",
  "classSeatNo",
  "gradeId",
  "classId",
  "enrolledMonth",
  "enrolmentModeCode",
  "attendanceModeCode",
  "studentSourceCode",
  "currentAddress",
  "postalAddress",
  "homeAddress",
  "phone",
  "postalCode",
  "email",
  "homepage",
  "isOnlyChild",
  "hadPreschool",
  "leftBehindCode",
  "isMigrantChild",
  "isOrphan",
  "isMartyrChild",
  "inclusiveClassCode",
  "disabilityCode",
  "isPurchasedPlace",
  "needsAid",
  "hasBoardingSubsidy",
  "commuteKm",
  "transportCode",
  "needsSchoolBus",
] as const;

/** Where a field stands in an array of values. */
export const i = {
  schoolId: 0,
  studentNumber: 1,
  statusCode: 2,
  categoryCode: 3,
  name: 4,
  genderCode: 5,
  birthDate: 6,
  birthRegionCode: 7,
  nativePlace: 8,
  ethnicityCode: 9,
  nationalityCode: 10,
  idDocType: 11,
  idDocNo: 12,
  overseasCode: 13,
  politicalCode: 14,
  healthCode: 15,
  photoRef: 16,
  namePinyin: 17,
  formerName: 18,
  idValidPeriod: 19,
  hukouRegionCode: 20,
  hukouKindCode: 21,
  talent: 22,
  auxiliaryNumber: 23,
  classSeatNo: 24,
  gradeId: 25,
  classId: 26,
  enrolledMonth: 27,
  enrolmentModeCode: 28,
  attendanceModeCode: 29,
  studentSourceCode: 30,
  currentAddress: 31,
  postalAddress: 32,
  homeAddress: 33,
  phone: 34,
  postalCode: 35,
  email: 36,
  homepage: 37,
  isOnlyChild: 38,
  hadPreschool: 39,
  leftBehindCode: 40,
  isMigrantChild: 41,
  isOrphan: 42,
  isMartyrChild: 43,
  inclusiveClassCode: 44,
  disabilityCode: 45,
  isPurchasedPlace: 46,
  needsAid: 47,
  hasBoardingSubsidy: 48,
  commuteKm: 49,
  transportCode: 50,
  needsSchoolBus: 51,
} as const;
