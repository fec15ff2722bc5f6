import { expect } from "chai";
import { type Clock, ReadPace, systemClock } from "./read-pace.ts";

const never = new AbortController().signal;

class SteppedClock implements Clock {
  nowMs = 0;
  readonly sleeps: number[] = [];

  now(): number {
    return this.nowMs;
  }

  sleep(ms: number): Promise<void> {
    this.sleeps.push(ms);
    this.nowMs += ms;
    return Promise.resolve();
  }
}

describe("a reader's pace", () => {
  it("lets the first page go at once and makes the next wait until it is paid for", async () => {
    const clock = new SteppedClock();
    const pace = new ReadPace(clock);
    for (let page = 0; page < 3; page++) await pace.take(50, 100, never);
    expect(clock.sleeps).to.deep.equal([500, 500]);
  });

  it("does not save up time in which nobody read", async () => {
    const clock = new SteppedClock();
    const pace = new ReadPace(clock);
    await pace.take(100, 100, never);
    clock.nowMs = 60_000;
    await pace.take(100, 100, never);
    await pace.take(100, 100, never);
    expect(clock.sleeps).to.deep.equal([1000]);
  });

  it("counts only the time still due when the consumer was slow itself", async () => {
    const clock = new SteppedClock();
    const pace = new ReadPace(clock);
    await pace.take(100, 100, never);
    clock.nowMs = 400;
    await pace.take(100, 100, never);
    expect(clock.sleeps).to.deep.equal([600]);
  });

  it("does not wait without a limit", async () => {
    const clock = new SteppedClock();
    const pace = new ReadPace(clock);
    for (let page = 0; page < 3; page++) await pace.take(1_000_000, undefined, never);
    expect(clock.sleeps).to.deep.equal([]);
  });

  it("ends a wait with the reason of an abort", async () => {
    const controller = new AbortController();
    const pace = new ReadPace(systemClock);
    await pace.take(1_000_000, 1, controller.signal);
    const waiting = pace.take(1, 1, controller.signal).catch((reason: unknown) => reason);
    const reason = new Error("stopped by the test");
    controller.abort(reason);
    expect(await waiting).to.equal(reason);
  });
});
