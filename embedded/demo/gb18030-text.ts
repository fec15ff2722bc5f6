/**
 * Text → GB18030, of the generator's own: the runtime only decodes it. Two-byte codes and the four-byte codes of the
 * basic plane are the decoder turned round; beyond that plane the standard counts.
 */
const decoder = new TextDecoder("gb18030");

let table: ReadonlyMap<string, Buffer> | undefined;

function basicPlane(): ReadonlyMap<string, Buffer> {
  const codes = new Map<string, Buffer>();
  const add = (bytes: Buffer): void => {
    const text = decoder.decode(bytes);
    if (text.length === 1 && text !== "\uFFFD" && !codes.has(text)) codes.set(text, bytes);
  };
  for (let lead = 0x81; lead <= 0xfe; lead++)
    for (let trail = 0x40; trail <= 0xfe; trail++) add(Buffer.from([lead, trail]));
  for (let place = 0; place < 39_420; place++) add(fourBytes(0x81, place));
  return codes;
}

/** The code at a place, counted from `lead` 30 81 30. */
function fourBytes(lead: number, place: number): Buffer {
  const low = Math.floor(place / 10);
  const middle = Math.floor(low / 126);
  return Buffer.from([
    lead + Math.floor(middle / 10),
    0x30 + (middle % 10),
    0x81 + (low % 126),
    0x30 + (place % 10),
  ]);
}

export function gb18030Bytes(text: string): Buffer {
  table ??= basicPlane();
  const codes = table;
  return Buffer.concat(
    Array.from(text.match(/\p{ASCII}+|\P{ASCII}/gu) ?? [], (part) => {
      const codePoint = part.codePointAt(0) ?? 0;
      if (codePoint < 0x80) return Buffer.from(part, "latin1");
      const bytes = codePoint > 0xffff ? fourBytes(0x90, codePoint - 0x10000) : codes.get(part);
      if (bytes === undefined) throw new RangeError(`no code for U+${codePoint.toString(16)}`);
      return bytes;
    }),
  );
}
