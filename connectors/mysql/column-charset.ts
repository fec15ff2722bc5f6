import { DuijieError } from "../../contracts/errors.ts";
import type { Charset } from "../charset.ts";
import type { ShapeColumn } from "./source-shape.ts";

/** How the bytes of one column of text are read. */
export interface ColumnCharset {
  readonly charset: Charset;
  /** The server guarantees Unicode, so that text may go to it and come from it as it is. */
  readonly isUnicode: boolean;
  /** The server has to turn it into UTF-8, which loses nothing: UCS-2 and its like. */
  readonly isConverted: boolean;
}

const unicode: ColumnCharset = { charset: "utf8", isUnicode: true, isConverted: false };
const converted: ColumnCharset = { charset: "utf8", isUnicode: true, isConverted: true };
const gbk: ColumnCharset = { charset: "gbk", isUnicode: false, isConverted: false };
const gb18030: ColumnCharset = { charset: "gb18030", isUnicode: false, isConverted: false };

const known: ReadonlyMap<string, ColumnCharset> = new Map([
  ["utf8mb4", unicode],
  ["utf8mb3", unicode],
  ["utf8", unicode],
  ["ascii", unicode],
  ["gbk", gbk],
  ["gb2312", gbk],
  ["gb18030", gb18030],
  ["ucs2", converted],
  ["utf16", converted],
  ["utf16le", converted],
  ["utf32", converted],
]);

/** The default of old servers: a column of Chinese text that has it was written by clients that lied about theirs. */
const saysNothing = "latin1";

/**
 * The server's word for a column, where it means anything for Chinese text; else what was declared. Throws
 * SOURCE_CHARSET_WRONG where it must be declared and is not: a guess would be mojibake for a whole province.
 */
export function columnCharset(column: ShapeColumn, declared: "auto" | Charset): ColumnCharset {
  if (column.kind === "json") return unicode;
  const certain = known.get(column.charset);
  if (certain !== undefined) return certain;
  if (column.charset === saysNothing && declared !== "auto")
    return { charset: declared, isUnicode: false, isConverted: false };
  throw new DuijieError("SOURCE_CHARSET_WRONG", {
    serverEncoding: column.charset,
    declared,
    column: column.name,
    ...(column.charset === saysNothing ? { possible: "utf8, gb18030, gbk" } : {}),
  });
}

/** A column whose own charset does not tell what its bytes are. */
export function isMute({ kind, charset }: ShapeColumn): boolean {
  return hasText(kind) && charset === saysNothing;
}

export function hasText(kind: ShapeColumn["kind"]): boolean {
  return kind === "text" || kind === "enum" || kind === "set" || kind === "json";
}
