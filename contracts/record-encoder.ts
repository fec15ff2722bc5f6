import { hash } from "node:crypto";
import type { ByteRange } from "./byte-range.ts";
import { encodePlain } from "./encode-plain.ts";
import type { FieldValue } from "./entity.ts";

const slabBytes = 256 * 1024;
const quote = 0x22;
const comma = 0x2c;

/**
 * A record's values as a JSON array in UTF-8, and their digest (`digestText`), in one pass over the characters: what
 * `JSON.stringify`, an encoding and the text of the digest would each go over again. Values are short, so a loop in JavaScript
 * is cheaper than a call into the engine for each.
 */
export class RecordEncoder {
  #json = Buffer.alloc(0);
  #used = 0;
  #digest = Buffer.allocUnsafeSlow(4096);

  encode(values: readonly FieldValue[]): { readonly record: ByteRange; readonly digest: string } {
    this.#makeRoom(values);
    const json = this.#json;
    const start = this.#used;
    let at = start;
    let end = 0;
    json[at++] = 0x5b;
    for (let index = 0; index < values.length; index += 1) {
      if (index > 0) {
        json[at++] = comma;
        this.#digest[end++] = comma;
      }
      const value = values[index];
      if (value === null || value === undefined) {
        json[at++] = 0x6e;
        json[at++] = 0x75;
        json[at++] = 0x6c;
        json[at++] = 0x6c;
        this.#digest[end++] = 0x2d;
        continue;
      }
      json[at] = quote;
      const after = encodePlain(value, json, at + 1);
      if (after === -1) {
        at += json.write(JSON.stringify(value), at, "utf8");
        end = this.#digestOfText(value, end);
      } else {
        json[after] = quote;
        end = this.#digestOfBytes(json, at + 1, after, end);
        at = after + 1;
      }
    }
    json[at++] = 0x5d;
    this.#used = at;
    return {
      record: { bytes: json, start, end: at },
      digest: hash("sha256", this.#digest.subarray(0, end), "hex"),
    };
  }

  /** For the longest that these values can become: six bytes a unit where JSON escapes, and what stands between. */
  #makeRoom(values: readonly FieldValue[]): void {
    let room = 2;
    for (const value of values) room += 8 + (value === null || value === undefined ? 0 : value.length * 6);
    if (this.#json.length - this.#used < room) {
      this.#json = Buffer.allocUnsafeSlow(Math.max(slabBytes, room));
      this.#used = 0;
    }
    if (this.#digest.length < 2 * room) this.#digest = Buffer.allocUnsafeSlow(2 * room);
  }

  #digestOfBytes(bytes: Buffer, from: number, to: number, end: number): number {
    const digest = this.#digest;
    let at = writeLength(digest, to - from, end);
    for (let index = from; index < to; index += 1) digest[at++] = bytes[index] ?? 0;
    return at;
  }

  #digestOfText(value: string, end: number): number {
    const at = writeLength(this.#digest, Buffer.byteLength(value), end);
    return at + this.#digest.write(value, at, "utf8");
  }
}

/** `12:`; gives the place after it. */
function writeLength(bytes: Buffer, length: number, from: number): number {
  let at = from;
  if (length >= 1000) at += bytes.write(String(length), at, "latin1");
  else {
    if (length >= 100) bytes[at++] = 48 + Math.trunc(length / 100);
    if (length >= 10) bytes[at++] = 48 + (Math.trunc(length / 10) % 10);
    bytes[at++] = 48 + (length % 10);
  }
  bytes[at++] = 0x3a;
  return at;
}
