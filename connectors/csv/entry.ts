/**
 * Where a row stands, under its key. The key is UTF-8 as Latin-1, parts joined by NUL, so that text compares as "C"
 * compares tuples, whatever the file's charset is.
 */
export interface Entry {
  readonly key: string;
  readonly offset: number;
  readonly length: number;
}

/** The key of all rows without a readable one: after every other, as no UTF-8 begins with it. */
export const keyless = "\u00FF";

export function sortKey(parts: readonly (string | null)[]): string {
  if (parts.some((part) => part === null)) return keyless;
  return Buffer.from(parts.join("\0"), "utf8").toString("latin1");
}

/** The parts of a sort key that is not `keyless`. */
export function keyParts(key: string): readonly string[] {
  return Buffer.from(key, "latin1").toString("utf8").split("\0");
}

const headBytes = 14;

export function entryBytes(key: string): number {
  return headBytes + key.length;
}

/** Returns where the next entry begins. */
export function writeEntry(buffer: Buffer, at: number, { key, offset, length }: Entry): number {
  buffer.writeUInt32LE(key.length, at);
  buffer.writeUIntLE(offset, at + 4, 6);
  buffer.writeUInt32LE(length, at + 10);
  buffer.write(key, at + headBytes, "latin1");
  return at + headBytes + key.length;
}

/** Null where the buffer, from `at` to `end`, does not hold a whole entry. */
export function readEntry(buffer: Buffer, at: number, end: number): Entry | null {
  if (end - at < headBytes) return null;
  const keyBytes = buffer.readUInt32LE(at);
  if (end - at < headBytes + keyBytes) return null;
  return {
    key: buffer.toString("latin1", at + headBytes, at + headBytes + keyBytes),
    offset: buffer.readUIntLE(at + 4, 6),
    length: buffer.readUInt32LE(at + 10),
  };
}
