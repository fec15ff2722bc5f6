import type { Store } from "./store.ts";

/**
 * `missed`: not begun by its deadline; `late`: begun, not ended by it; `failed`, `failing`: ended by a fault, or tried
 * again after one; `held`: waits for a person; `silent`: no process of the schedule shows a sign of life.
 */
export type AlarmKind = "missed" | "late" | "failed" | "failing" | "held" | "silent";

export interface Alarm {
  readonly kind: AlarmKind;
  /** The due time; of `silent` the last sign of life. */
  readonly subjectAt: Date;
  readonly runId: string | null;
  readonly reason: string | null;
  readonly raisedBy: string;
  readonly raisedAt: Date;
  readonly attempts: number;
  readonly deliveredAt: Date | null;
  readonly exitCode: number | null;
}

const columns = `kind, subject_at AS "subjectAt", run_id AS "runId", reason, raised_by AS "raisedBy", raised_at AS "raisedAt",
  attempts, delivered_at AS "deliveredAt", exit_code AS "exitCode"`;

/** True for the one process that raised it first: a thing is raised once, whoever looks and how often. */
export async function recordAlarm(
  store: Store,
  province: string,
  alarm: Pick<Alarm, "kind" | "subjectAt" | "runId" | "reason" | "raisedBy">,
): Promise<boolean> {
  const rows = await store.query(
    `INSERT INTO exchange.schedule_alarm (province, kind, subject_at, run_id, reason, raised_by)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING 1`,
    [province, alarm.kind, alarm.subjectAt, alarm.runId, alarm.reason, alarm.raisedBy],
  );
  return rows.length > 0;
}

/** Alarms that nobody delivered yet, claimed for a while: a process that dies on the way leaves them to the next. */
export async function claimAlarms(
  store: Store,
  province: string,
  limits: { readonly attemptsMax: number; readonly claimSeconds: number },
): Promise<readonly Alarm[]> {
  return await store.query<Alarm>(
    `UPDATE exchange.schedule_alarm a SET attempts = attempts + 1, claimed_until = now() + make_interval(secs => $3)
     FROM (SELECT province AS p, kind AS k, subject_at AS s FROM exchange.schedule_alarm
           WHERE province = $1 AND delivered_at IS NULL AND attempts < $2 AND (claimed_until IS NULL OR claimed_until < now())
           FOR UPDATE SKIP LOCKED) f
     WHERE a.province = f.p AND a.kind = f.k AND a.subject_at = f.s RETURNING ${columns}`,
    [province, limits.attemptsMax, limits.claimSeconds],
  );
}

/** How its command ended; null: it could not be run to an end. One that failed stays open until its claim has passed. */
export async function recordDelivery(
  store: Store,
  province: string,
  alarm: Pick<Alarm, "kind" | "subjectAt">,
  exitCode: number | null,
): Promise<void> {
  await store.query(
    `UPDATE exchange.schedule_alarm SET exit_code = $4, delivered_at = CASE WHEN $4 = 0 THEN now() END
     WHERE province = $1 AND kind = $2 AND subject_at = $3`,
    [province, alarm.kind, alarm.subjectAt, exitCode],
  );
}

/** The newest first. */
export async function latestAlarms(
  store: Store,
  province: string,
  countMax: number,
): Promise<readonly Alarm[]> {
  return await store.query<Alarm>(
    `SELECT ${columns} FROM exchange.schedule_alarm WHERE province = $1 ORDER BY raised_at DESC, subject_at DESC LIMIT $2`,
    [province, countMax],
  );
}
