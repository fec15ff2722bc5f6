import type { FileHandle } from "node:fs/promises";
import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";
import { type Charset, decode } from "../charset.ts";
import type { SourceEntity } from "../connector.ts";
import { usedColumns } from "../used-columns.ts";
import { byteOrderMark } from "./charset-witness.ts";
import { chunksOf } from "./file-access.ts";
import type { CsvOptions } from "./options.ts";
import { type CutRow, RowCutter } from "./row-cutter.ts";
import { rowFields } from "./row-fields.ts";

/** The first row of a file. Names are compared as they stand: neither case nor blanks are guessed. */
export interface FileHeader {
  readonly names: readonly string[];
  /** Bytes of the byte order mark: the header begins behind it. */
  readonly markBytes: number;
}

export function charsetOf({ charset }: Pick<CsvOptions, "charset">): Charset {
  return charset === "auto" ? "utf8" : charset;
}

export async function readHeader(
  handle: FileHandle,
  options: CsvOptions,
  place: ErrorParams,
  signal: AbortSignal,
): Promise<FileHeader> {
  const head = Buffer.alloc(4);
  await handle.read(head, 0, head.length, 0);
  const markBytes = byteOrderMark(head, options.charset, place);
  const cutter = new RowCutter(options, place, markBytes);
  for await (const chunk of chunksOf(handle, markBytes, signal)) {
    const [first] = cutter.push(chunk);
    if (first !== undefined) return { names: namesOf(first, options, place), markBytes };
  }
  const [only] = cutter.end();
  if (only === undefined) throw new DuijieError("SOURCE_FILE_EMPTY", place);
  return { names: namesOf(only, options, place), markBytes };
}

function namesOf(row: CutRow, options: CsvOptions, place: ErrorParams): readonly string[] {
  const text = decode(Buffer.from(row.text, "latin1"), charsetOf(options));
  const at = { ...place, line: 1 };
  if (text === null) {
    const isOther = decode(
      Buffer.from(row.text, "latin1"),
      charsetOf(options) === "utf8" ? "gb18030" : "utf8",
    );
    const looksLike = isOther === null ? "unknown" : charsetOf(options) === "utf8" ? "gb18030" : "utf8";
    throw new DuijieError("SOURCE_CHARSET_WRONG", { ...at, declared: options.charset, looksLike });
  }
  return rowFields(text, options, () => at).map((name) => name ?? "");
}

/** What is wrong with the header for this source: missing columns in one, each doubled one by itself. */
export function headerFaults(
  { names }: FileHeader,
  source: SourceEntity,
  place: ErrorParams,
): readonly DuijieError[] {
  const used = usedColumns(source);
  const known = new Set(names);
  // Not one name is known: the first line is a row, and its fields are nothing to be shown.
  if (!used.some((name) => known.has(name))) {
    return [
      new DuijieError("SOURCE_HEADER_MISSING", {
        ...place,
        line: 1,
        wanted: used.length,
        found: names.length,
      }),
    ];
  }
  const missing = used.filter((name) => !known.has(name));
  const absent = { ...place, line: 1, column: missing.join(", ") };
  const doubled = used.flatMap((column) => {
    const places = names.flatMap((name, at) => (name === column ? [at + 1] : []));
    if (places.length < 2) return [];
    const params = { ...place, line: 1, column, places: places.join(", ") };
    return [new DuijieError("SOURCE_HEADER_DOUBLED", params)];
  });
  return missing.length === 0 ? doubled : [new DuijieError("SOURCE_CHANGED", absent), ...doubled];
}
