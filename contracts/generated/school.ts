/* Written by `npm run generate` from the schema of this entity. Changes here are lost. */

export interface SchoolRecord {
  /**
   * 学校标识码 · School id
   */
  schoolId: string | null;
  /**
   * 学校名称 · School name
   */
  name: string | null;
  /**
   * 学校英文名称 · School name in English
   */
  nameEn: string | null;
  /**
   * 办学类型码 · School type
   */
  schoolTypeCode: string | null;
  /**
   * 举办者码 · Sponsor
   */
  sponsorCode: string | null;
  /**
   * 办别码 · Ownership
   */
  ownershipCode: string | null;
  /**
   * 学校地址 · Address
   */
  address: string | null;
  /**
   * 邮政编码 · Postal code
   */
  postalCode: string | null;
  /**
   * 驻地区划码 · Region of the location
   */
  regionCode: string | null;
  /**
   * 属地管理教育行政部门代码 · Managing education authority
   */
  managingAuthorityCode: string | null;
  /**
   * 城乡类型码 · Urban or rural
   */
  urbanRuralCode: string | null;
  /**
   * 经济属性码 · Economy of the region
   */
  regionEconomyCode: string | null;
  /**
   * 民族属性 · In an ethnic area
   */
  isEthnicArea: string | null;
  /**
   * 建校年月 · Founded in
   */
  foundedMonth: string | null;
  /**
   * 校长姓名 · Principal
   */
  principalName: string | null;
  /**
   * 校长手机 · Principal's phone
   */
  principalPhone: string | null;
  /**
   * 联系电话 · Phone
   */
  phone: string | null;
  /**
   * 传真 · Fax
   */
  fax: string | null;
  /**
   * 电子信箱 · E-mail
   */
  email: string | null;
  /**
   * 主页地址 · Home page
   */
  homepage: string | null;
  /**
   * 组织机构码 · Organisation code
   */
  orgCode: string | null;
  /**
   * 统一社会信用代码 · Unified social credit code
   */
  uscc: string | null;
  /**
   * 法人证书号 · Legal person certificate
   */
  legalCertNo: string | null;
  /**
   * 法定代表人 · Legal representative
   */
  legalRep: string | null;
  /**
   * 小学学制 · Years of primary school
   */
  primaryYears: string | null;
  /**
   * 初中学制 · Years of junior secondary school
   */
  juniorYears: string | null;
  /**
   * 高中学制 · Years of senior secondary school
   */
  seniorYears: string | null;
  /**
   * 小学入学年龄 · Entry age, primary
   */
  primaryEntryAge: string | null;
  /**
   * 初中入学年龄 · Entry age, junior secondary
   */
  juniorEntryAge: string | null;
  /**
   * 主教学语言 · Main teaching language
   */
  mainLanguage: string | null;
  /**
   * 辅教学语言 · Second teaching language
   */
  secondLanguage: string | null;
  /**
   * 是否寄宿制 · Boarding school
   */
  isBoarding: string | null;
  /**
   * 是否营养改善计划受益学校 · In the nutrition programme
   */
  isNutritionSchool: string | null;
  /**
   * 状态 · State
   */
  state: string | null;
  /**
   * 生效日期 · Valid from
   */
  validFrom: string | null;
  /**
   * 失效日期 · Valid until (excluded)
   */
  validTo: string | null;
}

/** Every field in contract order. */
export const fields = [
  "schoolId",
  "name",
  "nameEn",
  "schoolTypeCode",
  "sponsorCode",
  "ownershipCode",
  "address",
  "postalCode",
  "regionCode",
  "managingAuthorityCode",
  "urbanRuralCode",
  "regionEconomyCode",
  "isEthnicArea",
  "foundedMonth",
  "principalName",
  "principalPhone",
  "phone",
  "fax",
  "email",
  "homepage",
  "orgCode",
  "uscc",
  "legalCertNo",
  "legalRep",
  "primaryYears",
  "juniorYears",
  "seniorYears",
  "primaryEntryAge",
  "juniorEntryAge",
  "mainLanguage",
  "secondLanguage",
  "isBoarding",
  "isNutritionSchool",
  "state",
  "validFrom",
  "validTo",
] as const;

/** Where a field stands in an array of values. */
export const i = {
  schoolId: 0,
  name: 1,
  nameEn: 2,
  schoolTypeCode: 3,
  sponsorCode: 4,
  ownershipCode: 5,
  address: 6,
  postalCode: 7,
  regionCode: 8,
  managingAuthorityCode: 9,
  urbanRuralCode: 10,
  regionEconomyCode: 11,
  isEthnicArea: 12,
  foundedMonth: 13,
  principalName: 14,
  principalPhone: 15,
  phone: 16,
  fax: 17,
  email: 18,
  homepage: 19,
  orgCode: 20,
  uscc: 21,
  legalCertNo: 22,
  legalRep: 23,
  primaryYears: 24,
  juniorYears: 25,
  seniorYears: 26,
  primaryEntryAge: 27,
  juniorEntryAge: 28,
  mainLanguage: 29,
  secondLanguage: 30,
  isBoarding: 31,
  isNutritionSchool: 32,
  state: 33,
  validFrom: 34,
  validTo: 35,
} as const;
