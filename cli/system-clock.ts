import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../pipeline/schedule/clock.ts";

export function systemClock(now: () => Date): Clock {
  return {
    now,
    sleep: async (ms, signal) => await delay(ms, undefined, { signal }).catch(() => undefined),
  };
}
