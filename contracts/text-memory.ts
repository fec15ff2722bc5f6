const slots = 8;
/** Longer texts are rarely met again. */
const rememberedBytes = 32;

/**
 * The last few texts of each column, by their bytes. Codes have few values and pupils come class by class: a text that was
 * met lately is the same string again, with nothing to decode or allocate, its hash known, and equal to itself at a glance.
 */
export class TextMemory {
  readonly #bytes: Uint8Array;
  readonly #lengths: Uint8Array;
  readonly #texts: string[];

  constructor(columns: number) {
    this.#bytes = new Uint8Array(columns * slots * rememberedBytes);
    this.#lengths = new Uint8Array(columns * slots);
    this.#texts = Array.from({ length: columns * slots }, () => "");
  }

  /** The text of good UTF-8; `isAscii`: no byte of it is above 127. */
  text(column: number, bytes: Buffer, start: number, end: number, isAscii: boolean): string {
    const length = end - start;
    if (length === 0) return "";
    if (length > rememberedBytes) return bytes.toString(isAscii ? "latin1" : "utf8", start, end);
    const mixed = length + (bytes[start] ?? 0) + 5 * (bytes[end - 1] ?? 0);
    const slot = column * slots + (mixed & (slots - 1));
    const known = slot * rememberedBytes;
    const remembered = this.#bytes;
    if (this.#lengths[slot] === length) {
      let same = 0;
      while (same < length && remembered[known + same] === bytes[start + same]) same += 1;
      if (same === length) return this.#texts[slot] ?? "";
    }
    const text = bytes.toString(isAscii ? "latin1" : "utf8", start, end);
    this.#lengths[slot] = length;
    for (let at = 0; at < length; at += 1) remembered[known + at] = bytes[start + at] ?? 0;
    this.#texts[slot] = text;
    return text;
  }
}
