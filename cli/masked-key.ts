/**
 * A source key as it may stand on a screen that others see: a registry may use an ID number as its key. The last two
 * characters remain, enough to find the record again among few.
 */
export function maskedKey(key: string | null): string | null {
  return key === null ? null : `***${key.length > 6 ? key.slice(-2) : ""}`;
}
