import { DuijieError } from "../../contracts/errors.ts";
import { type Charset, encode } from "../charset.ts";
import { columnCharset } from "./column-charset.ts";
import type { ShapeColumn } from "./source-shape.ts";

/**
 * Texts of values → SQL. Text goes as hex with the column's own charset and collation, so that the column's index is
 * used and nothing needs an escape; numbers and times go as themselves where they are such: a text that is compared
 * with a number would be compared as a double, which lacks digits.
 */
export function literal(text: string, column: ShapeColumn, declared: "auto" | Charset): string {
  const pattern = plain.get(column.kind);
  if (pattern !== undefined) {
    if (!pattern.test(text)) throw mismatch(column);
    return isNumeric.has(column.kind) ? numeral(text, column) : `'${text}'`;
  }
  if (column.kind === "bytes") return bytesLiteral(text, column);
  const { charset } = columnCharset(column, declared);
  const bytes = encode(text, charset);
  if (bytes === null) throw new DuijieError("CONFIG_INVALID", { setting: "scope", charset });
  return textLiteral(bytes, column, declared);
}

/** Text of any bytes, readable or not. */
export function textLiteral(bytes: Buffer, column: ShapeColumn, declared: "auto" | Charset): string {
  const { isConverted } = columnCharset(column, declared);
  const hex = `X'${bytes.toString("hex")}'`;
  if (isConverted) return `CONVERT(_utf8mb4 ${hex} USING ${column.charset}) COLLATE ${column.collation}`;
  // UTF-8 of three bytes has no text beyond the basic plane; compared with one, it is widened by the server.
  if (column.charset.startsWith("utf8") && column.charset !== "utf8mb4" && isBeyondBasic(bytes))
    return `_utf8mb4 ${hex}`;
  return `_${column.charset} ${hex} COLLATE ${column.collation}`;
}

function isBeyondBasic(bytes: Buffer): boolean {
  return bytes.some((byte) => byte >= 0xf0);
}

function bytesLiteral(hex: string, column: ShapeColumn): string {
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex)) throw mismatch(column);
  return `X'${hex}'`;
}

/** `e0` makes a double of what would be a decimal. */
function numeral(text: string, { kind }: ShapeColumn): string {
  const isDouble = kind === "double" || kind === "float";
  return isDouble && !/e/i.test(text) ? `${text}e0` : text;
}

const integer = /^-?\d{1,70}$/;
const time = /^-?[\d :.-]{1,40}$/;
const plain: ReadonlyMap<ShapeColumn["kind"], RegExp> = new Map([
  ["integer", integer],
  ["bit", integer],
  ["decimal", /^-?\d{1,70}(?:\.\d{1,40})?$/],
  ["double", /^-?\d{1,400}(?:\.\d{1,400})?(?:e[+-]?\d{1,4})?$/i],
  ["float", /^-?\d{1,400}(?:\.\d{1,400})?(?:e[+-]?\d{1,4})?$/i],
  ["date", time],
  ["datetime", time],
  ["timestamp", time],
  ["time", time],
  ["ascii", /^[\w:.-]{1,64}$/],
]);
const isNumeric: ReadonlySet<ShapeColumn["kind"]> = new Set(["integer", "bit", "decimal", "double", "float"]);

/** A bound or a scope that is no value of the column's type (any more). The text is not shown: it may be a pupil's. */
function mismatch(column: ShapeColumn): DuijieError {
  return new DuijieError("SOURCE_CHANGED", { column: column.name, kind: column.kind });
}
