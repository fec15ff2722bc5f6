import { type Charset, decode } from "../charset.ts";
import { columnCharset, hasText } from "./column-charset.ts";
import { instantText, wallText } from "./instant.ts";
import type { ShapeColumn } from "./source-shape.ts";

/** The one text of a stored value; null where the bytes are no text that can be handed on. */
export type ColumnText = (bytes: Buffer) => string | null;

export function columnText(column: ShapeColumn, declared: "auto" | Charset): ColumnText {
  if (hasText(column.kind)) {
    const { charset } = columnCharset(column, declared);
    return charset === "utf8" ? utf8Text : (bytes) => withoutNul(decode(bytes, charset));
  }
  return ofKind.get(column.kind) ?? asciiText;
}

const ofKind: ReadonlyMap<ShapeColumn["kind"], ColumnText> = new Map([
  ["bytes", (bytes) => bytes.toString("hex")],
  ["bit", bitText],
  ["float", (bytes) => floatText(asciiText(bytes))],
  ["datetime", (bytes) => wallText(asciiText(bytes))],
  ["timestamp", (bytes) => instantText(asciiText(bytes))],
]);

function asciiText(bytes: Buffer): string {
  return bytes.toString("latin1");
}

/**
 * Bytes that are no UTF-8 become U+FFFD, which stored text may not hold either: one look for it finds both. Measured
 * with 49 columns a row, this takes half of asking for ASCII and for UTF-8 first.
 */
function utf8Text(bytes: Buffer): string | null {
  const text = bytes.toString("utf8");
  return text.includes("\uFFFD") ? null : withoutNul(text);
}

/** No text that we land may hold NUL: PostgreSQL has none. Its row is quarantined with the bytes. */
function withoutNul(text: string | null): string | null {
  return text === null || text.includes("\0") ? null : text;
}

function bitText(bytes: Buffer): string {
  return bytes.length === 0 ? "" : BigInt(`0x${bytes.toString("hex")}`).toString();
}

/**
 * The shortest text that gives the same single-precision number. The server would write six digits and lose the rest,
 * so it is asked for the exact double; a number of binary places is the only one that passes through JavaScript.
 */
export function floatText(double: string): string {
  const value = Math.fround(Number(double));
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}
