import type { Store } from "./store.ts";

export interface ScheduleProcess {
  readonly owner: string;
  readonly role: "run" | "watch";
  readonly startedAt: Date;
  readonly seenAt: Date;
  readonly stoppedAt: Date | null;
  /** By the database's clock. */
  readonly silentSeconds: number;
}

/** A sign of life, by the database's clock. */
export async function recordSign(
  store: Store,
  process: { readonly province: string; readonly owner: string; readonly role: "run" | "watch" },
): Promise<void> {
  await store.query(
    `INSERT INTO exchange.schedule_process (province, owner, role) VALUES ($1, $2, $3)
     ON CONFLICT (province, owner) DO UPDATE SET seen_at = now()`,
    [process.province, process.owner, process.role],
  );
}

/** It ends as it was asked to; those that ended or fell silent a week ago are forgotten, but for the last of its role. */
export async function recordStop(store: Store, province: string, owner: string): Promise<void> {
  await store.query(
    `UPDATE exchange.schedule_process SET seen_at = now(), stopped_at = now() WHERE province = $1 AND owner = $2`,
    [province, owner],
  );
  await store.query(
    `DELETE FROM exchange.schedule_process p WHERE province = $1 AND seen_at < now() - interval '7 days'
     AND EXISTS (SELECT 1 FROM exchange.schedule_process n WHERE n.province = p.province AND n.role = p.role AND n.seen_at > p.seen_at)`,
    [province],
  );
}

/** The one seen last comes first. */
export async function scheduleProcesses(
  store: Store,
  province: string,
  countMax = 20,
): Promise<readonly ScheduleProcess[]> {
  return await store.query<ScheduleProcess>(
    `SELECT owner, role, started_at AS "startedAt", date_trunc('milliseconds', seen_at) AS "seenAt", stopped_at AS "stoppedAt",
       extract(epoch FROM now() - seen_at)::float8 AS "silentSeconds"
     FROM exchange.schedule_process WHERE province = $1 ORDER BY seen_at DESC LIMIT $2`,
    [province, countMax],
  );
}

/** The last sign of any process of a role, whether it lives or not; null where there never was one. */
export async function lastSign(
  store: Store,
  province: string,
  role: "run" | "watch",
): Promise<Pick<ScheduleProcess, "seenAt" | "silentSeconds"> | null> {
  const rows = await store.query<Pick<ScheduleProcess, "seenAt" | "silentSeconds">>(
    `SELECT date_trunc('milliseconds', seen_at) AS "seenAt", extract(epoch FROM now() - seen_at)::float8 AS "silentSeconds"
     FROM exchange.schedule_process WHERE province = $1 AND role = $2 ORDER BY seen_at DESC LIMIT 1`,
    [province, role],
  );
  return rows[0] ?? null;
}
