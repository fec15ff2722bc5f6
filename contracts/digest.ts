import { hash } from "node:crypto";
import type { FieldValue } from "./entity.ts";

/** `5:` and its like, made once: most values are short. */
const prefixes: readonly string[] = Array.from({ length: 256 }, (_, length) => `${length}:`);

/**
 * The text over which both sides compute a record's digest: each value of the contract as `byte length:value`, null as
 * `-`, joined by `,`. Lengths are of UTF-8, so no value can imitate a border between two others.
 */
export function digestText(values: readonly FieldValue[]): string {
  let text = "";
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    if (at > 0) text += ",";
    if (value === null || value === undefined) {
      text += "-";
    } else {
      const length = utf8Length(value);
      text += (prefixes[length] ?? `${length}:`) + value;
    }
  }
  return text;
}

/** SHA-256 of `digestText`, 32 bytes: the wire digest that the nation recomputes from its columns. */
export function wireDigest(values: readonly FieldValue[]): Buffer {
  return hash("sha256", digestText(values), "buffer");
}

/** As Buffer.byteLength, but without leaving JavaScript: that call costs more than the loop over a short value. */
function utf8Length(value: string): number {
  let length = value.length;
  for (let at = 0; at < value.length; at += 1) {
    const unit = value.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (isPair(value, at, unit)) {
      length += 2;
      at += 1;
    } else length += 2;
  }
  return length;
}

function isPair(value: string, at: number, unit: number): boolean {
  if (unit < 0xd800 || unit > 0xdbff) return false;
  const next = value.charCodeAt(at + 1);
  return next >= 0xdc00 && next <= 0xdfff;
}
