import type { EntityName } from "../contracts/entity.ts";
import { takeBatchIds } from "../exchange-db/batches.ts";
import {
  type ParkedCursor,
  type ParkedFilter,
  type ParkedRecord,
  parkedPage,
  updateFindings,
} from "../exchange-db/parked.ts";
import type { Store } from "../exchange-db/store.ts";
import type { EntityPlan } from "./entity-plan.ts";
import { traceParent } from "./envelope.ts";
import type { CapturedRow, CapturedUnit, ParkedRow, ValidatedUnit } from "./unit.ts";
import type { UpstreamFlow } from "./upstream-flow.ts";

export interface ParkedOptions {
  readonly store: Store;
  readonly province: string;
  readonly pageRows: number;
  readonly kind: "release" | "replay";
  readonly filter: ParkedFilter;
}

export interface ParkedResult {
  readonly looked: number;
  /** Sent again as a new version. */
  readonly released: number;
  /** Still parked, for the same or for another reason. */
  readonly kept: number;
}

/**
 * Takes parked records up again, page by page, from what staging holds: a release sends the waiting ones whose parent
 * was applied, a replay those that now pass. What still fails stays exactly where it is. One process of a province at a
 * time: a replay waits for its turn, a release returns at once with nothing looked at, as somebody is at it.
 */
export async function takeUpParked(
  options: ParkedOptions,
  plan: EntityPlan,
  flow: UpstreamFlow,
  signal: AbortSignal,
): Promise<ParkedResult> {
  return await exclusively(options, plan.entity, async () => {
    let result: ParkedResult = { looked: 0, released: 0, kept: 0 };
    let cursor: ParkedCursor | null = null;
    for (;;) {
      const filter = { ...options.filter, releasable: options.kind === "release" };
      const page = await parkedPage(
        options.store,
        options.province,
        plan.entity,
        filter,
        cursor,
        options.pageRows,
      );
      const last = page.at(-1);
      if (last === undefined || signal.aborted) return result;
      // Landed pages leave the list, kept records stay in it: the cursor passes both.
      cursor = { batchId: last.batchId, ordinal: last.ordinal };
      const released = await takeUpPage(options, flow, page, signal);
      result = {
        looked: result.looked + page.length,
        released: result.released + released,
        kept: result.kept + page.length - released,
      };
    }
  });
}

async function takeUpPage(
  options: ParkedOptions,
  flow: UpstreamFlow,
  page: readonly ParkedRecord[],
  signal: AbortSignal,
): Promise<number> {
  const batchIds = await takeBatchIds(options.store, 2 + 2 * Math.ceil(page.length / 500));
  const judged = await flow.judge(unitOf(options.kind, page, batchIds), signal);
  await noteNewFindings(options.store, page, judged.parked);
  if (judged.passed.length === 0) return 0;
  const sealed = await flow.land(onlyPassed(judged), signal);
  await flow.publish(sealed, signal);
  return judged.passed.length;
}

function unitOf(
  kind: "release" | "replay",
  page: readonly ParkedRecord[],
  batchIds: readonly bigint[],
): CapturedUnit {
  return {
    origin: { kind, segment: null, token: null, isFirst: false },
    traceParent: traceParent(),
    batchIds,
    readCount: page.length,
    unchangedCount: 0,
    rows: page.map(capturedRow),
    keyless: [],
    counties: new Map(),
  };
}

/** `known` carries the agreed version only: a record that is sent again on purpose is never "unchanged". */
function capturedRow(record: ParkedRecord): CapturedRow {
  const { key, hash, county, op, raw, agreedNationalVersion } = record;
  const known = {
    key,
    hash: "",
    wireDigest: null,
    contractVersion: 0,
    mappingVersion: "",
    agreedNationalVersion,
  };
  return { key, hash, county, op, raw, unreadable: null, known };
}

/** What still fails is not landed again, so it is not counted as read again either. */
function onlyPassed(judged: ValidatedUnit): ValidatedUnit {
  const keys = new Set(judged.passed.map(({ row }) => row.key));
  const rows = judged.captured.rows.filter((row) => keys.has(row.key));
  return { ...judged, parked: [], captured: { ...judged.captured, rows, readCount: judged.passed.length } };
}

/** A record parked for two codes keeps only the one that is still missing. */
async function noteNewFindings(
  store: Store,
  page: readonly ParkedRecord[],
  parked: readonly ParkedRow[],
): Promise<void> {
  const byKey = new Map(page.map((record) => [record.key, record]));
  const changed = parked.flatMap(({ row, findings }) => {
    const record = byKey.get(row.key);
    const first = findings[0];
    if (record === undefined || first === undefined || record.outcome !== "quarantined") return [];
    if (JSON.stringify(record.findings) === JSON.stringify(findings)) return [];
    return [
      { batchId: record.batchId, ordinal: record.ordinal, code: first.code, field: first.field, findings },
    ];
  });
  await updateFindings(store, changed);
}

async function exclusively(
  { kind, province, store }: ParkedOptions,
  entity: EntityName,
  work: () => Promise<ParkedResult>,
): Promise<ParkedResult> {
  return await store.withClient(async (client) => {
    const name = `duijie.parked.${province}.${entity}`;
    const lock = kind === "replay" ? "pg_advisory_lock(hashtext($1)) IS NOT NULL" : "pg_try_advisory_lock(hashtext($1))";
    const got = await client.query<{ ok: boolean }>(`SELECT ${lock} AS ok`, [name]);
    if (got.rows[0]?.ok !== true) return { looked: 0, released: 0, kept: 0 };
    try {
      return await work();
    } finally {
      await client.query("SELECT pg_advisory_unlock(hashtext($1))", [name]);
    }
  });
}
