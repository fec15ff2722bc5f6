import { setTimeout as delay } from "node:timers/promises";
import { DuijieError } from "../contracts/errors.ts";
import type { Log } from "../contracts/log.ts";

export interface RetryOptions {
  /** Attempts, the first included. */
  readonly budget: number;
  readonly signal: AbortSignal;
  readonly log: Log;
}

const delayMaxMs = 5000;

/** Tries again what may pass by itself: errors of disposition `retry` but a lost lease. The last error is thrown on. */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (options.signal.aborted || !mayPass(error) || attempt >= options.budget) throw error;
      const delayMs = Math.min(delayMaxMs, 100 * 2 ** attempt);
      options.log.warn("attempt.failed", { attempt, delayMs }, error);
      await delay(delayMs, undefined, { signal: options.signal });
    }
  }
}

function mayPass(error: unknown): boolean {
  return error instanceof DuijieError && error.disposition === "retry" && error.code !== "LEASE_LOST";
}
