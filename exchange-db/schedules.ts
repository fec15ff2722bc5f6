import { DuijieError } from "../contracts/errors.ts";
import type { Run } from "./runs.ts";
import type { Store, StoreClient } from "./store.ts";

export type DueState =
  | "due"
  | "running"
  | "paused"
  | "held"
  | "done"
  | "failed"
  | "stopped"
  | "missed"
  | "skipped";

/** Why a due time is where it is; else the code of an error. */
export type DueReason = "window" | "blackout" | "overlap" | "slept" | "caught-up" | "person" | (string & {});

/** One due time and what came of it. */
export interface Due {
  readonly dueAt: Date;
  readonly state: DueState;
  readonly reason: DueReason | null;
  readonly runId: string | null;
  /** Of a paused one: when it may go on. */
  readonly opensAt: Date | null;
  /** Windows that it has worked in. */
  readonly windows: number;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

export type NewDue = Pick<Due, "dueAt" | "state" | "reason">;

const columns = `due_at AS "dueAt", state, reason, run_id AS "runId", opens_at AS "opensAt", window_count AS windows,
  started_at AS "startedAt", ended_at AS "endedAt"`;

const unsettled = "('due', 'running', 'paused', 'held')";

/** Since when these rules are in force: due times before that were never due. `isNew`: other ones were before, or none. */
export async function registerSchedule(
  store: Store,
  province: string,
  fingerprint: string,
  now: Date,
): Promise<{ readonly since: Date; readonly isNew: boolean }> {
  const changed = await store.query(
    `INSERT INTO exchange.schedule AS s (province, fingerprint, since_at) VALUES ($1, $2, $3)
     ON CONFLICT (province) DO UPDATE SET fingerprint = excluded.fingerprint, since_at = excluded.since_at
     WHERE s.fingerprint <> excluded.fingerprint RETURNING 1`,
    [province, fingerprint, now],
  );
  const rows = await store.query<{ since: Date }>(
    "SELECT since_at AS since FROM exchange.schedule WHERE province = $1",
    [province],
  );
  return { since: rows[0]?.since ?? now, isNew: changed.length > 0 };
}

/**
 * Records due times, one process at a time: `decide` is told the due time that is not settled yet and the newest of all.
 * What it returns is added; a due time that was missed without a run may be taken up again.
 */
export async function noteDues(
  store: Store,
  province: string,
  decide: (known: { readonly open: Due | null; readonly newest: Due | null }) => readonly NewDue[],
): Promise<readonly NewDue[]> {
  return await store.transaction(async (client) => {
    await client.query("SELECT pg_advisory_xact_lock(hashtext('duijie.schedule.' || $1))", [province]);
    const [newest = null] = await select(client, "province = $1 ORDER BY due_at DESC LIMIT 1", [province]);
    const [open = null] = await select(client, `province = $1 AND state IN ${unsettled}`, [province]);
    const dues = decide({ open, newest });
    if (dues.length > 0) await insertDues(client, province, dues);
    return dues;
  });
}

async function insertDues(client: StoreClient, province: string, dues: readonly NewDue[]): Promise<void> {
  await client.query(
    `INSERT INTO exchange.schedule_run AS r (province, due_at, state, reason, ended_at)
     SELECT $1, d."dueAt", d.state, d.reason, CASE WHEN d.state NOT IN ${unsettled} THEN now() END
     FROM jsonb_to_recordset($2::jsonb) AS d("dueAt" timestamptz, state text, reason text)
     ON CONFLICT (province, due_at) DO UPDATE SET state = excluded.state, reason = excluded.reason, ended_at = excluded.ended_at
     WHERE r.state = 'missed' AND r.run_id IS NULL`,
    [province, JSON.stringify(dues)],
  );
}

/** The due time that is not settled; a province has one at most. */
export async function unsettledDue(store: Store, province: string): Promise<Due | null> {
  const rows = await store.query<Due>(
    `SELECT ${columns} FROM exchange.schedule_run WHERE province = $1 AND state IN ${unsettled}`,
    [province],
  );
  return rows[0] ?? null;
}

/** Those from `from` on, the newest first. */
export async function duesSince(
  store: Store,
  province: string,
  from: Date,
  countMax = 10_000,
): Promise<readonly Due[]> {
  return await store.query<Due>(
    `SELECT ${columns} FROM exchange.schedule_run WHERE province = $1 AND due_at >= $2 ORDER BY due_at DESC LIMIT $3`,
    [province, from, countMax],
  );
}

/**
 * Begins what is due, with the load that `open` opens or joins in the same transaction; `nothing` where it has none to
 * open: then the due time is done. A load that an earlier due time left behind paused by its own fault is let go on; one
 * that a person paused stays so. Null where another process was first.
 */
export async function beginDue(
  store: Store,
  due: { readonly province: string; readonly dueAt: Date },
  open: (client: StoreClient) => Promise<Run | null>,
): Promise<Run | "nothing" | null> {
  return await change(store, due, ["due"], async (client) => {
    const run = await open(client);
    if (run === null) return "nothing";
    await client.query(
      `UPDATE exchange.run SET state = 'running' WHERE run_id = $1 AND state = 'paused'
       AND EXISTS (SELECT 1 FROM exchange.schedule_run WHERE province = $2 AND run_id = $1 AND state = 'failed')`,
      [run.runId, due.province],
    );
    await client.query(
      `UPDATE exchange.schedule_run SET state = 'running', reason = NULL, run_id = $3, window_count = window_count + 1,
         started_at = coalesce(started_at, now()) WHERE province = $1 AND due_at = $2`,
      [due.province, due.dueAt, run.runId],
    );
    return run;
  });
}

/** At the end of a window: no process begins a chunk any more. Null where it is not running, or its load has ended. */
export async function pauseDue(
  store: Store,
  due: { readonly province: string; readonly dueAt: Date },
  opensAt: Date | null,
  reason: "window" | "blackout",
): Promise<boolean | null> {
  return await change(store, due, ["running"], async (client, runId) => {
    const moved = await client.query<{ before: string }>(
      `UPDATE exchange.run r SET state = 'paused' FROM (SELECT run_id, state FROM exchange.run WHERE run_id = $1 FOR UPDATE) b
       WHERE r.run_id = b.run_id AND b.state IN ('running', 'paused') RETURNING b.state AS before`,
      [runId],
    );
    const before = moved.rows[0]?.before;
    if (before === undefined) return null;
    await client.query(
      `UPDATE exchange.schedule_run SET state = 'paused', reason = $3, opens_at = $4 WHERE province = $1 AND due_at = $2`,
      [due.province, due.dueAt, before === "running" ? reason : "person", opensAt],
    );
    return true;
  });
}

/** At the beginning of a window: what a window's end paused goes on; what a person paused is left to them. */
export async function resumeDue(
  store: Store,
  due: { readonly province: string; readonly dueAt: Date },
): Promise<boolean | null> {
  return await change(store, due, ["paused"], async (client, runId) => {
    await client.query(
      `UPDATE exchange.run SET state = 'running' WHERE run_id = $1 AND state = 'paused'
       AND EXISTS (SELECT 1 FROM exchange.schedule_run WHERE province = $2 AND due_at = $3 AND reason <> 'person')`,
      [runId, due.province, due.dueAt],
    );
    await client.query(
      `UPDATE exchange.schedule_run SET state = 'running', reason = NULL, opens_at = NULL, window_count = window_count + 1
       WHERE province = $1 AND due_at = $2`,
      [due.province, due.dueAt],
    );
    return true;
  });
}

/** Settles a due time, or says why it stands still; false where another process did already. */
export async function moveDue(
  store: Store,
  due: { readonly province: string; readonly dueAt: Date },
  from: readonly DueState[],
  to: DueState,
  reason: DueReason | null,
): Promise<boolean> {
  const rows = await store.query(
    `UPDATE exchange.schedule_run SET state = $4, reason = $5, opens_at = NULL,
       window_count = window_count - CASE WHEN $4 = 'due' THEN 1 ELSE 0 END,
       ended_at = CASE WHEN $4 IN ${unsettled} THEN NULL ELSE now() END
     WHERE province = $1 AND due_at = $2 AND state = ANY ($3) RETURNING 1`,
    [due.province, due.dueAt, from, to, reason],
  );
  return rows.length > 0;
}

/** A change of one due time and its run in one transaction, if the due time is in one of these states. */
async function change<T>(
  store: Store,
  { dueAt, province }: { readonly province: string; readonly dueAt: Date },
  states: readonly DueState[],
  work: (client: StoreClient, runId: string | null) => Promise<T | null>,
): Promise<T | null> {
  return await store.transaction(async (client) => {
    const [found] = await select(client, "province = $1 AND due_at = $2 FOR UPDATE", [province, dueAt]);
    if (found === undefined) throw new DuijieError("INVARIANT_BROKEN", { what: "due time" });
    return states.includes(found.state) ? await work(client, found.runId) : null;
  });
}

async function select(client: StoreClient, where: string, values: readonly unknown[]): Promise<Due[]> {
  const sql = `SELECT ${columns} FROM exchange.schedule_run WHERE ${where}`;
  return (await client.query<Due>(sql, [...values])).rows;
}
