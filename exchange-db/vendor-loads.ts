import { loadTable } from "../contracts/ddl.ts";
import { type EntityName, entityNames } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import { insertRun, openLoadRun, type Run, type WantedLoad } from "./runs.ts";
import type { Store, StoreClient } from "./store.ts";

export type VendorLoadState = "open" | "closed" | "taken" | "done" | "abandoned";

/** What a vendor opened, filled and closed. */
export interface VendorLoad {
  readonly loadId: string;
  readonly vendor: string;
  readonly state: VendorLoadState;
  /** All there is of the declared entities: what is absent is gone. */
  readonly isComplete: boolean;
  readonly declared: Readonly<Partial<Record<EntityName, number>>>;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly runId: string | null;
  readonly purgedAt: Date | null;
}

const columns = `load_id AS "loadId", vendor, state, is_complete AS "isComplete", declared, opened_at AS "openedAt",
  closed_at AS "closedAt", run_id AS "runId", purged_at AS "purgedAt"`;

/** Newest first. */
export async function vendorLoads(
  store: Store,
  province: string,
  limit: number,
): Promise<readonly VendorLoad[]> {
  return await store.query<VendorLoad>(
    `SELECT ${columns} FROM staging.vendor_load WHERE province = $1 ORDER BY load_id DESC LIMIT $2`,
    [province, limit],
  );
}

/** One load, whatever its state; null where the province has none of this number. */
export async function vendorLoad(store: Store, province: string, loadId: string): Promise<VendorLoad | null> {
  const rows = await store.query<VendorLoad>(
    `SELECT ${columns} FROM staging.vendor_load WHERE province = $1 AND load_id = $2`,
    [province, loadId],
  );
  return rows[0] ?? null;
}

/** The newest load whose rows are still there; null where there is none. */
export async function newestFilledLoad(store: Store, province: string): Promise<VendorLoad | null> {
  const rows = await store.query<VendorLoad>(
    `SELECT ${columns} FROM staging.vendor_load
     WHERE province = $1 AND state <> 'abandoned' AND purged_at IS NULL ORDER BY load_id DESC LIMIT 1`,
    [province],
  );
  return rows[0] ?? null;
}

/** The load that is read now, else the oldest closed one; null where none waits. */
export async function nextVendorLoad(store: Store, province: string): Promise<VendorLoad | null> {
  const rows = await store.query<VendorLoad>(
    `SELECT ${columns} FROM staging.vendor_load WHERE province = $1 AND state IN ('closed', 'taken')
     ORDER BY state = 'closed', load_id LIMIT 1`,
    [province],
  );
  return rows[0] ?? null;
}

export async function countOpenLoads(store: Store, province: string): Promise<number> {
  const rows = await store.query<{ count: string }>(
    "SELECT count(*) FROM staging.vendor_load WHERE province = $1 AND state = 'open'",
    [province],
  );
  return Number(rows[0]?.count ?? 0);
}

/** The entities that a load declares, parents before children. */
export function declaredEntities({ declared }: Pick<VendorLoad, "declared">): readonly EntityName[] {
  return entityNames.filter((entity) => declared[entity] !== undefined);
}

/**
 * The province's open run, or a new one over its oldest closed load: several processes may ask at once, one takes the
 * load, the others join. Null where nothing is closed. LOAD_STATE_WRONG where the open run reads something else.
 */
export async function openOrTakeLoad(
  store: Store,
  wanted: WantedVendorLoad,
): Promise<{ run: Run; created: boolean } | null> {
  return await store.transaction(async (client) => await openOrTakeLoadIn(client, wanted));
}

export type WantedVendorLoad = Omit<WantedLoad, "entities">;

/** The same in the caller's transaction. */
export async function openOrTakeLoadIn(
  client: StoreClient,
  wanted: WantedVendorLoad,
): Promise<{ run: Run; created: boolean } | null> {
  await client.query("SELECT pg_advisory_xact_lock(hashtext('duijie.run.' || $1))", [wanted.province]);
  const open = await openLoadRun(client, wanted.province);
  if (open !== null) {
    if (open.scope.load !== undefined) return { run: open, created: false };
    throw new DuijieError("LOAD_STATE_WRONG", { runId: open.runId, state: "open with another scope" });
  }
  const load = await oldestClosed(client, wanted.province);
  if (load === null) return null;
  const scope = { ...wanted.scope, load: load.loadId };
  const run = await insertRun(client, "load", { ...wanted, scope, entities: declaredEntities(load) });
  await client.query(
    `UPDATE staging.vendor_load SET state = 'taken', run_id = $3, taken_at = now() WHERE province = $1 AND load_id = $2`,
    [wanted.province, load.loadId, run.runId],
  );
  return { run, created: true };
}

async function oldestClosed(client: StoreClient, province: string): Promise<VendorLoad | null> {
  const found = await client.query<VendorLoad>(
    `SELECT ${columns} FROM staging.vendor_load WHERE province = $1 AND state = 'closed' ORDER BY load_id LIMIT 1 FOR UPDATE`,
    [province],
  );
  return found.rows[0] ?? null;
}

/**
 * Removes rows of loads that ended longer ago than `days`; the loads themselves, their counts and the ledger stay. One
 * table a statement, so that no transaction grows with a load of many entities. Returns the loads.
 */
export async function purgeLoads(store: Store, province: string, days: number): Promise<readonly string[]> {
  const ended = await store.query<{ loadId: string }>(
    `SELECT load_id AS "loadId" FROM staging.vendor_load
     WHERE province = $1 AND state IN ('done', 'abandoned') AND purged_at IS NULL
       AND coalesce(done_at, abandoned_at) < now() - make_interval(days => $2) ORDER BY load_id`,
    [province, days],
  );
  for (const { loadId } of ended) {
    for (const entity of entityNames) {
      await store.query(`DELETE FROM ${loadTable(entity)} WHERE province = $1 AND load_id = $2`, [
        province,
        loadId,
      ]);
    }
    await store.query(
      "UPDATE staging.vendor_load SET purged_at = now() WHERE province = $1 AND load_id = $2",
      [province, loadId],
    );
  }
  return ended.map(({ loadId }) => loadId);
}

/** Gives a load up that was not taken; its state afterwards, or the one that does not allow it. Null: no such load. */
export async function abandonLoad(
  store: Store,
  province: string,
  loadId: string,
): Promise<VendorLoadState | null> {
  return await store.transaction(async (client) => {
    const found = await client.query<{ state: VendorLoadState }>(
      "SELECT state FROM staging.vendor_load WHERE province = $1 AND load_id = $2 FOR NO KEY UPDATE",
      [province, loadId],
    );
    const state = found.rows[0]?.state ?? null;
    if (state !== "open" && state !== "closed") return state;
    await client.query(
      "UPDATE staging.vendor_load SET state = 'abandoned' WHERE province = $1 AND load_id = $2",
      [province, loadId],
    );
    return "abandoned";
  });
}
