import { isUtf8 } from "node:buffer";
import type { ByteRange } from "../../contracts/byte-range.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { TextMemory } from "../../contracts/text-memory.ts";
import { type Charset, decode } from "../charset.ts";

/** One row of `COPY … TO STDOUT` in text format. */
export interface CopyRow {
  readonly fields: (string | null)[];
  /** The bytes that the row came in, without its newline; UTF-8 of which all is known to be good, else absent. */
  readonly line?: ByteRange;
  /** The first field whose bytes are not of the charset; it is null in `fields`. */
  readonly unreadable?: { readonly index: number; readonly hex: string };
}

/** `bytes` leaves a field as it came, one character (U+0000 to U+00FF) a byte. */
export type CopyCharset = Charset | "bytes";

const newline = 10;
const tab = 9;
const backslash = 0x5c;
const capitalN = 0x4e;
const replacementBytes = Buffer.from([0xef, 0xbf, 0xbd]);

/** Turns the bytes of `COPY … TO STDOUT` (text format) into rows, chunk by chunk. Cost is what matters here. */
export class CopyRowReader {
  readonly #fieldCount: number;
  readonly #charset: CopyCharset;
  readonly #utf8: Utf8Cutter;
  #pending: Buffer[] = [];
  #rowCount = 0;

  constructor(fieldCount: number, charset: CopyCharset) {
    this.#fieldCount = fieldCount;
    this.#charset = charset;
    this.#utf8 = new Utf8Cutter(fieldCount);
  }

  /** Rows completed so far. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /** The rows that this chunk completes. The rest of it is kept, in pieces, until its newline comes. */
  push(chunk: Buffer): CopyRow[] {
    const end = chunk.lastIndexOf(newline);
    if (end === -1) {
      this.#pending.push(chunk);
      return [];
    }
    const head = chunk.subarray(0, end + 1);
    const complete = this.#pending.length === 0 ? head : Buffer.concat([...this.#pending, head]);
    this.#pending = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [];
    const rows = this.#rows(complete);
    this.#rowCount += rows.length;
    return rows;
  }

  #rows(bytes: Buffer): CopyRow[] {
    // A chunk of good UTF-8 goes by the fast way.
    if (this.#charset === "utf8" && isUtf8(bytes) && !bytes.includes(replacementBytes))
      return this.#utf8.cut(bytes);
    // COPY escapes byte by byte, and the second byte of a GBK pair can be a backslash: bytes are cut and unescaped
    // first (as Latin-1, where a character is a byte) and decoded after. Tab and newline are no trail bytes.
    const charset = this.#charset;
    const rows = cutRows(bytes.toString("latin1"), this.#fieldCount);
    return rows.map((fields) => (charset === "bytes" ? { fields } : decodeFields(fields, charset)));
  }
}

/** Cuts good UTF-8 that ends in a newline into rows of `fieldCount` unescaped fields, byte by byte. */
class Utf8Cutter {
  readonly #fieldCount: number;
  readonly #memory: TextMemory;

  constructor(fieldCount: number) {
    this.#fieldCount = fieldCount;
    this.#memory = new TextMemory(fieldCount);
  }

  cut(bytes: Buffer): CopyRow[] {
    const rows: CopyRow[] = [];
    const last = this.#fieldCount - 1;
    let at = 0;
    while (at < bytes.length) {
      // Of its length from the start: an array that grows is copied again and again.
      // oxlint-disable-next-line no-new-array
      const fields = new Array<string | null>(this.#fieldCount);
      const start = at;
      for (let index = 0; index <= last; index += 1) {
        const end = this.#field(bytes, at, index, fields);
        if (bytes[end] !== (index === last ? newline : tab))
          throw new DuijieError("INVARIANT_BROKEN", { invariant: "copy-fields", fieldCount: last + 1 });
        at = end + 1;
      }
      rows.push({ fields, line: { bytes, start, end: at - 1 } });
    }
    return rows;
  }

  /** Puts the field that begins at `start` into `fields`, and gives the place of the tab or newline after it. */
  #field(bytes: Buffer, start: number, index: number, fields: (string | null)[]): number {
    let at = start;
    let all = 0;
    let isEscaped = false;
    for (;;) {
      const byte = bytes[at] ?? newline;
      if (byte === tab || byte === newline) break;
      if (byte === backslash) isEscaped = true;
      all |= byte;
      at += 1;
    }
    if (!isEscaped) fields[index] = this.#memory.text(index, bytes, start, at, all < 0x80);
    else if (at === start + 2 && bytes[start + 1] === capitalN) fields[index] = null;
    else fields[index] = unescapeField(bytes.toString("utf8", start, at));
    return at;
  }
}

function decodeFields(fields: (string | null)[], charset: Charset): CopyRow {
  let unreadable: CopyRow["unreadable"];
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    if (field === null || field === undefined || isPlain(field)) continue;
    const bytes = Buffer.from(field, "latin1");
    const text = decode(bytes, charset);
    fields[index] = text;
    if (text === null) unreadable ??= { index, hex: bytes.toString("hex") };
  }
  return unreadable === undefined ? { fields } : { fields, unreadable };
}

const beyondAscii = /[\u0080-\u00FF]/;
function isPlain(latin1: string): boolean {
  return !beyondAscii.test(latin1);
}

/** Cuts text that ends in a newline into rows of `fieldCount` unescaped fields; `\\N` is null. */
export function cutRows(text: string, fieldCount: number): (string | null)[][] {
  const rows: (string | null)[][] = [];
  const lastField = fieldCount - 1;
  let escape = nextEscape(text, 0);
  let start = 0;
  while (start < text.length) {
    const fields: (string | null)[] = [];
    for (let index = 0; index < fieldCount; index++) {
      const end = text.indexOf(index === lastField ? "\n" : "\t", start);
      if (end === -1) throw new DuijieError("INVARIANT_BROKEN", { invariant: "copy-fields", fieldCount });
      const field = text.slice(start, end);
      if (escape < end) {
        fields.push(field === "\\N" ? null : unescapeField(field));
        escape = nextEscape(text, end);
      } else fields.push(field);
      start = end + 1;
    }
    rows.push(fields);
  }
  return rows;
}

function nextEscape(text: string, from: number): number {
  const at = text.indexOf("\\", from);
  return at === -1 ? Number.POSITIVE_INFINITY : at;
}

const escapeSequence = /\\([\s\S])/g;
const escapeMeaning: ReadonlyMap<string, string> = new Map([
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
]);

/** `COPY TO` writes only these six and the doubled backslash; a backslash before anything else is dropped. */
function unescapeField(field: string): string {
  return field.replace(escapeSequence, (_, letter: string) => escapeMeaning.get(letter) ?? letter);
}
