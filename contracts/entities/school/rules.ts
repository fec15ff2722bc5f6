import { codeAttribute, codeTable } from "../../codes.ts";
import { emailRule, phoneRule } from "../../contact-rules.ts";
import type { FieldValue } from "../../entity.ts";
import { i } from "../../generated/school.ts";
import type { Rule } from "../../rules.ts";

const entity = "school";

const phasesOfType = codeAttribute("school-type", "phases");
const isTypeInScope = codeAttribute("school-type", "in_k12_registry");

/** Which years belong to which phase of a school type: letters of `school-type.csv`, phase codes of `school-phase.csv`. */
const phases = [
  { letter: "P", phase: "2", field: "primaryYears", at: i.primaryYears },
  { letter: "J", phase: "3", field: "juniorYears", at: i.juniorYears },
  { letter: "S", phase: "4", field: "seniorYears", at: i.seniorYears },
] as const;

/** `phase:years`, such as "2:6": a wrong one lets pupils graduate a year early. */
const schoolingSystems: ReadonlySet<string> = new Set(
  codeTable("schooling-system").rows.map((row) => `${row["phase_code"]}:${row["years"]}`),
);

/** Ownership kinds of vocational schools stand in the same table. */
const schoolOwnership: ReadonlySet<string> = new Set(["11", "12", "19"]);

function yearsRules({ letter, phase, field, at }: (typeof phases)[number]): readonly Rule[] {
  const prefix = `SCHOOL_${field.replace("Years", "").toUpperCase()}_YEARS`;
  return [
    {
      id: `${prefix}_REQUIRED`,
      entity,
      severity: "error",
      owner: "county",
      fields: [field, "schoolTypeCode"],
      source: "JY/T 1004: schooling years of each phase that is offered",
      check: (values) => values[at] !== null || !offers(values[i.schoolTypeCode], letter),
    },
    {
      id: `${prefix}_KNOWN`,
      entity,
      severity: "error",
      owner: "county",
      fields: [field],
      source: "schooling systems in force: five or six, three or four, three years",
      check: (values) => values[at] === null || schoolingSystems.has(`${phase}:${values[at]}`),
    },
  ];
}

function offers(type: FieldValue | undefined, letter: string): boolean {
  return phasesOfType.get(type ?? "")?.includes(letter) === true;
}

export const schoolRules: readonly Rule[] = [
  {
    id: "SCHOOL_TYPE_CATEGORY",
    entity,
    severity: "error",
    owner: "province",
    fields: ["schoolTypeCode", "schoolId"],
    source: "code rules for schools, 2010: an id begins with the category of the school's type",
    check: (values) => {
      const type = values[i.schoolTypeCode] ?? null;
      const id = values[i.schoolId] ?? null;
      return type === null || id === null || type.slice(0, 2) === id.slice(0, 2);
    },
  },
  {
    id: "SCHOOL_TYPE_SCOPE",
    entity,
    severity: "warning",
    owner: "province",
    fields: ["schoolTypeCode"],
    source: "scope of the registry: primary, junior, senior, special and work-study schools",
    check: (values) => {
      const type = values[i.schoolTypeCode];
      return type === null || type === undefined || isTypeInScope.get(type) === "1";
    },
  },
  {
    id: "SCHOOL_REGION_PROVINCE",
    entity,
    severity: "warning",
    owner: "province",
    fields: ["regionCode", "schoolId"],
    source: "code rules for schools, 2010: digits 3 and 4 are the province; the Corps lies in Xinjiang",
    check: (values) => {
      const region = values[i.regionCode]?.slice(0, 2);
      const province = values[i.schoolId]?.slice(2, 4);
      if (region === undefined || province === undefined || region === province) return true;
      return province === "66" && region === "65";
    },
  },
  {
    id: "SCHOOL_OWNERSHIP_KIND",
    entity,
    severity: "warning",
    owner: "county",
    fields: ["ownershipCode", "schoolTypeCode"],
    source: "JY/T 1001: codes from 21 are for vocational schools",
    check: (values) => {
      const ownership = values[i.ownershipCode] ?? null;
      return (
        ownership === null || values[i.schoolTypeCode]?.startsWith("36") || schoolOwnership.has(ownership)
      );
    },
  },
  ...phases.flatMap(yearsRules),
  {
    id: "SCHOOL_FOUNDED_FUTURE",
    entity,
    severity: "error",
    owner: "county",
    fields: ["foundedMonth"],
    source: "JY/T 1004",
    check: (values, { today }) => (values[i.foundedMonth] ?? "") <= today.slice(0, 6),
  },
  {
    id: "SCHOOL_VALIDITY",
    entity,
    severity: "error",
    owner: "province",
    fields: ["validTo", "validFrom"],
    source: "design: validity begins before it ends",
    check: (values) => {
      const from = values[i.validFrom] ?? null;
      const to = values[i.validTo] ?? null;
      return from === null || to === null || from < to;
    },
  },
  {
    id: "SCHOOL_CLOSED_DATE",
    entity,
    severity: "warning",
    owner: "province",
    fields: ["validTo", "state"],
    source: "design: a closed or merged school stays as history, with its last day",
    check: (values) => values[i.state] === "1" || values[i.state] === null || values[i.validTo] !== null,
  },
  phoneRule("SCHOOL_PRINCIPAL_PHONE", entity, "principalPhone", i.principalPhone),
  phoneRule("SCHOOL_PHONE", entity, "phone", i.phone),
  phoneRule("SCHOOL_FAX", entity, "fax", i.fax),
  emailRule("SCHOOL_EMAIL", entity, "email", i.email),
];
