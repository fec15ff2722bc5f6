import type { Log } from "../../contracts/log.ts";
import type { Alarm, AlarmKind } from "../../exchange-db/schedule-alarms.ts";
import { lastSign, recordSign, recordStop } from "../../exchange-db/schedule-processes.ts";
import {
  type Due,
  type DueState,
  duesSince,
  noteDues,
  registerSchedule,
} from "../../exchange-db/schedules.ts";
import type { Store } from "../../exchange-db/store.ts";
import type { AlarmBell } from "./alarm-bell.ts";
import type { Clock } from "./clock.ts";
import { deadlineOf, earliestAccounted, fingerprintOf, type SchedulePolicy } from "./due-times.ts";
import { isOutage } from "./scheduler.ts";

export type Trouble = Pick<Alarm, "kind" | "subjectAt" | "runId" | "reason">;

export interface WatcherOptions {
  readonly store: Store;
  readonly province: string;
  readonly owner: string;
  readonly policy: SchedulePolicy;
  readonly bell: AlarmBell;
  /** Called once an outage of the database has lasted `silentSeconds`: then nobody can tell what became of loads. */
  readonly blind: (since: Date) => Promise<void>;
  readonly clock: Clock;
  readonly silentSeconds: number;
  readonly tickMs: number;
  readonly log: Log;
  readonly tell: (trouble: Trouble) => void;
}

const unsettled: readonly DueState[] = ["due", "running", "paused", "held"];

/**
 * The second process: computes by itself which due times should have come to something, from the configuration, the
 * database and the clock, and raises what did not. It needs no process of the schedule to be alive, nor ever to have been.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  #since: Date | null = null;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, owner, province, store, tickMs } = this.#options;
    let outage: { readonly since: Date; isTold: boolean } | null = null;
    while (!signal.aborted) {
      try {
        await recordSign(store, { province, owner, role: "watch" });
        await this.look();
        outage = null;
      } catch (error) {
        if (!isOutage(error)) throw error;
        log.warn("schedule.look.failed", {}, error);
        outage ??= { since: clock.now(), isTold: false };
        outage.isTold = outage.isTold || (await this.#tellBlind(outage.since));
      }
      await clock.sleep(tickMs, signal);
    }
    await recordStop(store, province, owner).catch(() => undefined);
  }

  async #tellBlind(since: Date): Promise<boolean> {
    const { blind, clock, silentSeconds } = this.#options;
    if (clock.now().getTime() - since.getTime() < silentSeconds * 1000) return false;
    await blind(since);
    return true;
  }

  /** One look: raises what was not raised before, and returns what stands, the oldest first. */
  async look(): Promise<readonly Trouble[]> {
    const { bell, clock, province, store, tell } = this.#options;
    const now = clock.now();
    const since = await this.#registered(now);
    const from = earliestAccounted(since, now);
    const rows = await duesSince(store, province, from);
    const troubles = [...this.#troubles(rows, from, now), ...(await this.#silence(since, now))];
    await this.#recordMissed(troubles, rows);
    for (const trouble of troubles) if (await bell.raise(trouble)) tell(trouble);
    await bell.deliver();
    const doneAt = rows.find(({ state }) => state === "done")?.dueAt ?? new Date(0);
    return troubles.filter(({ kind, subjectAt }) => kind === "silent" || subjectAt > doneAt);
  }

  async #registered(now: Date): Promise<Date> {
    const { log, policy, province, store } = this.#options;
    if (this.#since === null) {
      const fingerprint = fingerprintOf(policy.calendar.rules);
      const { isNew, since } = await registerSchedule(store, province, fingerprint, now);
      this.#since = since;
      if (isNew) log.event("schedule.changed", {});
    }
    return this.#since;
  }

  #troubles(rows: readonly Due[], from: Date, now: Date): readonly Trouble[] {
    const { policy } = this.#options;
    const known = new Map(rows.map((row) => [row.dueAt.getTime(), row]));
    const expected = policy.calendar
      .duesBetween(from, now)
      .map((dueAt) => known.get(dueAt.getTime()) ?? dueAt)
      .filter((due) => !(due instanceof Date) || !isCovered(due, rows));
    const others = rows.filter((row) => !expected.includes(row)).toReversed();
    return [...others, ...expected].flatMap((due) => {
      const deadline = deadlineOf(policy, due instanceof Date ? due : due.dueAt);
      return troubleOf(due, deadline !== null && deadline <= now);
    });
  }

  async #silence(since: Date, now: Date): Promise<readonly Trouble[]> {
    const { province, silentSeconds, store } = this.#options;
    const sign = await lastSign(store, province, "run");
    const seconds = sign?.silentSeconds ?? (now.getTime() - since.getTime()) / 1000;
    if (seconds <= silentSeconds) return [];
    return [{ kind: "silent", subjectAt: sign?.seenAt ?? since, runId: null, reason: null }];
  }

  /** A due time that no process ever wrote down gets its row here: the account has no holes. */
  async #recordMissed(troubles: readonly Trouble[], rows: readonly Due[]): Promise<void> {
    const { province, store } = this.#options;
    const known = new Set(rows.map(({ dueAt }) => dueAt.getTime()));
    const missing = troubles.filter(
      ({ kind, subjectAt }) => kind === "missed" && !known.has(subjectAt.getTime()),
    );
    if (missing.length === 0) return;
    await noteDues(store, province, () =>
      missing.map(({ subjectAt }) => ({ dueAt: subjectAt, state: "missed", reason: "slept" })),
    );
  }
}

/** An older due time still stands open: its load is the one to ask for. */
function isCovered(dueAt: Date, rows: readonly Due[]): boolean {
  return rows.some((row) => unsettled.includes(row.state) && row.dueAt < dueAt);
}

const atOnce: Readonly<Partial<Record<DueState, AlarmKind>>> = {
  missed: "missed",
  failed: "failed",
  held: "held",
};
const atDeadline: Readonly<Partial<Record<DueState, AlarmKind>>> = {
  due: "missed",
  running: "late",
  paused: "late",
  held: "late",
};

function troubleOf(due: Due | Date, isOver: boolean): readonly Trouble[] {
  if (due instanceof Date)
    return isOver ? [{ kind: "missed", subjectAt: due, runId: null, reason: "slept" }] : [];
  const { dueAt: subjectAt, reason, runId, state } = due;
  const kinds = [atOnce[state], isOver ? atDeadline[state] : undefined];
  return kinds.flatMap((kind) => (kind === undefined ? [] : [{ kind, subjectAt, runId, reason }]));
}
