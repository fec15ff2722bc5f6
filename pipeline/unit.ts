import type { ByteRange } from "../contracts/byte-range.ts";
import type { FieldValue } from "../contracts/entity.ts";
import type { KnownRow } from "../exchange-db/known-rows.ts";
import type { KeptFinding, LandingBatch, LandingOrigin, LandingRow } from "../exchange-db/landing.ts";

/** What a unit of work is about: one leased chunk, or one page of parked or of absent records. */
export interface UnitOrigin {
  readonly kind: LandingOrigin;
  readonly segment: number | null;
  readonly token: string | null;
  /** Nothing of this key range was ever landed. */
  readonly isFirst: boolean;
}

/** A row on its way: read, not yet mapped. Raw text per contract field, contract order. */
export interface CapturedRow {
  readonly key: string;
  readonly hash: string;
  readonly county: string | null;
  readonly op: "upsert" | "delete";
  readonly raw: readonly (string | null)[];
  /** The same in the order of the source's columns, as the engine sent it; null where it can't give that. */
  readonly line: ByteRange | null;
  /** Set where the source could not decode a column. */
  readonly unreadable: { readonly column: string; readonly hex: string } | null;
  readonly known: KnownRow | null;
  /** A parked row taken up again: the batch it was parked in. It may only replace exactly that. */
  readonly parkedIn: string | null;
}

/** A row that staging can't hold: no key, no readable key, or a key that another row has too. */
export interface KeylessRow {
  readonly key: string | null;
  readonly hash: string;
  readonly county: string | null;
  readonly code: "KEY_MISSING" | "KEY_DUPLICATE" | "RECORD_MALFORMED";
  readonly raw: Readonly<Record<string, string | null>>;
}

/** What is known of a unit besides its rows. */
export interface UnitHead {
  readonly origin: UnitOrigin;
  readonly traceParent: string;
  /** Taken before the read, ascending; the version of what was read. */
  readonly batchIds: readonly bigint[];
  readonly readCount: number;
  readonly unchangedCount: number;
  readonly keyless: readonly KeylessRow[];
  readonly counties: Map<string, { read: number; quarantined: number }>;
}

/** A unit with all its rows, or one page of it: then the counts are of that page. */
export interface CapturedUnit extends UnitHead {
  readonly rows: readonly CapturedRow[];
}

/** A row with what mapping and validation found. Without findings it goes on the wire. */
export interface MappedRow {
  readonly row: CapturedRow;
  readonly values: readonly FieldValue[];
  readonly findings: readonly KeptFinding[];
}

export interface MappedUnit {
  readonly captured: CapturedUnit;
  readonly rows: readonly MappedRow[];
}

/** What is left of a row that goes on the wire: few objects, for they live until the whole unit is landed. */
export interface PassedRow {
  readonly row: LandingRow;
  /** Its values, contract order, as a JSON array. */
  readonly record: ByteRange;
}

/** A row that stays in the province. Its raw text is kept value by value: somebody will look at it. */
export interface ParkedRow {
  readonly row: LandingRow & { readonly raw: readonly (string | null)[] };
  readonly findings: readonly KeptFinding[];
  /** Set where the source could not decode a column. */
  readonly unreadable: CapturedRow["unreadable"];
}

export interface ValidatedUnit {
  readonly captured: UnitHead;
  /** Unchanged in the source and, mapped anew, on the wire: nothing to land. */
  readonly unchangedCount: number;
  readonly passed: readonly PassedRow[];
  readonly parked: readonly ParkedRow[];
  /** Rows that a warning rule met, by rule. */
  readonly warnings: Readonly<Record<string, number>>;
}

export interface SealedUnit {
  readonly validated: ValidatedUnit;
  readonly batches: readonly LandingBatch[];
}
