import type { Connector, KeyRange, ReadLimits, SourceRow } from "../../connectors/connector.ts";
import { takeBatchIds } from "../../exchange-db/batches.ts";
import type { LeasedChunk } from "../../exchange-db/chunks.ts";
import { type KnownRow, knownRows, parkedHashes } from "../../exchange-db/known-rows.ts";
import type { Store } from "../../exchange-db/store.ts";
import { type EntityPlan, rangeOf, rawOf } from "../entity-plan.ts";
import { traceParent } from "../envelope.ts";
import type { Stage } from "../stage.ts";
import type { CapturedRow, CapturedUnit, KeylessRow, UnitHead } from "../unit.ts";

export interface SourceReading {
  readonly connector: Connector;
  readonly limits: ReadLimits;
}

export interface CaptureOptions extends SourceReading {
  readonly store: Store;
  readonly province: string;
  /** The version of mapping tables and contract that this run maps with. */
  readonly mappingVersion: string;
  /** What did not change is sent again too, under a new version. */
  readonly isResent?: boolean;
  /** How many batch numbers to take: as many as the unit may close. */
  readonly batchIds: number;
  /** Of the chunk, for the envelopes of its batches. */
  readonly traceParent: string;
}

/**
 * capture: a leased chunk → its rows, page by page, the doubled and key-less ones apart, the unchanged ones counted and left
 * out. What was never landed comes as it is read, so that a page can be worked on and forgotten: there the first of two rows
 * with one key has gone on when the second comes, and `mergePages` takes it back.
 */
export function captureStage(
  options: CaptureOptions,
  plan: EntityPlan,
): Stage<LeasedChunk, AsyncIterable<CapturedUnit>> {
  return {
    name: "capture",
    async run(chunk, signal) {
      // Before the read: who reads later has higher versions.
      const head = {
        origin: { kind: "chunk", segment: chunk.segment, token: chunk.token, isFirst: !chunk.isLanded },
        traceParent: options.traceParent,
        batchIds: await takeBatchIds(options.store, options.batchIds),
      } as const;
      const range = rangeOf(chunk);
      return chunk.isLanded
        ? comparedUnit(options, plan, head, range, signal)
        : freshPages(options, plan, head, range, signal);
    },
  };
}

/** A range read as if nothing of it was ever landed: what a dry run judges. It is not compared, and can't be landed. */
export function captureOnly(
  options: SourceReading,
  plan: EntityPlan,
  range: KeyRange,
  signal: AbortSignal,
): AsyncIterable<CapturedUnit> {
  const origin = { kind: "chunk", segment: null, token: null, isFirst: true } as const;
  return freshPages(options, plan, { origin, traceParent: traceParent(), batchIds: [] }, range, signal);
}

type Head = Pick<UnitHead, "origin" | "traceParent" | "batchIds">;

async function* freshPages(
  options: SourceReading,
  plan: EntityPlan,
  head: Head,
  range: KeyRange,
  signal: AbortSignal,
): AsyncGenerator<CapturedUnit> {
  const seen = new Set<string>();
  // Also where there is no row: an empty chunk is landed too.
  yield { ...head, readCount: 0, unchangedCount: 0, rows: [], keyless: [], counties: new Map() };
  for await (const page of options.connector.readRange(plan.source, range, options.limits, signal)) {
    const rows: CapturedRow[] = [];
    const keyless: KeylessRow[] = [];
    for (const row of page) {
      if (row.key === null || seen.has(row.key)) keyless.push(keylessRow(plan, row));
      else {
        seen.add(row.key);
        rows.push(capturedRow(plan, row, row.key));
      }
    }
    yield {
      ...head,
      readCount: page.length,
      unchangedCount: 0,
      rows,
      keyless,
      counties: countByCounty(page),
    };
  }
}

/** The whole chunk at once: whether a row is new can only be asked of many together. */
async function* comparedUnit(
  options: CaptureOptions,
  plan: EntityPlan,
  head: Head,
  range: KeyRange,
  signal: AbortSignal,
): AsyncGenerator<CapturedUnit> {
  const read = await readAll(options, plan, range, signal);
  const { single, keyless } = splitByKey(plan, read);
  const rows = await dropUnchanged(options, plan, single);
  const newKeyless = await dropParked(options, plan, keyless);
  yield {
    ...head,
    readCount: read.length,
    unchangedCount: read.length - rows.length - newKeyless.length,
    rows,
    keyless: newKeyless,
    counties: countByCounty(read),
  };
}

async function readAll(
  options: SourceReading,
  plan: EntityPlan,
  range: KeyRange,
  signal: AbortSignal,
): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const page of options.connector.readRange(plan.source, range, options.limits, signal)) {
    for (const row of page) rows.push(row);
  }
  return rows;
}

function splitByKey(
  plan: EntityPlan,
  rows: readonly SourceRow[],
): { single: CapturedRow[]; keyless: KeylessRow[] } {
  const seen = new Map<string, number>();
  for (const row of rows) if (row.key !== null) seen.set(row.key, (seen.get(row.key) ?? 0) + 1);
  const single: CapturedRow[] = [];
  const keyless: KeylessRow[] = [];
  for (const row of rows) {
    if (row.key !== null && seen.get(row.key) === 1) single.push(capturedRow(plan, row, row.key));
    else keyless.push(keylessRow(plan, row));
  }
  return { single, keyless };
}

function capturedRow(plan: EntityPlan, row: SourceRow, key: string): CapturedRow {
  return {
    key,
    hash: row.hash,
    county: row.county,
    op: "upsert",
    raw: rawOf(plan, row),
    line: row.line ?? null,
    unreadable: row.unreadable ?? null,
    known: null,
    parkedIn: null,
  };
}

/** Neither of two rows with one key can be trusted: both are parked, by ordinal, with all they hold. */
function keylessRow(plan: EntityPlan, row: SourceRow): KeylessRow {
  const raw = Object.fromEntries(
    plan.source.columns.map((column, index) => [column.field, row.values[index] ?? null]),
  );
  return {
    key: row.key,
    hash: row.hash,
    county: row.county,
    code:
      row.key !== null ? "KEY_DUPLICATE" : row.unreadable === undefined ? "KEY_MISSING" : "RECORD_MALFORMED",
    raw,
  };
}

async function dropUnchanged(
  options: CaptureOptions,
  plan: EntityPlan,
  rows: readonly CapturedRow[],
): Promise<CapturedRow[]> {
  const keys = rows.map((row) => row.key);
  const known = await knownRows(options.store, options.province, plan.entity, keys);
  // Doubled before and single now: landed anew although staging knows it, which closes what is parked under the key.
  const doubled = await parkedHashes(options.store, options.province, plan.entity, keys, false);
  const fresh: CapturedRow[] = [];
  for (const row of rows) {
    const before = known.get(row.key);
    if (before === undefined) fresh.push(row);
    // Without the digest of what was sent nothing counts as sent; parked rows stay parked.
    else if (options.isResent === true || doubled.has(row.key))
      fresh.push({ ...row, known: { ...before, wireDigest: null } });
    else if (!isSame(options, plan, row, before)) fresh.push({ ...row, known: before });
  }
  return fresh;
}

/** Under another mapping version a row with the same hash is mapped anew; the validate stage compares what comes out. */
function isSame(options: CaptureOptions, plan: EntityPlan, row: CapturedRow, before: KnownRow): boolean {
  if (row.op !== before.op) return false;
  if (row.op === "delete") return true;
  return (
    before.hash === row.hash &&
    before.mappingVersion === options.mappingVersion &&
    before.contractVersion === plan.contract.version
  );
}

/** Doubled and key-less rows that are parked already, each with the same content as before, are unchanged as a whole. */
async function dropParked(
  options: CaptureOptions,
  plan: EntityPlan,
  rows: readonly KeylessRow[],
): Promise<KeylessRow[]> {
  if (rows.length === 0) return [];
  const byKey = new Map<string, KeylessRow[]>();
  for (const row of rows) {
    const group = byKey.get(row.key ?? "");
    if (group === undefined) byKey.set(row.key ?? "", [row]);
    else group.push(row);
  }
  const keys = rows.map((row) => row.key).filter((key) => key !== null);
  const parked = await parkedHashes(
    options.store,
    options.province,
    plan.entity,
    keys,
    keys.length < rows.length,
  );
  const isParked = (key: string, group: readonly KeylessRow[]) =>
    JSON.stringify(group.map((row) => row.hash).toSorted()) ===
    JSON.stringify([...(parked.get(key) ?? [])].toSorted());
  return [...byKey].filter(([key, group]) => !isParked(key, group)).flatMap(([, group]) => group);
}

function countByCounty(rows: readonly SourceRow[]): Map<string, { read: number; quarantined: number }> {
  const counties = new Map<string, { read: number; quarantined: number }>();
  for (const row of rows) {
    const county = row.county ?? "";
    const count = counties.get(county);
    if (count === undefined) counties.set(county, { read: 1, quarantined: 0 });
    else count.read += 1;
  }
  return counties;
}
