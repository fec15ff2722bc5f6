import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import { type ByteRange, textOf } from "../contracts/byte-range.ts";
import { encodePlain } from "../contracts/encode-plain.ts";
import type { StoreClient } from "./store.ts";

const needsEscape = /[\\\t\n\r]/;
const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** One value in COPY's text format; only text that needs it pays for escaping. */
export function copyValue(value: string | number | bigint | boolean | null): string {
  if (value === null) return "\\N";
  if (typeof value !== "string") return String(value);
  return needsEscape.test(value) ? value.replace(/[\\\t\n\r]/g, (found) => escapes[found] ?? found) : value;
}

/** The fields of a line in COPY's text format. Only for the few lines that are looked at again. */
export function copyFields(line: ByteRange): (string | null)[] {
  return textOf(line)
    .split("\t")
    .map((field) => (field === "\\N" ? null : field.replace(escaped, unescaped)));
}

const escaped = /\\([\s\S])/g;
const meanings: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

function unescaped(_: string, letter: string): string {
  return meanings[letter] ?? letter;
}

const pieceBytes = 64 * 1024;
const tab = 9;
const newline = 10;
const backslash = 0x5c;
const capitalN = 0x4e;

/** Puts COPY data together from text, and from bytes that are taken over as they are. */
export class CopyBytes {
  #bytes = Buffer.allocUnsafeSlow(2 * pieceBytes);
  #used = 0;

  text(text: string): void {
    // At most three bytes for each unit of UTF-16.
    this.#makeRoom(text.length * 3);
    this.#used += this.#bytes.write(text, this.#used, "utf8");
  }

  /** A tab, then the value as COPY wants it. Values are short: a loop is cheaper than a call into the engine for each. */
  value(value: string | null): void {
    if (value === null) {
      this.#makeRoom(3);
      this.#bytes[this.#used++] = tab;
      this.#bytes[this.#used++] = backslash;
      this.#bytes[this.#used++] = capitalN;
      return;
    }
    this.#makeRoom(value.length * 3 + 1);
    this.#bytes[this.#used] = tab;
    const after = encodePlain(value, this.#bytes, this.#used + 1);
    if (after === -1) this.text(`\t${copyValue(value)}`);
    else this.#used = after;
  }

  #range({ bytes, start, end }: ByteRange): void {
    this.#makeRoom(end - start);
    this.#used += bytes.copy(this.#bytes, this.#used, start, end);
  }

  /** A tab, then values that are COPY text already. */
  values(line: ByteRange): void {
    this.#makeRoom(1);
    this.#bytes[this.#used++] = tab;
    this.#range(line);
  }

  end(): void {
    this.#makeRoom(1);
    this.#bytes[this.#used++] = newline;
  }

  get isPiece(): boolean {
    return this.#used >= pieceBytes;
  }

  /** What was put together so far; the next begins anew. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#used);
    this.#bytes = Buffer.allocUnsafeSlow(2 * pieceBytes);
    this.#used = 0;
    return taken;
  }

  #makeRoom(room: number): void {
    if (this.#used + room <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.#used + room));
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}

/**
 * COPY data of rows, in pieces. `write` puts one line together; it is called as pieces are taken, so that what it makes lives
 * too briefly for the garbage collector to see it.
 */
export function* copyPieces<T>(rows: Iterable<T>, write: (row: T, to: CopyBytes) => void): Generator<Buffer> {
  const to = new CopyBytes();
  for (const row of rows) {
    write(row, to);
    if (to.isPiece) yield to.take();
  }
  yield to.take();
}

export async function sendCopy(
  client: StoreClient,
  copySql: string,
  pieces: Iterable<Buffer>,
): Promise<void> {
  await pipeline(Readable.from(pieces), client.query(copyFrom(copySql)));
}

/**
 * Copies into a table of the session's own, shaped as `table` and empty again after the transaction: PostgreSQL refuses COPY to
 * roles that row-level security holds for. `more` are columns beside those of `table`.
 */
export async function copyToTemporary(
  client: StoreClient,
  target: { readonly temporary: string; readonly table: string; readonly more?: string },
  columns: string,
  pieces: Iterable<Buffer>,
): Promise<void> {
  const { more, table, temporary } = target;
  const shape = more === undefined ? `LIKE ${table}` : `LIKE ${table}, ${more}`;
  await client.query(`CREATE TEMPORARY TABLE IF NOT EXISTS ${temporary} (${shape}) ON COMMIT DELETE ROWS`);
  await sendCopy(client, `COPY ${temporary} (${columns}) FROM STDIN`, pieces);
}
