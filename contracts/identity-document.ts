import { birthDateOf, hasCitizenIdForm, hasRightCheck } from "./citizen-id.ts";
import { isDate } from "./value-check.ts";

/** Types of `codes/id-document-type.csv` that a rule has to know. */
export const citizenIdType = "1";
export const residencePermitType = "D";
export const noDocumentType = "Z";

/** Numbers in the layout of a citizen ID: they state birth date and gender. */
export function hasCitizenIdLayout(type: string | null): boolean {
  return type === citizenIdType || type === residencePermitType;
}

/** A passport: no rule holds in all countries. */
const passport = /^[A-Z0-9]{5,17}$/;

/** Forms of the other documents. A type that is not here has free text. */
const forms: Readonly<Record<string, (no: string) => boolean>> = {
  // Hong Kong and Macao: a passport, or an identity card with its check in brackets or without.
  "6": (no) => passport.test(no) || /^[A-Z]{1,2}\d{6}\([\dA]\)$/.test(no),
  "7": (no) => passport.test(no) || /^\d{7}\(\d\)$/.test(no),
  // The card has 8 digits, older booklets have 10.
  "8": (no) => /^(?:\d{8}|\d{10})$/.test(no),
  A: (no) => passport.test(no),
  // Older ones count their renewals in two digits more.
  C: (no) => /^[HM]\d{8}(?:\d{2})?$/.test(no),
  [residencePermitType]: isResidencePermit,
  // Until 2023 letters and digits; since then like a citizen ID, beginning with 9.
  E: (no) => /^[A-Z]{3}\d{12}$/.test(no) || (/^9\d{16}[\dX]$/.test(no) && hasRightCheck(no)),
};

/** The number has the form of its type. Citizen IDs have rules of their own and pass here. */
export function hasDocumentForm(type: string, no: string): boolean {
  return forms[type]?.(no) ?? true;
}

/** Layout and check of a citizen ID, and one of the three codes that no other document begins with. */
function isResidencePermit(no: string): boolean {
  return /^8[123]0000/.test(no) && hasCitizenIdForm(no) && isDate(birthDateOf(no)) && hasRightCheck(no);
}
