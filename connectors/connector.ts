import type { ByteRange } from "../contracts/byte-range.ts";
import type { EntityName } from "../contracts/entity.ts";

/**
 * The port to a province's own registry. One engine, one folder; `conformance.ts` is the suite that each must pass.
 * A registry is described in configuration, never in code: a `SourceEntity` names a relation or a query, its key
 * and which column feeds which contract field. Everything that crosses this port is text in the source's own codes.
 */

export interface SourceColumn {
  /** The contract field that this column feeds, camelCase. */
  readonly field: string;
  /** The column of `from`, as the database spells it. */
  readonly column: string;
}

/** A scope narrows what is read; the database compares. Empty lists are not allowed: leave the part out. */
export interface SourceScope {
  readonly counties?: readonly string[];
  readonly phases?: readonly string[];
}

export interface SourceEntity {
  readonly entity: EntityName;
  /** A table or view ("schema.table", unquoted parts are quoted by the connector) or a whole SELECT. */
  readonly from: { readonly relation: string } | { readonly query: string };
  /** One or more key columns. Their order is the key's order. */
  readonly key: readonly string[];
  readonly columns: readonly SourceColumn[];
  readonly countyColumn?: string;
  readonly phaseColumn?: string;
  readonly scope?: SourceScope;
}

/**
 * A half-open range of keys `lower <= key < upper`, computed and compared by the source database under the
 * column's own type and collation. `null` is open. JSON-safe: bounds are the database's own text of each key column.
 * `nullKeys`: the one range of rows with a NULL in a key column; it has no bounds.
 */
export interface KeyRange {
  readonly lower: readonly string[] | null;
  readonly upper: readonly string[] | null;
  readonly nullKeys: boolean;
}

export interface SourceRow {
  /** Text of the key, several columns joined by `joinKey` of connector.ts; null where a key column is NULL. */
  readonly key: string | null;
  /** The engine's own digest of all configured columns: opaque, equal for equal rows. */
  readonly hash: string;
  /** Raw text of the county column, null where none is configured or the value is NULL. */
  readonly county: string | null;
  /** One text per `SourceEntity.columns`, same order; null is SQL NULL. Empty text stays empty text. */
  readonly values: readonly (string | null)[];
  /**
   * `values` as a line of PostgreSQL's COPY text format in UTF-8, without its newline, where the engine has it for
   * nothing: it is then staged as it came.
   */
  readonly line?: ByteRange;
  /** Set where a value could not be decoded by the declared charset: column and its bytes in hex. */
  readonly unreadable?: { readonly column: string; readonly hex: string };
}

/** Count and order-free sum (decimal text, mod 2^64) of the row hashes of a range: compares without moving rows. */
export interface RangeHash {
  readonly rows: number;
  readonly sum: string;
}

/**
 * What an engine can do, as data: nothing asks for an engine by name. `duijie check` prints each with what it means
 * (`connectors.capability.<name>` of the texts).
 */
export const capabilityNames = [
  /** A range is read of one consistent state. */
  "snapshot",
  /** The engine computes row hashes itself, so segments compare without moving rows. */
  "hashRange",
  /** Empty text is not NULL. */
  "emptyText",
  /** A whole SELECT can be a source. */
  "queries",
  /** The server itself refuses writes in our sessions. */
  "readOnly",
  /** Changes can be followed between loads. */
  "changes",
] as const;
export type Capability = (typeof capabilityNames)[number];
export type ConnectorCapabilities = Readonly<Record<Capability, boolean>>;

/** One finding of `check`: `ok` false means that a load would fail or lose something. */
export interface CheckFinding {
  readonly ok: boolean;
  /** Stable, such as `server`, `charset`, `table`, `column`, `key-index`, `right`. */
  readonly subject: string;
  readonly entity?: EntityName;
  /** An error code of contracts/errors.ts where `ok` is false. */
  readonly code?: string;
  /** What was found and where: names and counts only. */
  readonly detail: Readonly<Record<string, string | number>>;
}

export interface ReadLimits {
  /** Rows a second that one reader may take; undefined is no limit. */
  readonly rowsPerSecond?: number;
  /** Rows in one page handed over, at most; pages bound memory. */
  readonly pageRows: number;
}

export interface Connector {
  readonly engine: string;
  readonly capabilities: ConnectorCapabilities;
  /** Asks server, charset, rights, tables, columns, key and its index. Never throws for what it can report. */
  check(sources: readonly SourceEntity[], signal: AbortSignal): Promise<readonly CheckFinding[]>;
  /** Rows in scope, counted by the database. */
  count(source: SourceEntity, signal: AbortSignal): Promise<number>;
  /** Counties in scope with their rows, for plan and pilot; empty where no county column is configured. */
  counties(
    source: SourceEntity,
    signal: AbortSignal,
  ): Promise<readonly { county: string | null; rows: number }[]>;
  /**
   * Ranges of about `rowsPerRange` rows that together hold each row exactly once, first and last open, the
   * NULL-key range last. Computed over the whole entity, whatever its scope, so that they stay valid for every scope.
   */
  planRanges(source: SourceEntity, rowsPerRange: number, signal: AbortSignal): Promise<readonly KeyRange[]>;
  /** Pages of one range; equal keys never fall into two ranges. Back-pressured: nothing is read ahead of the consumer by more than a page. */
  readRange(
    source: SourceEntity,
    range: KeyRange,
    limits: ReadLimits,
    signal: AbortSignal,
  ): AsyncIterable<readonly SourceRow[]>;
  hashRange(source: SourceEntity, range: KeyRange, signal: AbortSignal): Promise<RangeHash>;
  /**
   * One small question as a clerk would ask it, such as the first row of a range by its key: its time tells how the
   * registry does. Absent where nobody else waits for what is read (files): reading is then not slowed down.
   */
  probe?(source: SourceEntity, range: KeyRange, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** The one text form of a key of several columns: parts joined by `|`, with `\` and `|` in a part escaped by `\`. */
export function joinKey(parts: readonly string[]): string {
  const first = parts[0];
  if (parts.length === 1 && first !== undefined) return first;
  return parts.map((part) => part.replaceAll("\\", "\\\\").replaceAll("|", "\\|")).join("|");
}

/** The key of a row whose key columns stand at `keyAt`; null where one of them is NULL. */
export function keyText(fields: readonly (string | null)[], keyAt: readonly number[]): string | null {
  const parts: string[] = [];
  for (const at of keyAt) {
    const part = fields[at];
    if (part === null || part === undefined) return null;
    parts.push(part);
  }
  return joinKey(parts);
}
