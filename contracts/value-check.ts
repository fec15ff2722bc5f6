import type { Ajv2020 } from "ajv/dist/2020.js";
import { codeTable } from "./codes.ts";
import { nationalRegions } from "./regions.ts";

export const fieldTypes = ["text", "code", "date", "month", "decimal", "integer", "yes-no", "ref"] as const;
export type FieldType = (typeof fieldTypes)[number];

/** True: the value is in the one canonical form of its field. */
export type ValueCheck = (value: string) => boolean;

/** Region fields are checked against all of GB/T 2260, not against a list of twelve-digit codes that nobody has. */
const regionTables: Readonly<Record<string, () => ValueCheck>> = {
  /** In force now. */
  region: () => {
    const regions = nationalRegions();
    return (code12) => regions.isCurrent12(code12);
  },
  /** In force in whatever year: a birth place keeps its name. */
  "region-any": () => {
    const regions = nationalRegions();
    return (code12) => regions.isEver12(code12);
  },
};

/** Says of a table named by `x-code-table` which values it holds. Its file is read on the first check, not before. */
export function codeTableCheck(table: string): ValueCheck {
  const region = regionTables[table];
  if (region !== undefined) return region();
  const { codes } = codeTable(table);
  return (code) => codes.has(code);
}

export function isRegionTable(table: string): boolean {
  return Object.hasOwn(regionTables, table);
}

// Half of a surrogate pair, C0, DEL, C1; U+FFFD is what a failed decoding leaves: such a character was lost, not sent.
const forbidden = /[\p{Cs}\p{Cc}\ufffd\ufffe\uffff]/u;

// One pass without the cost of pairing surrogates; what it lets through needs no second look.
// oxlint-disable-next-line no-control-regex
const suspicious = /[\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffd-\uffff]/;

/** Well-formed Unicode, no control characters, nothing that a failed decoding left. */
export function isPlainText(value: string): boolean {
  return !suspicious.test(value) || !forbidden.test(value);
}

/** `YYYYMMDD`, a day that exists, years 1800 to 2199. Arithmetic on the digits: it is asked several times a record. */
export function isDate(value: string): boolean {
  if (value.length !== 8) return false;
  const year = twoDigits(value, 0) * 100 + twoDigits(value, 2);
  const month = twoDigits(value, 4);
  const day = twoDigits(value, 6);
  return year >= 1800 && year <= 2199 && day >= 1 && day <= daysOf(year, month);
}

/** `YYYYMM`. */
export function isMonth(value: string): boolean {
  return value.length === 6 && isDate(`${value}01`);
}

/** NaN where one of the two is no digit; every comparison with it is false. */
function twoDigits(value: string, at: number): number {
  const tens = value.charCodeAt(at) - 48;
  const ones = value.charCodeAt(at + 1) - 48;
  const areDigits = tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9;
  return areDigits ? tens * 10 + ones : Number.NaN;
}

const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (daysOfMonth[month - 1] ?? 0);
}

/** The form of each `x-type`. `pattern` and `maxLength` of the field narrow it further. */
export const typeChecks: Readonly<Record<FieldType, ValueCheck>> = {
  text: isPlainText,
  ref: isPlainText,
  code: isPlainText,
  date: isDate,
  month: isMonth,
  decimal: (value) => /^(?:0|[1-9]\d*)\.\d$/.test(value),
  integer: (value) => /^(?:0|[1-9]\d*)$/.test(value),
  "yes-no": (value) => value === "0" || value === "1",
};

function isFieldType(type: unknown): type is FieldType {
  return fieldTypes.some((one) => one === type);
}

const annotations = [
  "x-title-en",
  "x-title-zh",
  "x-column",
  "x-ref",
  "x-item",
  "x-alias",
  "x-entity",
  "x-table",
  "x-identifier",
  "x-parents",
] as const;

/** Teaches ajv the vocabulary of our schemas; strict mode then refuses a misspelt keyword. */
export function addContractKeywords(ajv: Ajv2020): void {
  for (const keyword of annotations) ajv.addKeyword({ keyword });
  ajv.addKeyword({
    keyword: "x-type",
    type: "string",
    errors: false,
    compile: (type: unknown) => {
      if (!isFieldType(type)) throw new Error(`unknown x-type ${String(type)}`);
      return typeChecks[type];
    },
  });
  ajv.addKeyword({
    keyword: "x-code-table",
    type: "string",
    schemaType: "string",
    errors: false,
    compile: (table: string) => codeTableCheck(table),
  });
}
