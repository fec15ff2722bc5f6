/** A piece of a buffer that others share: text as UTF-8, kept without a string of its own. */
export interface ByteRange {
  readonly bytes: Buffer;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export function isByteRange(value: object): value is ByteRange {
  return "bytes" in value;
}

export function textOf({ bytes, start, end }: ByteRange): string {
  return bytes.toString("utf8", start, end);
}
