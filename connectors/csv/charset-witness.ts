import { isUtf8 } from "node:buffer";
import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";
import { type Charset, decode } from "../charset.ts";

const beyondAscii = /[\u0080-\u00FF]/;
/** So many bytes of GB18030 are all good UTF-8 by chance in one of a hundred thousand files. */
const utf8ProofBytes = 12;

/**
 * Looks at every byte of a file beside the charset that was declared. A few rows that are not of it are parked one by
 * one; a file that is another charset's altogether is refused, for it would give rubbish or nothing.
 */
export class CharsetWitness {
  readonly #declared: "auto" | Charset;
  readonly #charset: Charset;
  #beyondAscii = 0;
  #bytes = 0;
  #unreadable = 0;
  #notUtf8 = 0;
  #readByOther = 0;

  constructor(declared: "auto" | Charset) {
    this.#declared = declared;
    this.#charset = declared === "auto" ? "utf8" : declared;
  }

  /** Rows with a byte beyond ASCII. */
  get beyondAscii(): number {
    return this.#beyondAscii;
  }

  /** Rows that hold bytes which the charset can't have. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** `row`: its bytes as Latin-1. */
  see(row: string): void {
    if (!beyondAscii.test(row)) return;
    const bytes = Buffer.from(row, "latin1");
    this.#beyondAscii += 1;
    if (this.#bytes < utf8ProofBytes) for (const byte of bytes) if (byte > 0x7f) this.#bytes += 1;
    const isGood = decode(bytes, this.#charset) !== null;
    if (!isGood) this.#unreadable += 1;
    // In a GB file the first rows say it; the others need not be looked at twice.
    const isAsked = this.#charset === "utf8" ? !isGood : this.#notUtf8 === 0;
    if (isAsked && !isUtf8(bytes)) this.#notUtf8 += 1;
    if (!isGood && decode(bytes, this.#charset === "utf8" ? "gb18030" : "utf8") !== null)
      this.#readByOther += 1;
  }

  /** What the file looks like, where that is not what was declared. */
  get looksLike(): Charset | "unknown" | null {
    if (this.#charset !== "utf8") {
      return this.#notUtf8 === 0 && this.#bytes >= utf8ProofBytes ? "utf8" : null;
    }
    const isOther = this.#unreadable > 0 && this.#readByOther === this.#unreadable;
    if (this.#declared === "auto" && this.#notUtf8 > 0) return isOther ? "gb18030" : "unknown";
    return isOther && this.#unreadable * 2 > this.#beyondAscii ? "gb18030" : null;
  }

  /** Throws SOURCE_CHARSET_WRONG where the whole file is another charset's. */
  judge(place: ErrorParams): void {
    const { looksLike } = this;
    if (looksLike === null) return;
    throw new DuijieError("SOURCE_CHARSET_WRONG", {
      ...place,
      declared: this.#declared,
      looksLike,
      rows: this.#beyondAscii,
      unreadable: this.#unreadable,
    });
  }
}

const marks: readonly (readonly [bytes: readonly number[], charset: string])[] = [
  [[0xef, 0xbb, 0xbf], "utf8"],
  [[0x84, 0x31, 0x95, 0x33], "gb18030"],
  [[0xff, 0xfe], "utf16"],
  [[0xfe, 0xff], "utf16"],
];

/** Bytes of the byte order mark at a file's start; SOURCE_CHARSET_WRONG where it is another charset's. */
export function byteOrderMark(head: Buffer, declared: "auto" | Charset, place: ErrorParams): number {
  const found = marks.find(([bytes]) => bytes.every((byte, at) => head[at] === byte));
  if (found === undefined) return 0;
  const [bytes, charset] = found;
  const family = declared === "auto" || declared === "utf8" ? "utf8" : "gb18030";
  if (charset === family) return bytes.length;
  throw new DuijieError("SOURCE_CHARSET_WRONG", { ...place, line: 1, declared, looksLike: charset });
}
