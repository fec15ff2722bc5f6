import { isAscii, isUtf8 } from "node:buffer";

/** What a registry's bytes are. GBK is read by the GB18030 table, its superset, always. */
export type Charset = "utf8" | "gb18030" | "gbk";

const replacementCharacter = "\uFFFD";
const gbDecoder = new TextDecoder("gb18030", { fatal: true });

/**
 * GB18030 gave 24 characters a place in the private use area until Unicode had them. Tables disagree on which form
 * a byte pair means (Node gives the standard one for 18 of them, PostgreSQL and iconv-lite the private one), so the
 * same name read by two ways would differ. We give the standard twin for all 24.
 */
const privateTwins: ReadonlyMap<string, string> = new Map(
  [
    [0xe78d, 0xfe10],
    [0xe78e, 0xfe12],
    [0xe78f, 0xfe11],
    [0xe790, 0xfe13],
    [0xe791, 0xfe14],
    [0xe792, 0xfe15],
    [0xe793, 0xfe16],
    [0xe794, 0xfe17],
    [0xe795, 0xfe18],
    [0xe796, 0xfe19],
    [0xe816, 0x20087],
    [0xe817, 0x20089],
    [0xe818, 0x200cc],
    [0xe81e, 0x9fb4],
    [0xe826, 0x9fb5],
    [0xe82b, 0x9fb6],
    [0xe82c, 0x9fb7],
    [0xe831, 0x215d7],
    [0xe832, 0x9fb8],
    [0xe83b, 0x2298f],
    [0xe843, 0x9fb9],
    [0xe854, 0x9fba],
    [0xe855, 0x241fe],
    [0xe864, 0x9fbb],
  ].map(([own, twin]) => [String.fromCodePoint(own ?? 0), String.fromCodePoint(twin ?? 0)]),
);
const mayHoldTwin = /[\uE78D-\uE864]/;
const twinOrNot = /[\uE78D-\uE864]/g;

/**
 * Text of the bytes, or null where they are not of that charset. A stored U+FFFD is also null: it is the trace of
 * an earlier loss, and nobody downstream could tell it from ours.
 */
export function decode(bytes: Uint8Array, charset: Charset): string | null {
  if (isAscii(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const text = charset === "utf8" ? decodeUtf8(bytes) : decodeGb(bytes);
  return text === null || text.includes(replacementCharacter) ? null : text;
}

function decodeUtf8(bytes: Uint8Array): string | null {
  // Of bytes that are known to be good this is a third of a decoder's cost; it keeps a byte order mark.
  return isUtf8(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")
    : null;
}

function decodeGb(bytes: Uint8Array): string | null {
  try {
    const text = gbDecoder.decode(bytes);
    if (!mayHoldTwin.test(text)) return text;
    return text.replace(twinOrNot, (character) => privateTwins.get(character) ?? character);
  } catch {
    return null;
  }
}

/** Bytes of the text, or null where the charset has no code for one of its characters. */
export function encode(text: string, charset: Charset): Buffer | null {
  if (charset === "utf8") return text.isWellFormed() ? Buffer.from(text, "utf8") : null;
  const parts: Buffer[] = [];
  for (const character of text) {
    const bytes = encodeGbCharacter(character, charset);
    if (bytes === null) return null;
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

function encodeGbCharacter(character: string, charset: "gb18030" | "gbk"): Buffer | null {
  if (isAscii(Buffer.from(character))) return Buffer.from(character, "latin1");
  const pair = gbPairs().get(character);
  if (pair !== undefined) return pair;
  if (charset === "gbk") return null;
  const codePoint = character.codePointAt(0) ?? 0;
  if (codePoint >= 0x10000) return gbQuad(0x90308130, codePoint - 0x10000);
  return gbQuads().get(character) ?? null;
}

let pairs: ReadonlyMap<string, Buffer> | undefined;
/** All two-byte codes, turned round. Built from the decoder at first use, so that both directions agree. */
function gbPairs(): ReadonlyMap<string, Buffer> {
  pairs ??= reversed(function* () {
    for (let lead = 0x81; lead <= 0xfe; lead++) {
      for (let trail = 0x40; trail <= 0xfe; trail++) yield Buffer.from([lead, trail]);
    }
  });
  return pairs;
}

let quads: ReadonlyMap<string, Buffer> | undefined;
/** The four-byte codes of the basic plane: 0x81308130 up to 0x8431A439. */
function gbQuads(): ReadonlyMap<string, Buffer> {
  quads ??= reversed(function* () {
    for (let offset = 0; offset < 39_420; offset++) yield gbQuad(0x81308130, offset);
  });
  return quads;
}

function reversed(codes: () => Iterable<Buffer>): ReadonlyMap<string, Buffer> {
  const map = new Map<string, Buffer>();
  for (const code of codes()) {
    const character = decode(code, "gb18030");
    if (character !== null && isOneCharacter(character) && !map.has(character)) map.set(character, code);
  }
  return map;
}

function isOneCharacter(text: string): boolean {
  return text.length === 1 || (text.length === 2 && (text.codePointAt(0) ?? 0) > 0xffff);
}

/** The code `offset` places after `first`: digits of base 10, 126, 10 and 126. */
function gbQuad(first: number, offset: number): Buffer {
  const fourth = first & 0xff;
  const third = (first >>> 8) & 0xff;
  const second = (first >>> 16) & 0xff;
  const lead = (first >>> 24) & 0xff;
  const low = fourth - 0x30 + offset;
  const middle = third - 0x81 + Math.floor(low / 10);
  const high = second - 0x30 + Math.floor(middle / 126);
  return Buffer.from([
    lead + Math.floor(high / 10),
    0x30 + (high % 10),
    0x81 + (middle % 126),
    0x30 + (low % 10),
  ]);
}
