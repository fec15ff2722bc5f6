import { expect } from "chai";
import type { ScheduleConfig } from "../config/config.ts";
import { DuijieError } from "../contracts/errors.ts";
import { weekdays } from "../contracts/schedule/calendar.ts";
import { FakeClock } from "../test/support/fake-clock.ts";
import { guardWindow } from "./window-guard.ts";

const schedule: ScheduleConfig = {
  timeZone: "Asia/Shanghai",
  cron: "0 22 * * *",
  windows: [{ days: [...weekdays], from: "22:00", to: "06:00" }],
  blackoutDays: [{ from: "2026-06-07", reason: "exam" }],
  catchUp: "once",
  deadlineHours: 24,
  retryMinutes: 5,
  graceSeconds: 30,
  silentSeconds: 300,
};
const at = (text: string) => new Date(`${text.replace(" ", "T")}+08:00`);
const turn = async () => await new Promise((resolve) => setImmediate(resolve));

function refusal(moment: string): DuijieError {
  try {
    guardWindow(schedule, new FakeClock(at(moment)), false);
  } catch (error) {
    if (error instanceof DuijieError) return error;
    throw error;
  }
  throw new Error("it was let in");
}

describe("a load by hand", () => {
  it("is refused outside the windows, and told when they open", () => {
    expect(refusal("2026-06-01 12:00")).to.deep.include({
      code: "OUTSIDE_WINDOW",
      params: { opens: "2026-06-01 22:00" },
    });
    expect(refusal("2026-06-07 01:00").params).to.deep.equal({ opens: "2026-06-08 00:00", blackout: "exam" });
  });

  it("begins no chunk after the window's end, and hands back what is in hand a while later", async () => {
    const clock = new FakeClock(at("2026-06-02 05:00"));
    const guard = guardWindow(schedule, clock, false);
    clock.set(at("2026-06-02 05:59"));
    await turn();
    expect(guard.closing.aborted).to.equal(false);
    clock.set(at("2026-06-02 06:00"));
    await turn();
    expect([guard.closing.aborted, guard.handBack.aborted]).to.deep.equal([true, false]);
    clock.set(new Date(at("2026-06-02 06:00").getTime() + 30_000));
    await turn();
    expect(guard.handBack.aborted).to.equal(true);
  });

  it("runs at any time where no schedule is configured, or somebody decided so", async () => {
    for (const [rules, isAllowed] of [
      [undefined, false],
      [schedule, true],
    ] as const) {
      const clock = new FakeClock(at("2026-06-01 12:00"));
      const guard = guardWindow(rules, clock, isAllowed);
      clock.set(at("2026-06-02 12:00"));
      await turn();
      expect(guard.closing.aborted).to.equal(false);
    }
  });

  it("leaves no timer behind when it has ended", async () => {
    const clock = new FakeClock(at("2026-06-02 05:00"));
    const guard = guardWindow(schedule, clock, false);
    expect(clock.sleepers).to.equal(1);
    guard.end();
    await turn();
    expect(clock.sleepers).to.equal(0);
  });
});
