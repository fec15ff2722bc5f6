import { DuijieError } from "../../contracts/errors.ts";
import type { Log } from "../../contracts/log.ts";
import { addsUp, type LedgerLine, ledgerOfRun } from "../../exchange-db/ledger.ts";
import { type Run, readRun } from "../../exchange-db/runs.ts";
import { recordSign, recordStop } from "../../exchange-db/schedule-processes.ts";
import {
  beginDue,
  type Due,
  type DueState,
  moveDue,
  noteDues,
  pauseDue,
  registerSchedule,
  resumeDue,
  unsettledDue,
} from "../../exchange-db/schedules.ts";
import type { Store, StoreClient } from "../../exchange-db/store.ts";
import type { LoadEnd } from "../loader.ts";
import type { AlarmBell } from "./alarm-bell.ts";
import { type Clock, sleepUntil } from "./clock.ts";
import { closedReason, decideDues, fingerprintOf, onTimeMs, type SchedulePolicy } from "./due-times.ts";

/** What works on a load, as `load run` does. */
export interface LoadCarrier {
  /** The load that is due, opened or joined in the caller's transaction; null where there is nothing to load. */
  open(client: StoreClient): Promise<Run | null>;
  /** Whether all that was due is through with this one; else the next is opened. */
  isAll(run: Run): boolean;
  /**
   * Until the run ends or waits for a person. After `closing` no chunk is begun and those in hand are finished; `signal`
   * hands them back. When it comes back with `done`, both sides were compared. Throws what ends a load.
   */
  carry(run: Run, signal: AbortSignal, closing: AbortSignal): Promise<LoadEnd>;
  /** Lets go of what only a load needs. */
  rest(): Promise<void>;
}

export type ScheduleEvent =
  | { readonly kind: "begun" | "resumed"; readonly due: Due; readonly run: Run; readonly until: Date }
  | {
      readonly kind: "paused";
      readonly due: Due;
      readonly opens: Date | null;
      readonly ledger: readonly LedgerLine[];
    }
  | {
      readonly kind: "ended";
      readonly due: Due;
      readonly state: DueState;
      readonly reason: string | null;
    }
  | { readonly kind: "waits"; readonly due: Due | null; readonly until: Date | null };

export interface SchedulerOptions {
  readonly store: Store;
  readonly province: string;
  /** Names this process. */
  readonly owner: string;
  readonly policy: SchedulePolicy;
  readonly carrier: LoadCarrier;
  readonly bell: AlarmBell;
  readonly clock: Clock;
  /** What was begun at a window's end may take so long. */
  readonly graceSeconds: number;
  readonly retryMinutes: number;
  /** The longest that it sleeps without a look. */
  readonly tickMs: number;
  readonly log: Log;
  readonly tell: (event: ScheduleEvent) => void;
}

const unsettled: readonly DueState[] = ["due", "running", "paused", "held"];

/**
 * Runs loads when they are due and work is allowed. Any number of these processes may run: who records, begins, pauses or
 * settles a due time is decided by its row, and all work on the one load as processes of `load run` do. The clock decides
 * only when work is done, never what it does.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  #since: Date | null = null;
  #retryAt: Date | null = null;
  /** What was told last of waiting, so that it is told once. */
  #told = "";

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Until the signal. What only needs time is tried again; anything else ends it. */
  async run(signal: AbortSignal): Promise<void> {
    const { owner, province, store } = this.#options;
    const ending = new AbortController();
    const signs = this.#giveSigns(AbortSignal.any([signal, ending.signal]));
    try {
      while (!signal.aborted) await this.#guardedTurn(signal);
    } finally {
      ending.abort();
      await signs;
      await recordStop(store, province, owner).catch(() => undefined);
      await this.#options.carrier.rest();
    }
  }

  async #guardedTurn(signal: AbortSignal): Promise<void> {
    const { clock, log, tickMs } = this.#options;
    try {
      await this.#turn(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!isOutage(error)) throw error;
      log.warn("schedule.turn.failed", {}, error);
      await clock.sleep(tickMs, signal);
    }
  }

  /** A sign of life beside the work, so that a long load is not taken for a dead process. */
  async #giveSigns(signal: AbortSignal): Promise<void> {
    const { clock, log, owner, province, store, tickMs } = this.#options;
    while (!signal.aborted) {
      await recordSign(store, { province, owner, role: "run" }).catch((error: unknown) =>
        log.warn("schedule.sign.failed", {}, error),
      );
      await clock.sleep(tickMs, signal);
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { bell, clock, policy, province, store } = this.#options;
    await this.#note();
    await bell.deliver();
    const now = clock.now();
    const due = await unsettledDue(store, province);
    const until = policy.calendar.openUntil(now);
    if (due === null) {
      this.#retryAt = null;
      await this.#options.carrier.rest();
      await this.#wait(null, policy.calendar.dueAfter(now), signal);
    } else if (until === null) await this.#closed(due, signal);
    else if (await this.#isTooLate(due)) return;
    else if (this.#retryAt !== null && this.#retryAt > now) await this.#wait(due, this.#retryAt, signal);
    else if (due.opensAt !== null && due.opensAt > now) await this.#wait(due, due.opensAt, signal);
    else if (due.state === "held") await this.#held(due, signal);
    else await this.#work(due, until, signal);
  }

  async #note(): Promise<void> {
    const { clock, log, policy, province, store } = this.#options;
    const now = clock.now();
    if (this.#since === null) {
      const fingerprint = fingerprintOf(policy.calendar.rules);
      const registered = await registerSchedule(store, province, fingerprint, now);
      this.#since = registered.since;
      if (registered.isNew) log.event("schedule.changed", {});
    }
    const since = this.#since;
    const noted = await noteDues(store, province, (known) => decideDues(policy, now, since, known));
    for (const { reason, state } of noted)
      log.event("schedule.noted", { state, ...(reason === null ? {} : { code: reason }) });
  }

  /** Under `skip` a load begins when it is due; one that no process began then is missed. */
  async #isTooLate(due: Due): Promise<boolean> {
    const { clock, policy } = this.#options;
    const isLate = clock.now().getTime() - due.dueAt.getTime() > onTimeMs;
    if (policy.catchUp === "once" || due.state !== "due" || due.startedAt !== null || !isLate) return false;
    await this.#settle(due, ["due"], "missed", "slept");
    return true;
  }

  /** Whoever worked when the window ended may have died before it could say so. */
  async #closed(due: Due, signal: AbortSignal): Promise<void> {
    const { calendar } = this.#options.policy;
    const now = this.#options.clock.now();
    if (due.state === "running") await this.#pause(due, now);
    await this.#wait(due, calendar.nextOpen(now), signal);
  }

  async #work(due: Due, until: Date, signal: AbortSignal): Promise<void> {
    const run = await this.#enter(due, until).catch(async (error: unknown) => {
      // The exchange-db itself is away: nothing can be written down now.
      if (isOutage(error)) throw error;
      await this.#fault(due, error);
      return null;
    });
    if (run === null) return;
    const [closing, handBack, ended] = [new AbortController(), new AbortController(), new AbortController()];
    const guard = this.#guardWindow(due, until, { closing, handBack, ended });
    let end: LoadEnd | { readonly fault: unknown };
    try {
      const stop = AbortSignal.any([signal, handBack.signal]);
      end = await this.#options.carrier.carry(run, stop, closing.signal);
    } catch (error) {
      end = { fault: error };
    }
    ended.abort();
    await guard;
    if (typeof end === "string") await this.#after(due, run, end);
    else if (!signal.aborted && !closing.signal.aborted) await this.#fault(due, end.fault);
  }

  /** Null where another process was first: then the row is looked at again. */
  async #enter(due: Due, until: Date): Promise<Run | null> {
    const { carrier, log, province, store, tell } = this.#options;
    const key = { province, dueAt: due.dueAt };
    if (due.state === "due") {
      const run = await beginDue(store, key, async (client) => await carrier.open(client));
      if (run === "nothing") await this.#settle(due, ["due"], "done", null);
      if (run === null || run === "nothing") return null;
      tell({ kind: "begun", due, run, until });
      log.event("schedule.begun", { runId: run.runId });
      return await readRun(store, run.runId);
    }
    if (due.state === "paused" && (await resumeDue(store, key)) === null) return null;
    const run = await readRun(store, due.runId ?? "");
    if (due.state === "paused") {
      tell({ kind: "resumed", due, run, until });
      log.event("schedule.resumed", { runId: run.runId });
    }
    return run;
  }

  /** At the window's end nobody begins a chunk any more; what is in hand has a while, then it is handed back. */
  async #guardWindow(
    due: Due,
    until: Date,
    signals: Readonly<Record<"closing" | "handBack" | "ended", AbortController>>,
  ): Promise<void> {
    const { clock, graceSeconds, log, tickMs } = this.#options;
    const ended = signals.ended.signal;
    const warn = (error: unknown) => log.warn("schedule.turn.failed", {}, error);
    while (!ended.aborted && clock.now() < until) {
      await sleepUntil(clock, until, tickMs, ended);
      await this.#note().catch(warn);
    }
    if (ended.aborted) return;
    await this.#pause(due, until).catch(warn);
    signals.closing.abort();
    await clock.sleep(graceSeconds * 1000, ended);
    signals.handBack.abort();
  }

  async #pause(due: Due, at: Date): Promise<void> {
    const { log, policy, province, store } = this.#options;
    const opens = policy.calendar.nextOpen(at);
    const reason = closedReason(policy.calendar, at) ?? "window";
    const isPaused = await pauseDue(store, { province, dueAt: due.dueAt }, opens, reason);
    if (isPaused === true) log.event("schedule.paused", { code: reason });
  }

  async #after(due: Due, run: Run, end: LoadEnd): Promise<void> {
    const { carrier, clock, policy, store, tell } = this.#options;
    if (end === "paused" || end === "interrupted") {
      const ledger = await ledgerOfRun(store, run.runId);
      const wrong = ledger.find((line) => !addsUp(line));
      if (wrong !== undefined)
        throw new DuijieError("INVARIANT_BROKEN", { what: "ledger", runId: run.runId, entity: wrong.entity });
      const now = clock.now();
      if (policy.calendar.openUntil(now) === null)
        tell({ kind: "paused", due, opens: policy.calendar.nextOpen(now), ledger });
    } else if (end === "held") await this.#hold(due, run);
    else if (end === "done" && !carrier.isAll(run)) await this.#again(due);
    else {
      // What was taken back ended by a person's hand too.
      const state = end === "done" || end === "failed" ? end : "stopped";
      await this.#settle(due, [...unsettled, "failed"], state, null);
    }
  }

  /** This load is through, but not all that was due. */
  async #again(due: Due): Promise<void> {
    const { province, store } = this.#options;
    await moveDue(store, { province, dueAt: due.dueAt }, ["running", "paused"], "due", null);
  }

  async #hold(due: Due, run: Run): Promise<void> {
    const { bell, province, store } = this.#options;
    await moveDue(store, { province, dueAt: due.dueAt }, ["running"], "held", "QUARANTINE_SHARE_EXCEEDED");
    await bell.raise({
      kind: "held",
      subjectAt: due.dueAt,
      runId: run.runId,
      reason: "QUARANTINE_SHARE_EXCEEDED",
    });
  }

  /** Until a person accepts the share or stops the load. */
  async #held(due: Due, signal: AbortSignal): Promise<void> {
    const { province, store } = this.#options;
    const run = await readRun(store, due.runId ?? "");
    if (run.state === "held") await this.#wait(due, null, signal);
    else await moveDue(store, { province, dueAt: due.dueAt }, ["held"], "running", null);
  }

  /** An outage passes, and the load is tried again in its window; anything else waits for the next due time. */
  async #fault(due: Due, error: unknown): Promise<void> {
    const { bell, carrier, clock, log, province, retryMinutes, store } = this.#options;
    const { dueAt } = due;
    const code = error instanceof DuijieError ? error.code : "INVARIANT_BROKEN";
    const { runId } = (await unsettledDue(store, province)) ?? due;
    log.error("schedule.load.failed", runId === null ? {} : { runId }, error);
    await carrier.rest();
    if (isOutage(error)) {
      this.#retryAt = new Date(clock.now().getTime() + retryMinutes * 60_000);
      await moveDue(store, { province, dueAt }, ["running"], "running", code);
      await bell.raise({ kind: "failing", subjectAt: dueAt, runId, reason: code });
      return;
    }
    // `done` too: both sides are compared when the load has ended already.
    await this.#settle(due, [...unsettled, "done"], "failed", code);
    await bell.raise({ kind: "failed", subjectAt: dueAt, runId, reason: code });
    if (!(error instanceof DuijieError)) throw error;
  }

  async #settle(due: Due, from: readonly DueState[], to: DueState, reason: string | null): Promise<void> {
    const { log, province, store, tell } = this.#options;
    if (!(await moveDue(store, { province, dueAt: due.dueAt }, from, to, reason))) return;
    this.#retryAt = null;
    log.event("schedule.ended", { state: to, ...(reason === null ? {} : { code: reason }) });
    tell({ kind: "ended", due, state: to, reason });
  }

  async #wait(due: Due | null, moment: Date | null, signal: AbortSignal): Promise<void> {
    const { clock, policy, tell, tickMs } = this.#options;
    const told = `${due?.dueAt.getTime()} ${due?.state} ${moment?.getTime()}`;
    if (told !== this.#told) tell({ kind: "waits", due, until: moment });
    this.#told = told;
    const next = policy.calendar.dueAfter(clock.now());
    const first = [moment, next]
      .filter((one) => one !== null)
      .toSorted((a, b) => a.getTime() - b.getTime())[0];
    await sleepUntil(clock, first ?? null, tickMs, signal);
  }
}

/** Needs nothing but time. */
export function isOutage(error: unknown): boolean {
  return error instanceof DuijieError && error.disposition === "retry";
}
