import { isUtf8 } from "node:buffer";
import { DuijieError } from "../../contracts/errors.ts";
import type { Charset } from "../charset.ts";
import { columnCharset } from "./column-charset.ts";
import { literal, textLiteral } from "./literal.ts";
import { quoted } from "./names.ts";
import type { ShapeColumn } from "./source-shape.ts";

/**
 * What a key column is ordered and compared by. ENUM and SET sort by their number and compare by their text, so both
 * are done by the number; a FLOAT is what it is as a double.
 */
export function keyExpression(column: ShapeColumn): string {
  const name = quoted(column.name);
  if (isByNumber(column)) return `(${name} + 0)`;
  if (column.kind === "float") return `(${name} + 0e0)`;
  if (column.kind === "json") throw new DuijieError("SOURCE_CHANGED", { column: column.name, kind: "json" });
  return name;
}

function isByNumber({ kind }: ShapeColumn): boolean {
  return kind === "enum" || kind === "set" || kind === "bit";
}

/** Of a column that the server has to convert, the bytes of the text. */
export function boundExpression(column: ShapeColumn, declared: "auto" | Charset): string {
  const isConverted = column.kind === "text" && columnCharset(column, declared).isConverted;
  return isConverted ? `CONVERT(${quoted(column.name)} USING utf8mb4)` : keyExpression(column);
}

/**
 * A bound as it leaves the database: its text, or its bytes in hex where the text is not Unicode. Null where this key
 * can be no bound, as it could not be written back: a neighbour has to do.
 */
export function boundText(
  bytes: Buffer | null,
  column: ShapeColumn,
  declared: "auto" | Charset,
): string | null {
  if (bytes === null) return null;
  if (column.kind === "bytes") return bytes.toString("hex");
  if (column.kind !== "text") return bytes.toString("latin1");
  const { isUnicode } = columnCharset(column, declared);
  if (!isUnicode) return isWritable(bytes, column) ? bytes.toString("hex") : null;
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString("utf8") : null;
}

/** Of a charset with rules the server refuses a literal that breaks them; under latin1 all bytes are text. */
function isWritable(bytes: Buffer, { charset }: ShapeColumn): boolean {
  if (charset === "latin1") return true;
  try {
    new TextDecoder("gb18030", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

export function boundLiteral(bound: string, column: ShapeColumn, declared: "auto" | Charset): string {
  if (isByNumber(column)) return literal(bound, { ...column, kind: "integer" }, declared);
  if (column.kind !== "text") return literal(bound, column, declared);
  const { isUnicode } = columnCharset(column, declared);
  return textLiteral(Buffer.from(bound, isUnicode ? "utf8" : "hex"), column, declared);
}
