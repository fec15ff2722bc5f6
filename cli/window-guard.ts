import type { ScheduleConfig } from "../config/config.ts";
import { DuijieError } from "../contracts/errors.ts";
import { Calendar } from "../contracts/schedule/calendar.ts";
import { clockText } from "../contracts/schedule/local-time.ts";
import { type Clock, sleepUntil } from "../pipeline/schedule/clock.ts";

export interface WindowGuard {
  /** Comes at the window's end: no chunk is begun any more. */
  readonly closing: AbortSignal;
  /** Comes a while later: what is still in hand is handed back. */
  readonly handBack: AbortSignal;
  /** OUTSIDE_WINDOW, for what can't stop half-way. */
  over(): DuijieError;
  end(): void;
}

/**
 * A load by hand keeps to the windows too: they protect the registry from all readers. Throws OUTSIDE_WINDOW; guards
 * nothing where no schedule is configured or somebody decided otherwise.
 */
export function guardWindow(
  schedule: ScheduleConfig | undefined,
  clock: Clock,
  isOutsideAllowed: boolean,
): WindowGuard {
  const [closing, handBack, ended] = [new AbortController(), new AbortController(), new AbortController()];
  const guard = {
    closing: closing.signal,
    handBack: handBack.signal,
    over: () => new DuijieError("OUTSIDE_WINDOW"),
    end: () => ended.abort(),
  };
  if (schedule === undefined || isOutsideAllowed) return guard;
  const calendar = new Calendar(schedule);
  const until = calendar.openUntil(clock.now());
  if (until === null) throw outsideWindow(calendar, clock.now());
  const close = async () => {
    while (!ended.signal.aborted && clock.now() < until) await sleepUntil(clock, until, tickMs, ended.signal);
    if (ended.signal.aborted) return;
    closing.abort();
    await clock.sleep(schedule.graceSeconds * 1000, ended.signal);
    handBack.abort();
  };
  void close();
  return { ...guard, over: () => outsideWindow(calendar, clock.now()) };
}

const tickMs = 30_000;

function outsideWindow(calendar: Calendar, now: Date): DuijieError {
  const next = calendar.nextOpen(now);
  const opens = next === null ? undefined : clockText(next, calendar.rules.timeZone);
  const blackout = calendar.closedBy(now)?.blackout?.reason;
  return new DuijieError("OUTSIDE_WINDOW", {
    ...(opens === undefined ? {} : { opens }),
    ...(blackout === undefined ? {} : { blackout }),
  });
}
