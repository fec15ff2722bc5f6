import type { Log } from "../contracts/log.ts";
import { type AbsentRow, absentPage } from "../exchange-db/absence.ts";
import { takeBatchIds } from "../exchange-db/batches.ts";
import type { Store } from "../exchange-db/store.ts";
import { withBatchIds } from "./batch-ids.ts";
import type { EntityPlan } from "./entity-plan.ts";
import { traceParent } from "./envelope.ts";
import { retry } from "./retry.ts";
import type { CapturedRow, CapturedUnit } from "./unit.ts";
import type { UpstreamFlow } from "./upstream-flow.ts";

export interface AbsenceOptions {
  readonly store: Store;
  readonly province: string;
  /** The complete load whose lack of a record means that it is gone. */
  readonly load: string;
  readonly pageRows: number;
  readonly log: Log;
  /** Asked before each page; false: stop here. */
  readonly mayGoOn: () => Promise<boolean>;
}

/**
 * Deletes an entity's living records that a complete load lacks, a page a landing, each as a version without values. A
 * record that another landing replaced meanwhile is left as it is. One process at a time: null where another is at it.
 */
export async function deleteAbsent(
  options: AbsenceOptions,
  plan: EntityPlan,
  flow: UpstreamFlow,
  signal: AbortSignal,
): Promise<number | null> {
  const { log, province, store } = options;
  return await store.withClient(async (client) => {
    const name = `duijie.absence.${province}.${plan.entity}`;
    const got = await client.query<{ ok: boolean }>("SELECT pg_try_advisory_lock(hashtext($1)) AS ok", [
      name,
    ]);
    if (got.rows[0]?.ok !== true) return null;
    try {
      let deleted = 0;
      let after: string | null = null;
      while (!signal.aborted && (await options.mayGoOn())) {
        const from: string | null = after;
        const take = async (count: number) => await deletePage(options, plan, flow, from, count, signal);
        const page: DeletedPage = await retry(
          async () => await withBatchIds(flow.batchIdsFor(options.pageRows), take),
          { budget: 5, signal, log },
        );
        if (page.last === null) break;
        after = page.last;
        deleted += page.deleted;
      }
      return deleted;
    } finally {
      await client.query("SELECT pg_advisory_unlock(hashtext($1))", [name]);
    }
  });
}

interface DeletedPage {
  readonly last: string | null;
  readonly deleted: number;
}

async function deletePage(
  { load, pageRows, province, store }: AbsenceOptions,
  plan: EntityPlan,
  flow: UpstreamFlow,
  after: string | null,
  batchIdCount: number,
  signal: AbortSignal,
): Promise<DeletedPage> {
  // Before the page is read: what lands meanwhile has higher versions than this page.
  const batchIds = await takeBatchIds(store, batchIdCount);
  const page = await absentPage(store, province, plan.entity, load, { after, rows: pageRows });
  const last = page.at(-1);
  if (last === undefined) return { last: null, deleted: 0 };
  await flow.carry(unitOf(plan, page, batchIds), signal);
  return { last: last.key, deleted: page.length };
}

/** Counted as read in its run, as every landing counts what it sends; counties are weighed by what a source has. */
function unitOf(plan: EntityPlan, page: readonly AbsentRow[], batchIds: readonly bigint[]): CapturedUnit {
  return {
    origin: { kind: "absence", segment: null, token: null, isFirst: false },
    traceParent: traceParent(),
    batchIds,
    readCount: page.length,
    unchangedCount: 0,
    rows: page.map((row) => deletion(plan, row)),
    keyless: [],
    counties: new Map(),
  };
}

function deletion(plan: EntityPlan, { agreedNationalVersion, batchId, county, key }: AbsentRow): CapturedRow {
  return {
    key,
    hash: "absent",
    county,
    op: "delete",
    raw: plan.contract.fields.map(() => null),
    line: null,
    unreadable: null,
    known: {
      key,
      op: "upsert",
      hash: "",
      wireDigest: null,
      contractVersion: 0,
      mappingVersion: "",
      agreedNationalVersion,
    },
    parkedIn: batchId,
  };
}
