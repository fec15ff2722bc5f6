import type { EntityName } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import { compensableRows, leftRows, withdrawableRows } from "./recall-sql.ts";
import { lockRuns, type Run, runColumns } from "./runs.ts";
import type { Store, StoreClient } from "./store.ts";

/** A run being taken back, and the run that does it. */
export interface OpenRecall {
  readonly recalled: Run;
  readonly recall: Run;
}

/** The run that a recall would take back: the one named, or the newest load. Throws LOAD_NOT_FOUND, LOAD_STATE_WRONG. */
export async function recallableRun(store: Store, province: string, runId: string | null): Promise<Run> {
  const rows = await store.query<Run>(
    `SELECT ${runColumns} FROM exchange.run WHERE province = $1 AND ($2::bigint IS NULL AND kind = 'load' OR run_id = $2)
     ORDER BY run_id DESC LIMIT 1`,
    [province, runId],
  );
  const run = rows[0];
  if (run === undefined) throw new DuijieError("LOAD_NOT_FOUND", runId === null ? {} : { runId });
  if (run.kind === "recall" || run.state === "recalled")
    throw new DuijieError("LOAD_STATE_WRONG", {
      runId: run.runId,
      state: run.kind === "recall" ? "recall" : run.state,
    });
  return run;
}

/**
 * Begins a recall, or finds the one that was begun: nothing of the run is landed or sent for the first time from now on.
 * Batches that were certainly never sent are withdrawn. Throws LOAD_STATE_WRONG while another run is open.
 */
export async function beginRecall(store: Store, target: Run): Promise<OpenRecall> {
  const { province, runId } = target;
  return await store.transaction(async (client) => {
    await lockRuns(client, province);
    await requireNoOtherOpen(client, province, runId);
    const moved = await client.query<Run>(
      `UPDATE exchange.run SET state = 'recalling', hold = NULL, ended_at = coalesce(ended_at, now())
       WHERE run_id = $1 AND state <> 'recalled' RETURNING ${runColumns}`,
      [runId],
    );
    const recalled = moved.rows[0];
    if (recalled === undefined) throw new DuijieError("LOAD_STATE_WRONG", { runId, state: "recalled" });
    await client.query(
      "UPDATE exchange.chunk SET state = 'open', token = NULL, lease_until = NULL WHERE run_id = $1 AND state = 'leased'",
      [runId],
    );
    await withdrawUnsent(client, runId);
    await giveLoadBack(client, runId);
    return { recalled, recall: await recallOf(client, recalled) };
  });
}

async function requireNoOtherOpen(client: StoreClient, province: string, runId: string): Promise<void> {
  const open = await client.query<{ runId: string; state: string }>(
    `SELECT run_id AS "runId", state FROM exchange.run WHERE province = $1 AND run_id <> $2
       AND (state = 'recalling' OR (kind = 'load' AND state IN ('running', 'paused', 'held'))) LIMIT 1`,
    [province, runId],
  );
  const other = open.rows[0];
  if (other !== undefined) throw new DuijieError("LOAD_STATE_WRONG", { ...other });
}

/** A vendor's load that was still being read waits again; one that was read is the vendor's to write anew. */
async function giveLoadBack(client: StoreClient, runId: string): Promise<void> {
  await client.query(
    "UPDATE staging.vendor_load SET state = 'closed', run_id = NULL, taken_at = NULL WHERE run_id = $1 AND state = 'taken'",
    [runId],
  );
}

async function withdrawUnsent(client: StoreClient, runId: string): Promise<void> {
  await client.query(
    `UPDATE exchange.batch SET state = 'withdrawn' WHERE run_id = $1 AND state = 'sealed' AND send_begun_at IS NULL`,
    [runId],
  );
}

/** Bytes of withdrawn batches are of no use once the nation's welcome has not put them in doubt. */
export async function dropWithdrawnBytes(store: Store, { recalled }: OpenRecall): Promise<void> {
  await store.query(
    `DELETE FROM exchange.batch_payload p USING exchange.batch b
     WHERE b.run_id = $1 AND b.state = 'withdrawn' AND p.batch_id = b.batch_id AND p.province = b.province`,
    [recalled.runId],
  );
}

async function recallOf(client: StoreClient, recalled: Run): Promise<Run> {
  await client.query(
    `INSERT INTO exchange.run (province, kind, state, mapping_version, profile, scope, entities, recalls_run_id)
     SELECT province, 'recall', 'running', mapping_version, profile, scope, entities, run_id FROM exchange.run WHERE run_id = $1
     ON CONFLICT (province, recalls_run_id) DO NOTHING`,
    [recalled.runId],
  );
  const found = await client.query<Run>(`SELECT ${runColumns} FROM exchange.run WHERE recalls_run_id = $1`, [
    recalled.runId,
  ]);
  const recall = found.rows[0];
  if (recall === undefined) throw new DuijieError("INVARIANT_BROKEN", { what: "recall not inserted" });
  return recall;
}

/** Batches of the province that the nation has not answered yet. */
export async function unansweredBatches(store: Store, province: string): Promise<number> {
  const rows = await store.query<{ n: string }>(
    "SELECT count(*) AS n FROM exchange.batch WHERE province = $1 AND state IN ('sealed', 'published')",
    [province],
  );
  return Number(rows[0]?.n ?? 0);
}

/** Ends both runs at once. */
export async function endRecall(store: Store, { recalled, recall }: OpenRecall): Promise<void> {
  await store.transaction(async (client) => {
    await client.query("UPDATE exchange.run SET state = 'recalled' WHERE run_id = $1", [recalled.runId]);
    await client.query("UPDATE exchange.run SET state = 'done', ended_at = now() WHERE run_id = $1", [
      recall.runId,
    ]);
  });
}

/** One process of a province recalls at a time. Throws RECALL_RUNNING at once where another one does. */
export async function recallingAlone<T>(store: Store, target: Run, work: () => Promise<T>): Promise<T> {
  const name = `duijie.recall.${target.province}`;
  return await store.withClient(async (client) => {
    const got = await client.query<{ ok: boolean }>("SELECT pg_try_advisory_lock(hashtext($1)) AS ok", [
      name,
    ]);
    if (got.rows[0]?.ok !== true) throw new DuijieError("RECALL_RUNNING", { runId: target.runId });
    try {
      return await work();
    } finally {
      await client.query("SELECT pg_advisory_unlock(hashtext($1))", [name]);
    }
  });
}

/** What a recall of a run would do, or has to do still, to one entity. */
export interface RecallForecast {
  readonly entity: EntityName;
  /** Never sent, or not applied: taken back here alone. */
  readonly withdrawn: number;
  /** Sent, not answered yet: settled first. */
  readonly unanswered: number;
  readonly byPrior: number;
  readonly byDeletion: number;
  /** A newer run replaced them: they stay. */
  readonly left: number;
  /** Applied, and what they replaced is not kept any more. */
  readonly gone: number;
}

export async function recallForecast(store: Store, run: Run): Promise<readonly RecallForecast[]> {
  const lines: RecallForecast[] = [];
  for (const entity of run.entities) lines.push(await forecastOf(store, run, entity));
  return lines;
}

async function forecastOf(
  store: Store,
  { province, runId }: Run,
  entity: EntityName,
): Promise<RecallForecast> {
  const rows = await store.query<Record<keyof RecallForecast, string>>(
    `SELECT (SELECT count(*) ${withdrawableRows(entity)} 
          AND NOT (b.state IN ('sealed', 'published') AND b.send_begun_at IS NOT NULL AND s.wire_digest IS NOT NULL)) +
       (SELECT count(*) FROM exchange.exception WHERE run_id = $2 AND entity = $4 AND source_key IS NULL AND outcome = 'quarantined') +
       (SELECT count(*) FROM exchange.exception WHERE run_id = $2 AND entity = $4 AND code = 'KEY_DUPLICATE' AND outcome = 'quarantined')
         AS withdrawn,
       (SELECT coalesce(sum(wire_count), 0) FROM exchange.batch
        WHERE run_id = $2 AND entity = $4 AND state IN ('sealed', 'published') AND send_begun_at IS NOT NULL) AS unanswered,
       c."byPrior", c."byDeletion", c.gone, (SELECT count(*) ${leftRows(entity)}) AS left
     FROM (SELECT count(*) FILTER (WHERE NOT j.is_deletion) AS "byPrior",
             count(*) FILTER (WHERE j.is_deletion AND NOT j.is_gone) AS "byDeletion",
             count(*) FILTER (WHERE j.is_gone) AS gone ${compensableRows(entity)}) c`,
    [province, runId, null, entity],
  );
  const count = (name: Exclude<keyof RecallForecast, "entity">) => Number(rows[0]?.[name] ?? 0);
  return {
    entity,
    withdrawn: count("withdrawn"),
    unanswered: count("unanswered"),
    byPrior: count("byPrior"),
    byDeletion: count("byDeletion"),
    left: count("left"),
    gone: count("gone"),
  };
}

/** What a recall did, counted by its landings and by the recalled run's outcomes. */
export interface RecallLine {
  readonly entity: EntityName;
  readonly withdrawn: number;
  readonly byPrior: number;
  readonly byDeletion: number;
  /** Parked again at the province as they were before. */
  readonly parkedAgain: number;
  readonly left: number;
}

export async function recallLines(
  store: Store,
  { recalled, recall }: OpenRecall,
): Promise<readonly RecallLine[]> {
  const rows = await store.query<{ entity: EntityName; origin: string; n: string }>(
    `SELECT entity, origin, sum(read_count) AS n FROM exchange.landing WHERE run_id = $1 GROUP BY 1, 2
     UNION ALL SELECT entity, 'withdrawn', withdrawn FROM exchange.ledger WHERE run_id = $2`,
    [recall.runId, recalled.runId],
  );
  const count = (entity: EntityName, origin: string) =>
    Number(rows.find((row) => row.entity === entity && row.origin === origin)?.n ?? 0);
  return recalled.entities.map((entity) => ({
    entity,
    withdrawn: count(entity, "withdrawn"),
    byPrior: count(entity, "recall-prior"),
    byDeletion: count(entity, "recall-delete"),
    parkedAgain: count(entity, "recall-parked"),
    left: count(entity, "recall-left"),
  }));
}
