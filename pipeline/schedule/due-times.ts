import type { Calendar, CalendarRules } from "../../contracts/schedule/calendar.ts";
import type { Due, NewDue } from "../../exchange-db/schedules.ts";

export interface SchedulePolicy {
  readonly calendar: Calendar;
  /** What could not run when it was due: once at the next allowed moment, or not at all. */
  readonly catchUp: "once" | "skip";
  readonly deadlineHours: number;
}

/** A due time taken up later than this was slept through: no process was there. */
export const onTimeMs = 5 * 60_000;

/** How far back due times are accounted for. */
const lookBackMs = 31 * 24 * 3_600_000;

/** Rules that decide when something is due: with others, earlier due times of these never were. */
export function fingerprintOf({ cron, timeZone }: CalendarRules): string {
  return `${timeZone} ${cron}`;
}

export function earliestAccounted(since: Date, now: Date): Date {
  return new Date(Math.max(since.getTime(), now.getTime() - lookBackMs));
}

/**
 * What becomes of the due times that nobody recorded yet. While one is not settled, newer ones are skipped: its load reads
 * everything anyway. Else the newest one is taken up, and under `once` it stands for all that was missed before.
 */
export function decideDues(
  policy: SchedulePolicy,
  now: Date,
  since: Date,
  known: { readonly open: Due | null; readonly newest: Due | null },
): readonly NewDue[] {
  const { calendar, catchUp } = policy;
  const { newest, open } = known;
  const accounted = earliestAccounted(since, now);
  const from = newest !== null && newest.dueAt > accounted ? newest.dueAt : accounted;
  const dues = calendar.duesBetween(from, now);
  if (open !== null) return dues.map((dueAt) => ({ dueAt, state: "skipped", reason: "overlap" }));
  const last = dues.at(-1);
  if (last === undefined) return revived(policy, newest);
  if (catchUp === "skip") return strictly(calendar, dues, now);
  const earlier = dues.slice(0, -1).map((dueAt): NewDue => {
    return { dueAt, state: "skipped", reason: "caught-up" };
  });
  const isSlept = now.getTime() - last.getTime() > onTimeMs;
  const reason = closedReason(calendar, last) ?? (isSlept ? "slept" : null);
  return [...earlier, { dueAt: last, state: "due", reason }];
}

/** Nobody was there, and the watch recorded it: it can still be caught up. */
function revived({ catchUp }: SchedulePolicy, newest: Due | null): readonly NewDue[] {
  if (catchUp === "skip" || newest?.state !== "missed" || newest.runId !== null) return [];
  return [{ dueAt: newest.dueAt, state: "due", reason: "slept" }];
}

/** Each due time at its own moment or not at all. */
function strictly(calendar: Calendar, dues: readonly Date[], now: Date): readonly NewDue[] {
  let isTaken = false;
  const decided = dues.toReversed().map((dueAt): NewDue => {
    const closed = closedReason(calendar, dueAt);
    if (closed !== null) return { dueAt, state: "skipped", reason: closed };
    if (now.getTime() - dueAt.getTime() > onTimeMs) return { dueAt, state: "missed", reason: "slept" };
    if (isTaken) return { dueAt, state: "skipped", reason: "overlap" };
    isTaken = true;
    return { dueAt, state: "due", reason: null };
  });
  return decided.toReversed();
}

export function closedReason(calendar: Calendar, at: Date): "window" | "blackout" | null {
  const closed = calendar.closedBy(at);
  if (closed === null) return null;
  return closed.blackout === null ? "window" : "blackout";
}

/** When a load that is due may begin; null: under these rules it does not. */
export function beginningOf({ calendar, catchUp }: SchedulePolicy, dueAt: Date): Date | null {
  const opens = calendar.nextOpen(dueAt);
  if (opens === null || (catchUp === "skip" && opens > dueAt)) return null;
  return opens;
}

/** By when it has to have ended; null where it never begins. */
export function deadlineOf(policy: SchedulePolicy, dueAt: Date): Date | null {
  const begins = beginningOf(policy, dueAt);
  return begins === null ? null : new Date(begins.getTime() + policy.deadlineHours * 3_600_000);
}
