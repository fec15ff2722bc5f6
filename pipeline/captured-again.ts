import type { CapturedRow } from "./unit.ts";

/** A row that staging or its earlier rows keep, taken up again in the place of the one that stands in `parkedIn`. */
export function capturedAgain(
  kept: Pick<CapturedRow, "key" | "hash" | "county" | "op" | "raw"> & {
    readonly agreedNationalVersion: string | null;
  },
  parkedIn: string,
): CapturedRow {
  const { agreedNationalVersion, county, hash, key, op, raw } = kept;
  // Of what is known only the agreed version counts: the row is not compared, it is landed.
  const known = {
    key,
    op,
    hash: "",
    wireDigest: null,
    contractVersion: 0,
    mappingVersion: "",
    agreedNationalVersion,
  };
  return { key, hash, county, op, raw, line: null, unreadable: null, known, parkedIn };
}
