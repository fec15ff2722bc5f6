import type { ByteRange } from "../contracts/byte-range.ts";
import type { EntityName, FieldValue } from "../contracts/entity.ts";
import type { ErrorCode } from "../contracts/errors.ts";

/** A batch that was verified: signature, province, contract version and the shape of each record. */
export interface VerifiedBatch {
  readonly province: string;
  readonly batchId: bigint;
  readonly entity: EntityName;
  readonly contractVersion: number;
  readonly mappingVersion: number;
  readonly records: readonly WireRecord[];
}

export interface WireRecord {
  /** Its index on the wire. */
  readonly ordinal: number;
  readonly op: "upsert" | "delete";
  readonly key: string;
  readonly previousKey: string | null;
  readonly version: bigint;
  readonly baseNationalVersion: bigint | null;
  readonly custodyEpoch: number;
  /** Contract order. */
  readonly values: readonly FieldValue[];
  /** `values` as a line of COPY text, where whoever read the record kept that. */
  readonly line?: ByteRange;
  /** Of `values` those of the contract's `parents`, in their order; kept beside `line`, which is long to look into. */
  readonly parents?: readonly FieldValue[];
}

/** A record whose end differs from "applied". */
export interface Verdict {
  readonly ordinal: number;
  readonly key: string;
  readonly outcome: "rejected" | "waiting" | "superseded";
  readonly code: ErrorCode;
  readonly field: string | null;
  /** `waiting`: the identifier of the parent that is missing. */
  readonly parent: { readonly entity: EntityName; readonly identifier: string } | null;
}

export interface EntityDigest {
  readonly entity: EntityName;
  readonly rows: number;
  /** Sum of the first 7 bytes of each row's wire digest as unsigned numbers, decimal text; recomputed from columns. */
  readonly sum: string;
}

/**
 * The port to a national registry: ours (`national/reference`) or a foreign system's tables. `suite.ts` beside the
 * adapters is what each must pass. `S` is the adapter's own unit of work (for ours, a database client inside a transaction).
 */
export interface RegistryPort<S> {
  readonly adapter: string;
  /** Applies in the caller's transaction; a record's fault becomes its verdict, never a throw. */
  apply(session: S, batch: VerifiedBatch): Promise<readonly Verdict[]>;
  /** What the registry holds of a province now, recomputed from its columns. */
  digests(session: S, province: string): Promise<readonly EntityDigest[]>;
}
