import type { EntityName } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import type { Store, StoreClient } from "./store.ts";

export type RunState =
  | "running"
  | "paused"
  | "held"
  | "stopped"
  | "done"
  | "failed"
  | "recalling"
  | "recalled";

export interface RunScope {
  readonly counties?: readonly string[];
  readonly phases?: readonly string[];
  /** Every record is sent again, also what did not change. */
  readonly resend?: true;
  /** The vendor's load that is read, where vendors write by SQL. */
  readonly load?: string;
}

/**
 * Why a run was held: the quarantined share of one entity, or of one entity in one county; or how many of an entity's
 * living records a complete load lacks.
 */
export interface RunHold {
  readonly entity: EntityName;
  readonly county: string | null;
  /** All that the source holds of it; of an absence all that live. */
  readonly rows: number;
  readonly quarantined: number;
  readonly absent?: number;
}

export interface Run {
  readonly runId: string;
  readonly province: string;
  readonly kind: "load" | "replay" | "recall";
  readonly state: RunState;
  readonly mappingVersion: string;
  readonly profile: string;
  readonly scope: RunScope;
  readonly entities: readonly EntityName[];
  readonly shareAccepted: boolean;
  readonly absenceAccepted: boolean;
  readonly hold: RunHold | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** Of a recall: the run that it takes back. */
  readonly recallsRunId: string | null;
}

export const runColumns = `run_id AS "runId", province, kind, state, mapping_version AS "mappingVersion", profile, scope, entities,
  share_accepted AS "shareAccepted", absence_accepted AS "absenceAccepted", hold, started_at AS "startedAt", ended_at AS "endedAt",
  recalls_run_id AS "recallsRunId"`;

/**
 * The province's open load, or a new one pinned to the newest mapping version. Several processes may ask at once: one
 * creates, the others join. `created` says which.
 */
export async function openOrJoinLoad(
  store: Store,
  wanted: WantedLoad,
): Promise<{ run: Run; created: boolean }> {
  return await store.transaction(async (client) => await openOrJoinLoadIn(client, wanted, "same"));
}

export interface WantedLoad {
  readonly province: string;
  readonly profile: string;
  readonly scope: RunScope;
  readonly entities: readonly EntityName[];
}

/** The same in the caller's transaction; `any`: an open load is joined also where it has another scope. */
export async function openOrJoinLoadIn(
  client: StoreClient,
  wanted: WantedLoad,
  scope: "same" | "any",
): Promise<{ run: Run; created: boolean }> {
  await lockRuns(client, wanted.province);
  const open = await client.query<Run & { sameScope: boolean }>(
    `SELECT ${runColumns}, scope = $2::jsonb AS "sameScope" FROM exchange.run
     WHERE province = $1 AND kind = 'load' AND state IN ('running', 'paused', 'held')`,
    [wanted.province, JSON.stringify(wanted.scope)],
  );
  const found = open.rows[0];
  if (found === undefined) return { run: await insertRun(client, "load", wanted), created: true };
  if (!found.sameScope && scope === "same")
    throw new DuijieError("LOAD_STATE_WRONG", { runId: found.runId, state: "open with another scope" });
  return { run: found, created: false };
}

/** The province's load that has not ended; for whoever holds the lock of its runs. */
export async function openLoadRun(client: StoreClient, province: string): Promise<Run | null> {
  const open = await client.query<Run>(
    `SELECT ${runColumns} FROM exchange.run WHERE province = $1 AND kind = 'load' AND state IN ('running', 'paused', 'held')`,
    [province],
  );
  return open.rows[0] ?? null;
}

/** Runs of a province begin one at a time. */
export async function lockRuns(client: StoreClient, province: string): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock(hashtext('duijie.run.' || $1))", [province]);
}

/** Throws LOAD_STATE_WRONG while a recall is open: what it takes back must not be landed over meanwhile. */
export async function insertRun(
  client: StoreClient,
  kind: "load" | "replay",
  wanted: WantedLoad,
): Promise<Run> {
  await lockRuns(client, wanted.province);
  const recalling = await client.query<{ runId: string }>(
    `SELECT run_id AS "runId" FROM exchange.run WHERE province = $1 AND state = 'recalling'`,
    [wanted.province],
  );
  const open = recalling.rows[0];
  if (open !== undefined)
    throw new DuijieError("LOAD_STATE_WRONG", { runId: open.runId, state: "recalling" });
  const inserted = await client.query<Run>(
    `INSERT INTO exchange.run (province, kind, state, mapping_version, profile, scope, entities)
     SELECT $1, $2, 'running', coalesce(max(mapping_version), 0), $3, $4, $5 FROM mapping.version WHERE province = $1
     RETURNING ${runColumns}`,
    [wanted.province, kind, wanted.profile, JSON.stringify(wanted.scope), JSON.stringify(wanted.entities)],
  );
  const run = inserted.rows[0];
  if (run === undefined) throw new DuijieError("INVARIANT_BROKEN", { what: "run not inserted" });
  return run;
}

export async function readRun(store: Store, runId: string): Promise<Run> {
  const rows = await store.query<Run>(`SELECT ${runColumns} FROM exchange.run WHERE run_id = $1`, [runId]);
  const run = rows[0];
  if (run === undefined) throw new DuijieError("LOAD_NOT_FOUND", { runId });
  return run;
}

/** The newest load of a province, whatever its state. */
export async function latestLoad(store: Store, province: string): Promise<Run | null> {
  const rows = await store.query<Run>(
    `SELECT ${runColumns} FROM exchange.run WHERE province = $1 AND kind = 'load' ORDER BY run_id DESC LIMIT 1`,
    [province],
  );
  return rows[0] ?? null;
}

/**
 * Moves a run from one of `from` to `to`; false where it was in none of them. A vendor's load that it reads is done with
 * it, or waits again where the run was given up.
 */
export async function moveRun(
  store: Store,
  runId: string,
  from: readonly RunState[],
  to: RunState,
): Promise<boolean> {
  const rows = await store.query(
    `WITH moved AS (
       UPDATE exchange.run SET state = $3, hold = CASE WHEN $3 = 'held' THEN hold END,
         ended_at = CASE WHEN $3 IN ('done', 'failed', 'stopped') THEN now() END
       WHERE run_id = $1 AND state = ANY ($2) RETURNING run_id),
     done AS (UPDATE staging.vendor_load l SET state = 'done', done_at = now() FROM moved
       WHERE l.run_id = moved.run_id AND l.state = 'taken' AND $3 = 'done'),
     given_up AS (UPDATE staging.vendor_load l SET state = 'closed', run_id = NULL, taken_at = NULL FROM moved
       WHERE l.run_id = moved.run_id AND l.state = 'taken' AND $3 IN ('failed', 'stopped'))
     SELECT run_id FROM moved`,
    [runId, from, to],
  );
  return rows.length > 0;
}

/** Holds a running load for a person to look at; accepted loads are not held again. */
export async function holdRun(store: Store, runId: string, hold: RunHold): Promise<boolean> {
  const rows = await store.query(
    `UPDATE exchange.run SET state = 'held', hold = $2 WHERE run_id = $1 AND state = 'running' AND NOT share_accepted RETURNING run_id`,
    [runId, JSON.stringify(hold)],
  );
  return rows.length > 0;
}

/** Holds a running load that would delete too much; an accepted one is not held again. */
export async function holdForAbsence(store: Store, runId: string, hold: RunHold): Promise<boolean> {
  const rows = await store.query(
    `UPDATE exchange.run SET state = 'held', hold = $2 WHERE run_id = $1 AND state = 'running' AND NOT absence_accepted RETURNING run_id`,
    [runId, JSON.stringify(hold)],
  );
  return rows.length > 0;
}

/** Lets a complete load delete what it lacks, however much that is. */
export async function acceptAbsence(store: Store, runId: string): Promise<void> {
  await store.query(
    `UPDATE exchange.run SET absence_accepted = true, hold = CASE WHEN NOT hold ? 'absent' THEN hold END,
       state = CASE WHEN state = 'held' AND hold ? 'absent' THEN 'running' ELSE state END
     WHERE run_id = $1 AND state IN ('running', 'paused', 'held')`,
    [runId],
  );
}

export async function acceptShare(store: Store, runId: string): Promise<void> {
  await store.query(
    `UPDATE exchange.run SET share_accepted = true, hold = CASE WHEN hold ? 'absent' THEN hold END,
       state = CASE WHEN state = 'held' AND NOT coalesce(hold ? 'absent', false) THEN 'running' ELSE state END
     WHERE run_id = $1 AND state IN ('running', 'paused', 'held')`,
    [runId],
  );
}

/** What the source holds per county when an entity is planned; asking again keeps the first count. */
export async function recordExpected(
  store: Store,
  runId: string,
  entity: EntityName,
  counties: readonly { readonly county: string | null; readonly rows: number }[],
): Promise<void> {
  await store.query(
    `INSERT INTO exchange.run_county (run_id, province, entity, county, expected_count)
     SELECT r.run_id, r.province, $2, coalesce(county, ''), sum(rows)
     FROM exchange.run r, jsonb_to_recordset($3::jsonb) AS c(county text, rows bigint)
     WHERE r.run_id = $1 GROUP BY r.run_id, r.province, coalesce(county, '') ON CONFLICT DO NOTHING`,
    [runId, entity, JSON.stringify(counties)],
  );
}

export async function hasExpected(store: Store, runId: string, entity: EntityName): Promise<boolean> {
  const rows = await store.query(
    "SELECT 1 FROM exchange.run_county WHERE run_id = $1 AND entity = $2 LIMIT 1",
    [runId, entity],
  );
  return rows.length > 0;
}

/**
 * The worst entity or county whose quarantined rows already exceed `shareMax` of all that it has: no later chunk can make
 * that better, and a first chunk full of one bad school does not stop a load for nothing. Those with fewer than `rowsMin`
 * rows say nothing about a share. Null while all are below.
 */
export async function worstShare(
  store: Store,
  runId: string,
  shareMax: number,
  rowsMin: number,
): Promise<RunHold | null> {
  const rows = await store.query<{
    entity: EntityName;
    county: string | null;
    expected: string;
    quarantined: string;
  }>(
    `SELECT entity, county, expected, quarantined FROM (
       SELECT x.entity, x.county, sum(x.expected_count) AS expected, coalesce(sum(q.quarantined), 0) AS quarantined
       FROM exchange.run_county x
       LEFT JOIN (SELECT entity, county, sum(quarantined_count) AS quarantined FROM exchange.landing_county
                  WHERE run_id = $1 GROUP BY entity, county) q USING (entity, county)
       WHERE x.run_id = $1 GROUP BY GROUPING SETS ((x.entity, x.county), (x.entity))) s
     WHERE expected >= $3 AND quarantined > expected * $2::numeric ORDER BY quarantined / expected DESC, entity LIMIT 1`,
    [runId, shareMax, rowsMin],
  );
  const worst = rows[0];
  if (worst === undefined) return null;
  const { entity, county, expected, quarantined } = worst;
  return { entity, county, rows: Number(expected), quarantined: Number(quarantined) };
}
