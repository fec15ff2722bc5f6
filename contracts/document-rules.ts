import { birthDateOf, fromFifteen, hasCitizenIdForm, hasRightCheck } from "./citizen-id.ts";
import type { FieldValue } from "./entity.ts";
import { citizenIdType, hasCitizenIdLayout, hasDocumentForm, noDocumentType } from "./identity-document.ts";
import { nationalRegions } from "./regions.ts";
import type { Rule } from "./rules.ts";
import { isDate } from "./value-check.ts";

/** Where an identity document stands in the records of one entity. */
export interface DocumentFields {
  readonly entity: "student" | "guardian";
  readonly type: number;
  readonly number: number;
  /** Numbers of fifteen digits: people born long ago have them, children never. */
  readonly allowsFifteen: boolean;
}

const standard = "GB 11643-1999";

/**
 * The rules of an identity document, each for one thing: length, characters, date, check, region. A later one is
 * silent while an earlier one speaks, so that a record gets the one cause and not five of its consequences.
 */
export function documentRules(document: DocumentFields): readonly Rule[] {
  const prefix = `${document.entity.toUpperCase()}_ID`;
  const shared = { entity: document.entity, owner: "school", fields: ["idDocNo", "idDocType"] } as const;
  const about = (values: readonly FieldValue[]) => citizenIdOf(values, document);
  const hasLength = (id: string) => id.length === 18 || (document.allowsFifteen && id.length === 15);
  const isFormed = (id: string) => hasCitizenIdForm(id) || (document.allowsFifteen && /^\d{15}$/.test(id));
  return [
    {
      ...shared,
      id: `${prefix}_REQUIRED`,
      severity: "error",
      source: "national form, items 8 and 9",
      check: (values) => hasNumberWhereDue(values, document),
    },
    {
      ...shared,
      id: `${prefix}_LENGTH`,
      severity: "error",
      source: standard,
      check: (values) => {
        const id = about(values);
        return id === null || hasLength(id);
      },
    },
    {
      ...shared,
      id: `${prefix}_CHARACTERS`,
      severity: "error",
      source: standard,
      check: (values) => {
        const id = about(values);
        return id === null || !hasLength(id) || isFormed(id);
      },
    },
    {
      ...shared,
      id: `${prefix}_DATE`,
      severity: "error",
      source: standard,
      check: (values, { today }) => {
        const id = about(values);
        if (id === null || !isFormed(id)) return true;
        if (id.length === 15) return fromFifteen(id) !== null;
        return isDate(birthDateOf(id)) && birthDateOf(id) <= today;
      },
    },
    {
      ...shared,
      id: `${prefix}_CHECK`,
      severity: "error",
      source: "GB 11643-1999, ISO 7064 MOD 11-2",
      check: (values) => {
        const id = about(values);
        return id === null || !hasCitizenIdForm(id) || hasRightCheck(id);
      },
    },
    {
      ...shared,
      id: `${prefix}_REGION`,
      severity: "warning",
      source: "GB/T 2260, all years: a person keeps the code of the first registration",
      check: (values) => {
        const id = about(values);
        return id === null || !isFormed(id) || nationalRegions().knownEver(id.slice(0, 6));
      },
    },
    {
      ...shared,
      id: `${prefix}_FORM`,
      severity: "error",
      source: "design, by the layout of each document",
      check: (values) => {
        const type = values[document.type] ?? null;
        const no = values[document.number] ?? null;
        return type === null || no === null || type === citizenIdType || hasDocumentForm(type, no);
      },
    },
  ];
}

/** A number is due with every type but "other or none"; for a guardian without a type nothing is due. */
function hasNumberWhereDue(values: readonly FieldValue[], document: DocumentFields): boolean {
  const type = values[document.type] ?? null;
  return type === null || type === noDocumentType || (values[document.number] ?? null) !== null;
}

function citizenIdOf(values: readonly FieldValue[], document: DocumentFields): string | null {
  return values[document.type] === citizenIdType ? (values[document.number] ?? null) : null;
}

/** The number of eighteen characters that states birth date and gender, where the record has a well-formed one. */
export function statedByNumber(type: FieldValue, no: FieldValue): string | null {
  return no !== null && hasCitizenIdLayout(type) && hasCitizenIdForm(no) ? no : null;
}
