import type { Clock } from "../../pipeline/schedule/clock.ts";

/** Stands still until a test moves it; who sleeps wakes when its moment has come. */
export class FakeClock implements Clock {
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  #ms: number;

  constructor(start: Date) {
    this.#ms = start.getTime();
  }

  now(): Date {
    return new Date(this.#ms);
  }

  /** Who sleeps now: when all do, nothing moves until the clock does. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const sleeper = { at: this.#ms + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", () => {
        this.#sleepers.delete(sleeper);
        resolve();
      });
    });
  }

  set(to: Date): void {
    this.#ms = to.getTime();
    for (const sleeper of this.#sleepers) {
      if (sleeper.at > this.#ms) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}
