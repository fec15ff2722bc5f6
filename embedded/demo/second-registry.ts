import { withWrongCheck } from "./citizen-id.ts";
import type { GuardianDefect, PupilDefect } from "./defects.ts";
import type { Guardian } from "./guardian.ts";
import { type KeyStyle, LegacyCodes, type PupilRow, type Raw, type RegistryShape } from "./registry-shape.ts";
import { nameOf, secondCodes } from "./second-codes.ts";
import { secondEntities } from "./second-config.ts";
import { secondAfterwards, secondDdl, secondSchema, secondTables } from "./second-tables.ts";
import { dashed } from "./xueji-rows.ts";

const codes = new LegacyCodes(secondCodes);
const bases = { school: 11, campus: 12, grade: 13, class: 14, student: 15 } as const;
const mergedOffset = 500_000;

/** Eight digits in one piece: whole numbers in the order of their size are then in byte order too. */
const keys: KeyStyle = {
  key: (entity, number, isMerged) =>
    String(bases[entity] * 10_000_000 + (isMerged ? mergedOffset : 0) * 10 + number),
  guardian: (pupilKey, ordinal) => `${pupilKey}|${ordinal}`,
};

/** Text fields of one row before it is written, by column. */
type Draft = Record<string, Raw>;

/** A registry of another shape, for small sizes: whatever only fits the first one is found here. */
export const secondShape: RegistryShape = {
  schema: secondSchema,
  keys,
  ddl: secondDdl,
  tables: secondTables,
  afterwards: secondAfterwards,
  entities: secondEntities,
  codes: secondCodes,
  // Typed columns and primary keys leave no room for the other kinds.
  pupilDefects: [
    "id-check-digit-wrong",
    "id-birth-date-differs",
    "id-gender-differs",
    "ethnicity-unmapped",
    "hukou-needs-a-person",
    "enrolment-mode-unmapped",
    "phone-blank",
    "home-address-blank",
    "name-too-long",
    "name-control-character",
    "inclusive-class-differs",
    "hukou-region-split",
    "class-orphan",
  ],
  guardianDefects: [
    "guardian-id-check-digit-wrong",
    "guardian-relationship-unmapped",
    "guardian-phone-blank",
  ],
  rows: {
    region: (region, write) =>
      write('"District"', [region.code, region.name, region.level, region.parentCode, region.effectiveFrom]),
    school: ({ key, plan, truth: t }, write) =>
      write('"Org"', [
        key,
        t["name"] ?? null,
        t["nameEn"] ?? null,
        codes.of("org-kind", t["schoolTypeCode"]),
        nameOf("school-sponsor", t["sponsorCode"]),
        nameOf("school-ownership", t["ownershipCode"]),
        t["address"] ?? null,
        t["postalCode"] ?? null,
        plan.county.code,
        nameOf("urban-rural", t["urbanRuralCode"]),
        nameOf("region-economy", t["regionEconomyCode"]),
        t["isEthnicArea"] ?? null,
        firstDay(t["foundedMonth"]),
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
        t["isBoarding"] ?? null,
        t["isNutritionSchool"] ?? null,
        nameOf("school-state", t["state"]),
        dashed(t["validFrom"]),
      ]),
    campus: ({ key, schoolKey, plan, truth: t }, write) =>
      write("site", [
        key,
        schoolKey,
        plan.county.code,
        t["campusNo"] ?? null,
        t["name"] ?? null,
        t["head"] ?? null,
        t["phone"] ?? null,
      ]),
    grade: ({ key, schoolKey, plan, grade, truth: t }, write) =>
      write("cohort", [
        key,
        schoolKey,
        plan.county.code,
        nameOf("school-phase", grade.phase.code),
        t["name"] ?? null,
        t["entryYear"] ?? null,
        codes.of("step", t["gradeCode"]),
      ]),
    class: ({ key, schoolKey, seat, truth: t }, write) =>
      write("room", [
        key,
        schoolKey,
        seat.gradeKey,
        seat.school.county.code,
        nameOf("school-phase", seat.grade.phase.code),
        String(seat.class.number),
        t["name"] ?? null,
        seat.class.isUnmapped ? "戏曲实验班" : nameOf("class-type", t["classTypeCode"]),
        firstDay(t["formedMonth"]),
        t["headTeacher"] ?? null,
        t["isMultiGrade"] ?? null,
        t["isValid"] ?? null,
      ]),
    pupil: (row, write) => {
      const draft = { ...base(row), ...contact(row), ...register(row) };
      const { defect } = row.pupil;
      if (defect !== null) spoilers[defect]?.(draft, row);
      for (const table of ["pupil_base", "pupil_contact", "pupil_register"])
        write(table, valuesFor(table, draft));
    },
    guardians: (row, guardians, write) => {
      const draft: Draft = { pid: row.key };
      for (const guardian of guardians)
        Object.assign(draft, relative(guardian, guardian.ordinal === "1" ? "f" : "m"));
      write("family", valuesFor("family", draft));
    },
  },
};

function base({ key, pupil: { truth: t, home, quirk }, plan }: PupilRow): Draft {
  const renamed = plan.regions.renamed.find((one) => one.newCode === home.code)?.oldCode;
  return {
    pid: key,
    legal_name: t.name,
    pinyin: t.namePinyin,
    former: t.formerName,
    sex: codes.of("sex", t.genderCode),
    born: dashed(t.birthDate),
    birth_area: t.birthRegionCode?.slice(0, 6) ?? null,
    ancestral: t.nativePlace,
    nation: nameOf("ethnicity", t.ethnicityCode),
    country: codes.of("country", t.nationalityCode),
    doc: nameOf("id-document-type", t.idDocType),
    doc_no: t.idDocNo,
    doc_period: t.idValidPeriod,
    overseas: nameOf("overseas-identity", t.overseasCode),
    political: nameOf("political-status", t.politicalCode),
    health: nameOf("health", t.healthCode),
    hukou_area: quirk % 2 === 0 ? (renamed ?? home.code) : home.code,
    hukou: nameOf("hukou-kind", t.hukouKindCode),
    only_child: t.isOnlyChild,
    preschool: t.hadPreschool,
    left_behind: nameOf("left-behind-kind", t.leftBehindCode),
    migrant: t.isMigrantChild,
    orphan: t.isOrphan,
    martyr: t.isMartyrChild,
    inclusive: nameOf("inclusive-class", t.inclusiveClassCode),
    disability: nameOf("disability-kind", t.disabilityCode),
  };
}

function contact({ key, pupil: { truth: t } }: PupilRow): Draft {
  return {
    pid: key,
    addr_now: t.currentAddress,
    addr_post: t.postalAddress,
    addr_home: t.homeAddress,
    tel: t.phone,
    zip: t.postalCode,
    mail: t.email,
    // A number without a scale of its own: 3.0 is written 3.
    km: t.commuteKm?.replace(/\.0$/, "") ?? null,
    transport: nameOf("transport-mode", t.transportCode),
    bus: t.needsSchoolBus,
  };
}

function register({ key, schoolKey, pupil: { truth: t, seat } }: PupilRow): Draft {
  return {
    pid: key,
    org: schoolKey,
    cohort: seat.gradeKey,
    room: seat.classKey,
    district: seat.school.county.code,
    stage: nameOf("school-phase", seat.grade.phase.code),
    number: t.studentNumber,
    status: nameOf("student-status", t.statusCode),
    category: nameOf("student-category", t.categoryCode),
    aux: t.auxiliaryNumber,
    seat: String(seat.seat),
    entry: firstDay(t.enrolledMonth),
    mode: codes.of("entry-mode", t.enrolmentModeCode),
    attendance: nameOf("attendance-mode", t.attendanceModeCode),
    origin: nameOf("student-source", t.studentSourceCode),
    talent: t.talent,
    purchased: t.isPurchasedPlace,
    aid: t.needsAid,
    subsidy: t.hasBoardingSubsidy,
  };
}

function relative({ truth: t, defect }: Guardian, prefix: "f" | "m"): Draft {
  const draft: Draft = {
    name: t["name"] ?? null,
    rel: nameOf("relationship", t["relationshipCode"]),
    rel_note: t["relationshipNote"] ?? null,
    nation: nameOf("ethnicity", t["ethnicityCode"]),
    area: t["hukouRegionCode"]?.slice(0, 6) ?? null,
    work: t["employer"] ?? null,
    tel: t["phone"] ?? null,
    in_charge: t["isGuardian"] ?? null,
    doc: nameOf("id-document-type", t["idDocType"]),
    doc_no: t["idDocNo"] ?? null,
    job: t["jobTitle"] ?? null,
  };
  if (defect !== null) guardianSpoilers[defect]?.(draft);
  return Object.fromEntries(Object.entries(draft).map(([column, value]) => [`${prefix}_${column}`, value]));
}

const spoilers: Readonly<Partial<Record<PupilDefect, (draft: Draft, row: PupilRow) => void>>> = {
  "id-check-digit-wrong": (draft) => {
    draft["doc_no"] = withWrongCheck(draft["doc_no"] ?? "");
  },
  "id-birth-date-differs": (draft) => {
    const born = draft["born"] ?? "";
    draft["born"] = born.slice(0, 8) + (born.endsWith("01") ? "02" : "01");
  },
  "id-gender-differs": (draft) => {
    draft["sex"] = draft["sex"] === "M" ? "F" : "M";
  },
  "ethnicity-unmapped": (draft) => {
    draft["nation"] = "未识别民族";
  },
  "hukou-needs-a-person": (draft) => {
    draft["hukou"] = "其他户口";
  },
  "enrolment-mode-unmapped": (draft) => {
    draft["mode"] = "14";
  },
  "phone-blank": (draft) => {
    draft["tel"] = null;
  },
  "home-address-blank": (draft) => {
    draft["addr_home"] = "　 ";
  },
  "name-too-long": (draft) => {
    draft["legal_name"] = Array.from((draft["legal_name"] ?? "").repeat(40))
      .slice(0, 61)
      .join("");
  },
  "name-control-character": (draft) => {
    draft["legal_name"] += "\u0085末";
  },
  "inclusive-class-differs": (draft, { pupil }) => {
    draft["inclusive"] = nameOf("inclusive-class", pupil.truth.inclusiveClassCode === "0" ? "1" : "0");
  },
  "hukou-region-split": (draft, { plan }) => {
    draft["hukou_area"] = plan.regions.split[0] ?? null;
  },
  "class-orphan": (draft) => {
    draft["room"] = "99999999";
  },
};

const guardianSpoilers: Readonly<Partial<Record<GuardianDefect, (draft: Draft) => void>>> = {
  "guardian-id-check-digit-wrong": (draft) => {
    draft["doc_no"] = withWrongCheck(draft["doc_no"] ?? "");
  },
  "guardian-relationship-unmapped": (draft) => {
    draft["rel"] = "干亲";
  },
  "guardian-phone-blank": (draft) => {
    draft["tel"] = "";
  },
};

function valuesFor(table: string, draft: Draft): Raw[] {
  const columns = secondTables.find((one) => one.name === table)?.columns ?? [];
  return columns.map((column) => draft[column] ?? null);
}

function firstDay(month: string | null | undefined): Raw {
  return month === null || month === undefined ? null : `${dashed(month)}-01`;
}
