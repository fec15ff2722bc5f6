import { withWrongCheck } from "./citizen-id.ts";
import { type GuardianDefect, guardianFates, type PupilDefect, pupilFates } from "./defects.ts";
import type { Guardian } from "./guardian.ts";
import { type SchoolPlan, schoolYear } from "./province-plan.ts";
import { xuejiEntities } from "./registry-config.ts";
import { type KeyStyle, LegacyCodes, type PupilRow, type Raw, type RegistryShape } from "./registry-shape.ts";
import { xuejiCodes } from "./xueji-codes.ts";
import { xuejiAfterwards, xuejiDdl, xuejiPortable, xuejiSchema, xuejiTables } from "./xueji-tables.ts";

const codes = new LegacyCodes(xuejiCodes);
const prefixes = { school: "XX", campus: "XQ", grade: "NJ", class: "BJ", student: "XS" } as const;

/** `XS0000000001`; rows of the merged system have the same numbers in lower case, so keys differ by case alone. */
const keys: KeyStyle = {
  key: (entity, number, isMerged) => {
    const prefix = isMerged ? prefixes[entity].toLowerCase() : prefixes[entity];
    return prefix + String(number).padStart(10, "0");
  },
  guardian: (pupilKey, ordinal) => `${pupilKey}|${ordinal}`,
};

function isKindOf<T extends string>(fates: Readonly<Record<T, unknown>>): T[] {
  const found: T[] = [];
  for (const kind in fates) found.push(kind);
  return found;
}

export const xuejiShape: RegistryShape = {
  schema: xuejiSchema,
  keys,
  ddl: xuejiDdl,
  tables: xuejiTables,
  afterwards: xuejiAfterwards,
  portable: xuejiPortable,
  entities: xuejiEntities,
  codes: xuejiCodes,
  pupilDefects: isKindOf(pupilFates),
  guardianDefects: isKindOf(guardianFates),
  rows: {
    region: (region, write) =>
      write("xzqh", [
        region.code,
        `${region.code}000000`,
        region.name,
        region.level,
        region.parentCode,
        region.effectiveFrom,
      ]),
    school: ({ key, plan, truth: t }, write) =>
      write("xx_jbxx", [
        key,
        // A blank at the end, as forms leave it.
        plan.index % 7 === 0 ? `${t["name"]} ` : (t["name"] ?? null),
        t["nameEn"] ?? null,
        codes.of("school-type", t["schoolTypeCode"]),
        codes.of("school-sponsor", t["sponsorCode"]),
        codes.of("school-ownership", t["ownershipCode"]),
        t["address"] ?? null,
        t["postalCode"] ?? null,
        plan.county.code,
        plan.county.code,
        codes.of("urban-rural", t["urbanRuralCode"]),
        t["regionEconomyCode"] ?? null,
        codes.of("yes-no", t["isEthnicArea"], plan.index),
        dashed(t["foundedMonth"]),
        t["principalName"] ?? null,
        t["principalPhone"] ?? null,
        t["phone"] ?? null,
        t["email"] ?? null,
        t["homepage"] ?? null,
        t["legalRep"] ?? null,
        t["primaryYears"] ?? null,
        t["juniorYears"] ?? null,
        t["seniorYears"] ?? null,
        t["primaryEntryAge"] ?? null,
        t["juniorEntryAge"] ?? null,
        codes.of("yes-no", t["isBoarding"], plan.index),
        codes.of("yes-no", t["isNutritionSchool"], plan.index),
        codes.of("school-state", t["state"]),
        dashed(t["validFrom"]),
      ]),
    campus: ({ key, schoolKey, plan, truth: t }, write) =>
      write("xq_jbxx", [
        key,
        schoolKey,
        plan.county.code,
        t["campusNo"] ?? null,
        t["name"] ?? null,
        t["head"] ?? null,
        t["phone"] ?? null,
      ]),
    grade: ({ key, schoolKey, plan, grade, truth: t }, write) =>
      write("nj_jbxx", [
        key,
        schoolKey,
        plan.county.code,
        codes.of("phase", grade.phase.code),
        t["name"] ?? null,
        t["entryYear"] ?? null,
        codes.of("grade", t["gradeCode"]),
        t["state"] ?? null,
      ]),
    class: ({ key, schoolKey, seat, truth: t }, write) =>
      write("bj_jbxx", [
        key,
        schoolKey,
        seat.gradeKey,
        seat.school.county.code,
        codes.of("phase", seat.grade.phase.code),
        t["classNo"] ?? null,
        t["name"] ?? null,
        seat.class.isUnmapped ? "9" : codes.of("class-type", t["classTypeCode"]),
        dashed(t["formedMonth"]),
        t["headTeacher"] ?? null,
        codes.of("yes-no", t["isMultiGrade"]),
        codes.of("yes-no", t["isBilingual"], seat.class.number),
        codes.of("yes-no", t["isValid"], seat.class.number),
      ]),
    pupil: (row, write) => {
      const values = pupilValues(row);
      const { defect } = row.pupil;
      if (defect !== null) spoilers[defect]?.(values, row);
      write("xs_jbxx", values);
      // The clerk typed the pupil in a second time, with a newer telephone number.
      if (defect === "key-duplicate") write("xs_jbxx", values.with(column("lxdh"), "10000000000"));
    },
    guardians: (row, guardians, write) => {
      for (const guardian of guardians) {
        const values = guardianValues(row, guardian);
        if (guardian.defect !== null) guardianSpoilers[guardian.defect](values);
        write("jz_jbxx", values);
        if (guardian.defect === "guardian-key-duplicate") write("jz_jbxx", values);
      }
    },
  },
};

/** In the order of the columns of `xs_jbxx`. */
function pupilValues({ key, schoolKey, pupil, plan }: PupilRow): Raw[] {
  const { truth: t, seat, quirk } = pupil;
  return [
    key,
    schoolKey,
    seat.gradeKey,
    seat.classKey,
    seat.school.county.code,
    codes.of("phase", seat.grade.phase.code),
    t.studentNumber,
    codes.of("student-status", t.statusCode),
    codes.of("student-category", t.categoryCode),
    quirk >= 30 && quirk < 60 ? `${t.name}  ` : t.name,
    codes.of("sex", t.genderCode),
    dashed(t.birthDate),
    t.birthRegionCode?.slice(0, 6) ?? null,
    t.nativePlace,
    codes.of("ethnicity", t.ethnicityCode),
    codes.of("nationality", t.nationalityCode),
    codes.of("id-document", t.idDocType),
    typedByHand(t.idDocNo, quirk),
    codes.of("overseas", t.overseasCode),
    codes.of("political", t.politicalCode),
    codes.of("health", t.healthCode, quirk),
    t.namePinyin,
    absent(t.formerName, quirk),
    absent(t.idValidPeriod, quirk),
    hukouRegion(pupil.home.code, quirk, plan.regions.renamed),
    codes.of("hukou-kind", t.hukouKindCode, quirk < 900 ? 0 : quirk),
    absent(t.talent, quirk),
    t.auxiliaryNumber,
    t.classSeatNo,
    t.enrolledMonth,
    codes.of("enrolment-mode", t.enrolmentModeCode),
    t.attendanceModeCode,
    codes.of("student-source", t.studentSourceCode),
    t.currentAddress,
    t.postalAddress,
    t.homeAddress,
    t.phone,
    t.postalCode,
    absent(t.email, quirk),
    yesNo(t.isOnlyChild, 0),
    yesNo(t.hadPreschool, 0),
    codes.of("left-behind", t.leftBehindCode),
    yesNo(t.isMigrantChild, quirk),
    yesNo(t.isOrphan, quirk),
    yesNo(t.isMartyrChild, 1),
    t.inclusiveClassCode,
    codes.of("disability", t.disabilityCode),
    yesNo(t.isPurchasedPlace, 1),
    yesNo(t.needsAid, 1),
    yesNo(t.hasBoardingSubsidy, 1),
    t.commuteKm,
    codes.of("transport", t.transportCode),
    yesNo(t.needsSchoolBus, 0),
  ];
}

function yesNo(value: Raw, variant: number): Raw {
  return codes.of("yes-no", value, variant);
}

/** In the order of the columns of `jz_jbxx`. */
function guardianValues({ key, pupil, plan }: PupilRow, { truth: t, ordinal, quirk }: Guardian): Raw[] {
  return [
    key,
    ordinal,
    pupil.seat.school.county.code,
    codes.of("phase", pupil.seat.grade.phase.code),
    quirk < 30 ? `${t["name"]} ` : (t["name"] ?? null),
    codes.of("relationship", t["relationshipCode"], quirk < 900 ? 0 : quirk),
    absent(t["relationshipNote"], quirk),
    codes.of("ethnicity", t["ethnicityCode"]),
    absent(t["employer"], quirk),
    t["currentAddress"] ?? null,
    hukouRegion(pupil.home.code, quirk, plan.regions.renamed),
    t["phone"] ?? null,
    codes.of("yes-no", t["isGuardian"], quirk),
    codes.of("id-document", t["idDocType"]),
    typedByHand(t["idDocNo"] ?? null, quirk),
    absent(t["jobTitle"], quirk),
  ];
}

const studentColumns = xuejiTables.find((table) => table.name === "xs_jbxx")?.columns ?? [];
const guardianColumns = xuejiTables.find((table) => table.name === "jz_jbxx")?.columns ?? [];

function column(name: string): number {
  const at = studentColumns.indexOf(name);
  if (at < 0) throw new RangeError(`no column ${name}`);
  return at;
}

/** Each kind of defect as it stands in this registry. A doubled key and a canary's plain row need no change. */
const spoilers: Readonly<Partial<Record<PupilDefect, (values: Raw[], row: PupilRow) => void>>> = {
  "id-check-digit-wrong": (values, { pupil }) => {
    values[column("sfzh")] = withWrongCheck(pupil.truth.idDocNo ?? "");
  },
  "id-birth-date-differs": (values, { pupil }) => {
    const date = dashed(pupil.truth.birthDate) ?? "";
    values[column("csrq")] = date.slice(0, 8) + (date.endsWith("01") ? "02" : "01");
  },
  "id-gender-differs": (values, { pupil }) => {
    values[column("xb")] = pupil.isBoy ? "0" : "1";
  },
  "ethnicity-unmapped": (values) => {
    values[column("mz")] = "58";
  },
  "hukou-needs-a-person": (values) => {
    values[column("hkxz")] = "8";
  },
  "enrolment-mode-unmapped": (values) => {
    values[column("rxfs")] = "11";
  },
  "phone-blank": (values) => {
    values[column("lxdh")] = "";
  },
  "home-address-blank": (values) => {
    values[column("jtzz")] = "  ";
  },
  "birth-date-impossible": (values) => {
    values[column("csrq")] = `${schoolYear - 14}-02-30`;
  },
  "name-too-long": (values, { pupil }) => {
    values[column("xm")] = Array.from((pupil.truth.name ?? "").repeat(40))
      .slice(0, 61)
      .join("");
  },
  "name-control-character": (values, { pupil }) => {
    values[column("xm")] = `${pupil.truth.name?.slice(0, 1)}\u0007${pupil.truth.name?.slice(1)}`;
  },
  "inclusive-class-differs": (values, { pupil }) => {
    values[column("sbjd")] = pupil.truth.inclusiveClassCode === "0" ? "1" : "0";
  },
  "hukou-region-split": (values, { plan }) => {
    values[column("hkszd")] = plan.regions.split[0] ?? "000000";
  },
  "class-orphan": (values) => {
    values[column("bj_id")] = "BJ9999999999";
  },
  "key-missing": (values) => {
    values[column("xs_id")] = null;
  },
};

const guardianSpoilers: Readonly<Record<GuardianDefect, (values: Raw[]) => void>> = {
  "guardian-id-check-digit-wrong": (values) => {
    const at = guardianColumns.indexOf("sfzh");
    // The plain number, not as the hand wrote it: only the check character is to be wrong.
    values[at] = withWrongCheck(plainId(values[at] ?? ""));
  },
  "guardian-relationship-unmapped": (values) => {
    values[guardianColumns.indexOf("gx")] = "干亲";
  },
  "guardian-phone-blank": (values) => {
    values[guardianColumns.indexOf("lxdh")] = "";
  },
  "guardian-key-duplicate": () => undefined,
  "guardian-key-missing": (values) => {
    values[guardianColumns.indexOf("xs_id")] = null;
  },
  "guardian-orphan": (values) => {
    values[guardianColumns.indexOf("xs_id")] += orphanMark;
  },
};

/** Behind a pupil's key: the key of nobody. */
export const orphanMark = "X";

/** `YYYYMM` → `YYYY-MM`, `YYYYMMDD` → `YYYY-MM-DD`. */
export function dashed(value: string | null | undefined): Raw {
  if (value === null || value === undefined) return null;
  const month = `${value.slice(0, 4)}-${value.slice(4, 6)}`;
  return value.length === 6 ? month : `${month}-${value.slice(6)}`;
}

/** Full-width digits, lower-case x, blanks at the end. */
function typedByHand(id: Raw, quirk: number): Raw {
  if (id === null) return null;
  if (quirk < 10) return id.replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));
  if (quirk < 20) return `${id} `;
  return quirk % 3 === 0 && id.endsWith("X") ? `${id.slice(0, -1)}x` : id;
}

function plainId(id: string): string {
  return id
    .trim()
    .toUpperCase()
    .replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0));
}

/** Half of the families from a renamed county still have its abolished code. */
function hukouRegion(code: string, quirk: number, renamed: PupilRow["plan"]["regions"]["renamed"]): Raw {
  return (quirk % 2 === 0 && renamed.find((one) => one.newCode === code)?.oldCode) || code;
}

/** What is not known is NULL in one row and empty text in the next. */
function absent(value: string | null | undefined, quirk: number): Raw {
  return value ?? (quirk % 2 === 0 ? "" : null);
}

/** The school's key is what the province table of schools translates. */
export function schoolSource(plan: SchoolPlan): string {
  return keys.key("school", plan.number, plan.isMerged);
}
