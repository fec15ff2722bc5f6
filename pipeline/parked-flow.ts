import type { EntityName } from "../contracts/entity.ts";
import type { Log } from "../contracts/log.ts";
import { takeBatchIds } from "../exchange-db/batches.ts";
import {
  type ParkedCursor,
  type ParkedFilter,
  type ParkedRecord,
  parkedPage,
  updateFindings,
} from "../exchange-db/parked.ts";
import type { Store } from "../exchange-db/store.ts";
import { withBatchIds } from "./batch-ids.ts";
import { capturedAgain } from "./captured-again.ts";
import type { EntityPlan } from "./entity-plan.ts";
import { retry } from "./retry.ts";
import type { CapturedUnit, ParkedRow, ValidatedUnit } from "./unit.ts";
import type { UpstreamFlow } from "./upstream-flow.ts";

export interface ParkedOptions {
  readonly store: Store;
  readonly province: string;
  readonly pageRows: number;
  readonly kind: "release" | "replay";
  readonly filter: ParkedFilter;
  readonly log: Log;
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
    while (!signal.aborted) {
      const from: ParkedCursor | null = cursor;
      const take = async (count: number) => await takeUpPage(options, plan, flow, from, count, signal);
      const page: TakenPage = await retry(
        async () => await withBatchIds(flow.batchIdsFor(options.pageRows), take),
        { budget: 5, signal, log: options.log },
      );
      if (page.last === null) break;
      // Landed records leave the list, kept ones stay in it: the cursor passes both.
      cursor = page.last;
      result = {
        looked: result.looked + page.looked,
        released: result.released + page.released,
        kept: result.kept + page.looked - page.released,
      };
    }
    return result;
  });
}

interface TakenPage {
  readonly last: ParkedCursor | null;
  readonly looked: number;
  readonly released: number;
}

async function takeUpPage(
  options: ParkedOptions,
  plan: EntityPlan,
  flow: UpstreamFlow,
  cursor: ParkedCursor | null,
  batchIdCount: number,
  signal: AbortSignal,
): Promise<TakenPage> {
  const { kind, pageRows, province, store } = options;
  // Before the page is read: a chunk that lands newer rows meanwhile has higher versions than this page.
  const batchIds = await takeBatchIds(store, batchIdCount);
  const filter = { ...options.filter, releasable: kind === "release" };
  const page = await parkedPage(store, province, plan.entity, filter, cursor, pageRows);
  const end = page.at(-1);
  if (end === undefined) return { last: null, looked: 0, released: 0 };
  const last = { batchId: end.batchId, ordinal: end.ordinal };
  return await flow.traced(kind, async (traceParent) => {
    const judged = await flow.judge(unitOf(kind, page, batchIds, traceParent), signal);
    await noteNewFindings(store, page, judged.parked);
    if (judged.passed.length > 0) await flow.publish(await flow.land(onlyPassed(judged), signal), signal);
    return { last, looked: page.length, released: judged.passed.length };
  });
}

function unitOf(
  kind: "release" | "replay",
  page: readonly ParkedRecord[],
  batchIds: readonly bigint[],
  traceParent: string,
): CapturedUnit {
  return {
    origin: { kind, segment: null, token: null, isFirst: false },
    traceParent,
    batchIds,
    readCount: page.length,
    unchangedCount: 0,
    rows: page.map((record) => capturedAgain(record, record.batchId)),
    keyless: [],
    counties: new Map(),
  };
}

/** What still fails is not landed again, so it is not counted as read again either. */
function onlyPassed(judged: ValidatedUnit): ValidatedUnit {
  return { ...judged, parked: [], captured: { ...judged.captured, readCount: judged.passed.length } };
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
    const lock =
      kind === "replay" ? "pg_advisory_lock(hashtext($1)) IS NOT NULL" : "pg_try_advisory_lock(hashtext($1))";
    const got = await client.query<{ ok: boolean }>(`SELECT ${lock} AS ok`, [name]);
    if (got.rows[0]?.ok !== true) return { looked: 0, released: 0, kept: 0 };
    try {
      return await work();
    } finally {
      await client.query("SELECT pg_advisory_unlock(hashtext($1))", [name]);
    }
  });
}
