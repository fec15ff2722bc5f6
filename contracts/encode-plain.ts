const quote = 0x22;
const backslash = 0x5c;

/**
 * The text in UTF-8 from `from` on; gives the place after it. -1, with nothing to be relied on behind `from`, for a text that
 * JSON or COPY would have to escape something in: controls, the quotation mark, the backslash, half a surrogate pair.
 */
export function encodePlain(text: string, bytes: Buffer, from: number): number {
  let at = from;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      if (unit < 0x20 || unit === quote || unit === backslash) return -1;
      bytes[at++] = unit;
    } else if (unit < 0x800) {
      bytes[at++] = 0xc0 | (unit >> 6);
      bytes[at++] = 0x80 | (unit & 0x3f);
    } else if (unit >= 0xd800 && unit <= 0xdfff) {
      const point = text.codePointAt(index) ?? 0;
      if (point < 0x10000) return -1;
      index += 1;
      bytes[at++] = 0xf0 | (point >> 18);
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else {
      bytes[at++] = 0xe0 | (unit >> 12);
      bytes[at++] = 0x80 | ((unit >> 6) & 0x3f);
      bytes[at++] = 0x80 | (unit & 0x3f);
    }
  }
  return at;
}
