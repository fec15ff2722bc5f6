import { setTimeout as delay } from "node:timers/promises";

/** Waits for a condition; says which one when it does not come true in time. */
export async function until(what: string, holds: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`did not come true: ${what}`);
    await delay(25);
  }
}
