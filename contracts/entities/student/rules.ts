import { birthDateOf, genderOf, hasRightCheck } from "../../citizen-id.ts";
import { codeAttribute } from "../../codes.ts";
import { emailRule, nameRule, phoneRule, privateUseRule } from "../../contact-rules.ts";
import { documentRules, statedByNumber } from "../../document-rules.ts";
import type { FieldValue } from "../../entity.ts";
import { i } from "../../generated/student.ts";
import { nationalRegions } from "../../regions.ts";
import { rememberingLast } from "../../remembering-last.ts";
import type { Rule } from "../../rules.ts";

const isLeaf = rememberingLast((code) => nationalRegions().isLeaf(code.slice(0, 6)));
const entity = "student";

/** Years later, as numbers `YYYYMMDD` compare: 29 February comes of age on 1 March. */
function isOlderThan(birthDate: FieldValue | undefined, years: number, today: string): boolean {
  return birthDate === null || birthDate === undefined || Number(birthDate) + years * 10_000 <= Number(today);
}

const matchingInclusiveClass = codeAttribute("disability-kind", "matching_inclusive_class_code");
const phaseScopeOfMode = codeAttribute("enrolment-mode", "phase_scope");
const isPoliticalOnForm = codeAttribute("political-status", "on_national_student_form");
const isDocumentOnForm = codeAttribute("id-document-type", "on_national_student_form");

/** Categories whose phase is certain; special and work-study schools span several. */
const phaseScopeOfCategory: Readonly<Record<string, string>> = {
  "21100": "compulsory",
  "31100": "compulsory",
  "32100": "senior",
};

/** Who has no registered residence in the mainland: foreigners, and compatriots of Hong Kong, Macao and Taiwan. */
const withoutHukou: ReadonlySet<string> = new Set(["01", "03", "05", "41", "51"]);

const identity: readonly Rule[] = [
  ...documentRules({ entity, type: i.idDocType, number: i.idDocNo, allowsFifteen: false }),
  {
    id: "STUDENT_BIRTH_DATE_ID",
    entity,
    severity: "error",
    owner: "school",
    fields: ["birthDate", "idDocType", "idDocNo"],
    source: "national form, item 3; GB 11643-1999",
    check: (values) => {
      const birthDate = values[i.birthDate];
      const id = statedByNumber(values[i.idDocType] ?? null, values[i.idDocNo] ?? null);
      return id === null || birthDate === null || birthDate === birthDateOf(id);
    },
  },
  {
    id: "STUDENT_GENDER_ID",
    entity,
    severity: "error",
    owner: "school",
    fields: ["genderCode", "idDocType", "idDocNo"],
    source: "national form, item 2; GB 11643-1999",
    check: (values) => {
      const gender = values[i.genderCode];
      const id = statedByNumber(values[i.idDocType] ?? null, values[i.idDocNo] ?? null);
      return id === null || gender === null || gender === genderOf(id);
    },
  },
  {
    id: "STUDENT_BIRTH_DATE_FUTURE",
    entity,
    severity: "error",
    owner: "school",
    fields: ["birthDate"],
    source: "national form, item 3",
    check: (values, { today }) => isOlderThan(values[i.birthDate], 0, today),
  },
  {
    id: "STUDENT_NUMBER_CHECK",
    entity,
    severity: "error",
    owner: "province",
    fields: ["studentNumber"],
    source: "ministry's rule on personal identification codes, 2013; the check of an L number is not fixed",
    check: (values) => {
      const number = values[i.studentNumber];
      if (number === null || number === undefined || number.startsWith("L")) return true;
      return hasRightCheck(number.slice(1));
    },
  },
  {
    id: "STUDENT_ID_TYPE_ON_FORM",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["idDocType"],
    source: "national form, item 8",
    check: (values) => {
      const type = values[i.idDocType];
      return type === null || type === undefined || isDocumentOnForm.get(type) !== "no";
    },
  },
  {
    id: "STUDENT_ID_VALID_PERIOD",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["idValidPeriod"],
    source: "national form, item 16",
    check: (values) => {
      const period = values[i.idValidPeriod];
      if (period === null || period === undefined) return true;
      return /^\d{4}\.\d{2}\.\d{2}-(?:\d{4}\.\d{2}\.\d{2}|长期)$/.test(period);
    },
  },
  nameRule("STUDENT_NAME_BLANKS", entity, "name", i.name),
  privateUseRule("STUDENT_NAME_PRIVATE_USE", entity, "name", i.name),
];

const residence: readonly Rule[] = [
  {
    id: "STUDENT_HUKOU_REQUIRED",
    entity,
    severity: "error",
    owner: "school",
    fields: ["hukouRegionCode", "nationalityCode", "overseasCode"],
    source: "national form, item 17: blank only for those without a residence registration in the mainland",
    check: (values) => {
      if (values[i.hukouRegionCode] !== null) return true;
      return values[i.nationalityCode] !== "CHN" || withoutHukou.has(values[i.overseasCode] ?? "");
    },
  },
  {
    id: "STUDENT_HUKOU_LEVEL",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["hukouRegionCode"],
    source: "national form, item 17: down to the county",
    check: (values) => {
      const code = values[i.hukouRegionCode];
      return code === null || code === undefined || isLeaf(code);
    },
  },
  phoneRule("STUDENT_PHONE", entity, "phone", i.phone),
  emailRule("STUDENT_EMAIL", entity, "email", i.email),
];

const schooling: readonly Rule[] = [
  {
    id: "STUDENT_ENROLLED_AGE",
    entity,
    severity: "error",
    owner: "school",
    fields: ["enrolledMonth", "birthDate"],
    source: "design: the month of entering the first grade of the phase, at five years or more",
    check: (values) => {
      const month = values[i.enrolledMonth] ?? null;
      const birthDate = values[i.birthDate] ?? null;
      if (month === null || birthDate === null) return true;
      return Number(month) >= Number(birthDate.slice(0, 6)) + 500;
    },
  },
  {
    id: "STUDENT_ENROLMENT_MODE_PHASE",
    entity,
    severity: "error",
    owner: "school",
    fields: ["enrolmentModeCode", "categoryCode"],
    source: "national form, item 25",
    check: (values) => {
      const mode = values[i.enrolmentModeCode] ?? null;
      const scope = phaseScopeOfCategory[values[i.categoryCode] ?? ""];
      return mode === null || scope === undefined || phaseScopeOfMode.get(mode) === scope;
    },
  },
  {
    id: "STUDENT_ATTENDANCE_ON_FORM",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["attendanceModeCode"],
    source: "national form, item 26: day student or boarder",
    check: (values) => {
      const mode = values[i.attendanceModeCode] ?? null;
      return mode === null || mode === "1" || mode === "2";
    },
  },
  {
    id: "STUDENT_BOARDING_SUBSIDY",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["hasBoardingSubsidy", "attendanceModeCode"],
    source: "national form, items 26 and 45: the subsidy is for boarders",
    check: (values) => values[i.hasBoardingSubsidy] !== "1" || values[i.attendanceModeCode] === "2",
  },
  {
    id: "STUDENT_COMMUTE",
    entity,
    severity: "error",
    owner: "school",
    fields: ["commuteKm"],
    source: "design: 0 to 200 km",
    check: (values) => Number(values[i.commuteKm] ?? 0) <= 200,
  },
];

const circumstances: readonly Rule[] = [
  {
    id: "STUDENT_INCLUSIVE_DISABILITY",
    entity,
    severity: "error",
    owner: "school",
    fields: ["inclusiveClassCode", "disabilityCode"],
    source: "national form, items 41 and 42",
    check: (values) => {
      const inclusive = values[i.inclusiveClassCode] ?? null;
      const disability = values[i.disabilityCode] ?? null;
      if (inclusive === null || disability === null) return true;
      return matchingInclusiveClass.get(disability) === inclusive;
    },
  },
  {
    id: "STUDENT_DISABILITY_HEALTH",
    entity,
    severity: "error",
    owner: "school",
    fields: ["disabilityCode", "healthCode"],
    source: "national form, items 12 and 42",
    check: (values) => {
      const disability = values[i.disabilityCode] ?? null;
      const health = values[i.healthCode] ?? null;
      return disability === null || health === null || (disability !== "00") === (health === "50");
    },
  },
  {
    id: "STUDENT_LEFT_BEHIND_MIGRANT",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["leftBehindCode", "isMigrantChild"],
    source: "design: left behind and taken along exclude each other",
    check: (values) => values[i.isMigrantChild] !== "1" || (values[i.leftBehindCode] ?? "0") === "0",
  },
  {
    id: "STUDENT_LEAGUE_AGE",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["politicalCode", "birthDate"],
    source: "constitution of the Communist Youth League, article 1: from 14 years",
    check: (values, { today }) =>
      values[i.politicalCode] !== "03" || isOlderThan(values[i.birthDate], 14, today),
  },
  {
    id: "STUDENT_PARTY_AGE",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["politicalCode", "birthDate"],
    source: "constitution of the Communist Party of China, article 1: from 18 years",
    check: (values, { today }) => {
      const isMember = values[i.politicalCode] === "01" || values[i.politicalCode] === "02";
      return !isMember || isOlderThan(values[i.birthDate], 18, today);
    },
  },
  {
    id: "STUDENT_POLITICAL_ON_FORM",
    entity,
    severity: "warning",
    owner: "school",
    fields: ["politicalCode"],
    source: "national form, item 11",
    check: (values) => {
      const code = values[i.politicalCode];
      return code === null || code === undefined || isPoliticalOnForm.get(code) === "1";
    },
  },
];

/** In the order in which they are reported. */
export const studentRules: readonly Rule[] = [...identity, ...residence, ...schooling, ...circumstances];
