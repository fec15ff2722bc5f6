import { setTimeout as delay } from "node:timers/promises";

/** Time as a reader sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds that only rise. */
  now(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { signal });
    } catch {
      signal.throwIfAborted();
    }
  },
};

/**
 * A token bucket that lends: a page goes at once when earlier pages are paid for, and the next one waits for it.
 * One pace belongs to one reader for its life, so that many short ranges cost as much as a long one.
 */
export class ReadPace {
  readonly #clock: Clock;
  #paidUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits until earlier rows are paid for, then charges these. */
  async take(rows: number, rowsPerSecond: number | undefined, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (rowsPerSecond === undefined) return;
    const waitMs = this.#paidUntil - this.#clock.now();
    if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
    this.#paidUntil = Math.max(this.#paidUntil, this.#clock.now()) + (rows / rowsPerSecond) * 1000;
  }
}
