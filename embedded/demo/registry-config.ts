import type { EntityName } from "../../contracts/entity.ts";
import { schoolTable } from "./xueji-codes.ts";

/** One field as the province's YAML describes it: a column, or a column with its table and conversions, or a constant. */
export type FieldEntry =
  | string
  | { readonly column: string; readonly codes?: string; readonly convert?: readonly (string | object)[] }
  | { readonly constant: string };

/** `registry.entities.<entity>` of the province's YAML. */
export interface EntityEntry {
  readonly table?: string;
  readonly query?: string;
  readonly file?: string;
  readonly key: readonly string[];
  readonly county?: string;
  readonly phase?: string;
  readonly fields: Readonly<Record<string, FieldEntry>>;
}

export type RegistryEntities = Readonly<Partial<Record<EntityName, EntityEntry>>>;

function coded(column: string, codes: string): FieldEntry {
  return { column, codes };
}

const county = "xzqhm";
const phase = "xd";
const school = coded("xx_id", schoolTable);

/** The legacy schema `xueji`, described as an operator would describe it: without one line of code. */
export const xuejiEntities: RegistryEntities = {
  region: {
    table: "xueji.xzqh",
    key: ["xzqhdm"],
    fields: {
      code: "xzqhdm",
      code12: "tjdm",
      nameZh: "xzqhmc",
      level: "jb",
      parentCode: "sjdm",
      effectiveFrom: "qsnf",
    },
  },
  school: {
    table: "xueji.xx_jbxx",
    key: ["xx_id"],
    county,
    fields: {
      schoolId: school,
      name: { column: "xxmc", convert: ["trim"] },
      nameEn: "xxywmc",
      schoolTypeCode: coded("bxlx", "school-type"),
      sponsorCode: coded("jbz", "school-sponsor"),
      ownershipCode: coded("bb", "school-ownership"),
      address: "xxdz",
      postalCode: "yzbm",
      regionCode: "xzqhm",
      managingAuthorityCode: "zgbm",
      urbanRuralCode: coded("cxlx", "urban-rural"),
      regionEconomyCode: "jjsx",
      isEthnicArea: coded("mzsx", "yes-no"),
      foundedMonth: { column: "jxny", convert: [{ month: "YYYY-MM" }] },
      principalName: "xzxm",
      principalPhone: "xzsj",
      phone: "lxdh",
      email: "dzyx",
      homepage: "zy",
      legalRep: "fddbr",
      primaryYears: "xxxz",
      juniorYears: "czxz",
      seniorYears: "gzxz",
      primaryEntryAge: "xxrxnl",
      juniorEntryAge: "czrxnl",
      mainLanguage: { constant: "chi" },
      isBoarding: coded("sfjs", "yes-no"),
      isNutritionSchool: coded("sfyy", "yes-no"),
      state: coded("zt", "school-state"),
      validFrom: { column: "sxrq", convert: [{ date: "YYYY-MM-DD" }] },
    },
  },
  campus: {
    table: "xueji.xq_jbxx",
    key: ["xq_id"],
    county,
    fields: {
      schoolId: school,
      campusNo: "xqh",
      name: "xqmc",
      addressCode: "xzqhm",
      head: "fzr",
      phone: "lxdh",
    },
  },
  grade: {
    table: "xueji.nj_jbxx",
    key: ["nj_id"],
    county,
    phase,
    fields: {
      gradeId: "nj_id",
      schoolId: school,
      name: "njmc",
      entryYear: "rxnf",
      phaseCode: coded("xd", "phase"),
      gradeCode: coded("njdm", "grade"),
      state: "zt",
    },
  },
  class: {
    table: "xueji.bj_jbxx",
    key: ["bj_id"],
    county,
    phase,
    fields: {
      classId: "bj_id",
      schoolId: school,
      gradeId: "nj_id",
      classNo: "bh",
      name: "bjmc",
      classTypeCode: coded("bjlx", "class-type"),
      formedMonth: { column: "jbny", convert: [{ month: "YYYY-MM" }] },
      headTeacher: "bzr",
      isMultiGrade: coded("sffs", "yes-no"),
      isBilingual: coded("sfsy", "yes-no"),
      isValid: coded("yxbz", "yes-no"),
    },
  },
  student: {
    table: "xueji.xs_jbxx",
    key: ["xs_id"],
    county,
    phase,
    fields: {
      schoolId: school,
      gradeId: "nj_id",
      classId: "bj_id",
      studentNumber: "xjh",
      statusCode: coded("xszt", "student-status"),
      categoryCode: coded("xslb", "student-category"),
      name: { column: "xm", convert: ["trim"] },
      genderCode: coded("xb", "sex"),
      birthDate: { column: "csrq", convert: [{ date: "YYYY-MM-DD" }] },
      birthRegionCode: "csd",
      nativePlace: "jg",
      ethnicityCode: coded("mz", "ethnicity"),
      nationalityCode: coded("gj", "nationality"),
      idDocType: coded("zjlx", "id-document"),
      idDocNo: { column: "sfzh", convert: ["trim", "halfWidth", "upper"] },
      overseasCode: coded("gatq", "overseas"),
      politicalCode: coded("zzmm", "political"),
      healthCode: coded("jk", "health"),
      namePinyin: "xmpy",
      formerName: "cym",
      idValidPeriod: "zjyxq",
      hukouRegionCode: "hkszd",
      hukouKindCode: coded("hkxz", "hukou-kind"),
      talent: "tc",
      auxiliaryNumber: "xjfh",
      classSeatNo: "bnxh",
      enrolledMonth: "rxny",
      enrolmentModeCode: coded("rxfs", "enrolment-mode"),
      attendanceModeCode: "jdfs",
      studentSourceCode: coded("xsly", "student-source"),
      currentAddress: "xzz",
      postalAddress: "txdz",
      homeAddress: { column: "jtzz", convert: ["trim", "emptyToNull"] },
      phone: "lxdh",
      postalCode: "yzbm",
      email: "dzyx",
      isOnlyChild: coded("sfds", "yes-no"),
      hadPreschool: coded("sfxqjy", "yes-no"),
      leftBehindCode: coded("lset", "left-behind"),
      isMigrantChild: coded("sfsq", "yes-no"),
      isOrphan: coded("sfge", "yes-no"),
      isMartyrChild: coded("sfly", "yes-no"),
      inclusiveClassCode: "sbjd",
      disabilityCode: coded("cjlb", "disability"),
      isPurchasedPlace: coded("sfgm", "yes-no"),
      needsAid: coded("sfzz", "yes-no"),
      hasBoardingSubsidy: coded("sfyb", "yes-no"),
      commuteKm: "sxjl",
      transportCode: coded("jtfs", "transport"),
      needsSchoolBus: coded("sfxc", "yes-no"),
    },
  },
  guardian: {
    table: "xueji.jz_jbxx",
    key: ["xs_id", "xh"],
    county,
    phase,
    fields: {
      studentKey: "xs_id",
      ordinal: "xh",
      name: { column: "xm", convert: ["trim"] },
      relationshipCode: coded("gx", "relationship"),
      relationshipNote: "gxsm",
      ethnicityCode: coded("mz", "ethnicity"),
      employer: "gzdw",
      currentAddress: "xzz",
      hukouRegionCode: "hkszd",
      phone: "lxdh",
      isGuardian: coded("sfjhr", "yes-no"),
      idDocType: coded("zjlx", "id-document"),
      idDocNo: { column: "sfzh", convert: ["trim", "halfWidth", "upper"] },
      jobTitle: "zw",
    },
  },
};
