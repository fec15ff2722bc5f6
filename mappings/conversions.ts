import { codeTable } from "../contracts/codes.ts";
import type { Conversion } from "../contracts/conversion.ts";
import type { FieldContract } from "../contracts/entity-contract.ts";
import { DuijieError } from "../contracts/errors.ts";
import { dateReader, parseDatePattern } from "./date-pattern.ts";

/** What a conversion refuses with; a value could be anything, so it can't be a text. */
export const refused: unique symbol = Symbol("refused");

/** Total: a value, null for absent, or `refused`. */
export type Converter = (value: string) => string | null | typeof refused;

/** A conversion made ready for one field, and the name by which a finding reports it. */
export interface CompiledConversion {
  readonly name: string;
  readonly convert: Converter;
  /** A refusal means that a code is unknown, not that the record is malformed. */
  readonly isMapping: boolean;
}

/** CONFIG_INVALID for a pattern that names no date, or names of a field without a code table. */
export function compileConversion(conversion: Conversion, field: FieldContract): CompiledConversion {
  if (typeof conversion === "string") return plain(conversion, plainConverters[conversion]);
  if ("date" in conversion) return plain("date", dateConverter(conversion.date, "date", field));
  if ("month" in conversion) return plain("month", dateConverter(conversion.month, "month", field));
  if ("decimal" in conversion) return plain("decimal", (value) => toDecimal(value, conversion.decimal));
  if ("round" in conversion) return plain("round", (value) => roundDecimal(value, conversion.round));
  if ("padStart" in conversion) return plain("padStart", (value) => padDigits(value, conversion.padStart));
  return nameToCode(field);
}

function plain(name: string, convert: Converter): CompiledConversion {
  return { name, convert, isMapping: false };
}

const plainConverters: Readonly<Record<Extract<Conversion, string>, Converter>> = {
  trim: (value) => value.trim(),
  halfWidth: toHalfWidth,
  upper: (value) => value.replace(/[a-z]/g, (letter) => letter.toUpperCase()),
  emptyToNull: (value) => (value === "" ? null : value),
  boolean: (value) => truthValues.get(value) ?? refused,
};

const truthValues: ReadonlyMap<string, string> = new Map([
  ["true", "1"],
  ["t", "1"],
  ["1", "1"],
  ["false", "0"],
  ["f", "0"],
  ["0", "0"],
]);

function dateConverter(pattern: string, result: "date" | "month", field: FieldContract): Converter {
  const parts = parseDatePattern(pattern, result === "date");
  if (parts === null) throw new DuijieError("CONFIG_INVALID", { field: field.name, pattern });
  const read = dateReader(parts, result);
  return (value) => read(value) ?? refused;
}

function nameToCode(field: FieldContract): CompiledConversion {
  if (field.codeTable === undefined) throw new DuijieError("CONFIG_INVALID", { field: field.name });
  const table = codeTable(field.codeTable);
  return {
    name: table.name,
    convert: (value) => table.nameToCode.get(value) ?? (table.codes.has(value) ? value : refused),
    isMapping: true,
  };
}

const fullWidth = /[\uff01-\uff5e\u3000]/g;

export function toHalfWidth(value: string): string {
  return value.replace(fullWidth, (sign) =>
    sign === "\u3000" ? " " : String.fromCharCode(sign.charCodeAt(0) - 0xfee0),
  );
}

/** The usual document number, which stays as it is. */
const asciiDocument = /^[0-9A-Z]*$/;

/** Ends a citizen ID in a capital X and takes its digits from full width; other documents keep their letters. */
export function toDocumentNumber(value: string): string {
  if (asciiDocument.test(value)) return value;
  const number = toHalfWidth(value);
  return /^\d{17}x$/.test(number) ? `${number.slice(0, 17)}X` : number;
}

const decimalForm = /^(-?)(\d*)(?:\.(\d+))?$/;

interface Decimal {
  readonly sign: string;
  readonly whole: string;
  readonly fraction: string;
}

/** Text in, text out: a binary number would turn 1.15 into something else. `.5` is how Oracle writes a half. */
function parseDecimal(value: string): Decimal | undefined {
  const match = decimalForm.exec(value);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = ""] = match;
  if (whole === "" && fraction === "") return undefined;
  return { sign, whole: whole.replace(/^0+(?=\d)/, "") || "0", fraction };
}

export function toDecimal(value: string, places: number): string | typeof refused {
  const decimal = parseDecimal(value);
  if (decimal === undefined || /[1-9]/.test(decimal.fraction.slice(places))) return refused;
  return written(decimal.sign, decimal.whole, decimal.fraction.slice(0, places).padEnd(places, "0"));
}

export function roundDecimal(value: string, places: number): string | typeof refused {
  const decimal = parseDecimal(value);
  if (decimal === undefined) return refused;
  const kept = decimal.fraction.slice(0, places).padEnd(places, "0");
  const units = BigInt(decimal.whole + kept) + (decimal.fraction.charAt(places) >= "5" ? 1n : 0n);
  const digits = units.toString().padStart(places + 1, "0");
  const point = digits.length - places;
  return written(decimal.sign, digits.slice(0, point), digits.slice(point));
}

function written(sign: string, whole: string, fraction: string): string {
  const text = fraction === "" ? whole : `${whole}.${fraction}`;
  return /[1-9]/.test(text) ? sign + text : text;
}

/** Plain digits without zeros in front. */
export function toInteger(value: string): string | typeof refused {
  return /^\d+$/.test(value) ? value.replace(/^0+(?=\d)/, "") : refused;
}

function padDigits(value: string, length: number): string {
  return /^\d+$/.test(value) ? value.padStart(length, "0") : value;
}
