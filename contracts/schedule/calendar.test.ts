import { expect } from "chai";
import fc from "fast-check";
import { Calendar, type CalendarRules, minutesOf, type Window, weekdays } from "./calendar.ts";
import { dayAfter, localTime } from "./local-time.ts";
import { isEverDue, isEverDueIn } from "./window-use.ts";

const zone = "Asia/Shanghai";
const rules: CalendarRules = { timeZone: zone, cron: "0 22 * * *", windows: [], blackoutDays: [] };
const everyNight: Window = { days: [...weekdays], from: "22:00", to: "06:00" };

/** A moment by the clocks of Shanghai. */
const at = (text: string) => new Date(`${text.replace(" ", "T")}+08:00`);
const shown = (date: Date | null) =>
  date === null
    ? null
    : new Date(date.getTime() + 8 * 3_600_000).toISOString().slice(0, 16).replace("T", " ");

function calendar(parts: Partial<CalendarRules>): Calendar {
  return new Calendar({ ...rules, ...parts });
}

const clock = fc
  .record({ hours: fc.integer({ min: 0, max: 23 }), minutes: fc.integer({ min: 0, max: 59 }) })
  .map(({ hours, minutes }) => `${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`);
const anyWindow: fc.Arbitrary<Window> = fc.record({
  days: fc.subarray([...weekdays], { minLength: 1 }),
  from: clock,
  to: fc.oneof(clock, fc.constant("24:00")),
});
const first = "2026-03-20";
const anyDay = fc.integer({ min: 0, max: 20 }).map((days) => dayAfter(first, days));
const anyRules: fc.Arbitrary<CalendarRules> = fc.record({
  timeZone: fc.constantFrom("Asia/Shanghai", "Asia/Kathmandu"),
  cron: fc.constant("0 22 * * *"),
  windows: fc.array(anyWindow, { maxLength: 4 }),
  blackoutDays: fc.array(
    anyDay.map((from) => ({ from, reason: "exam" })),
    { maxLength: 5 },
  ),
});
const anyMoment = fc
  .integer({ min: 0, max: 20 * 1440 })
  .map((minutes) => new Date(Date.parse(`${first}T00:00:00Z`) + minutes * 60_000));

/** The rules as a person reads them, minute by minute; knows nothing of how the calendar computes. */
function isOpenByHand({ timeZone, windows, blackoutDays }: CalendarRules, moment: Date): boolean {
  const { day, minutes, weekday } = localTime(moment, timeZone);
  if (blackoutDays.some(({ from, to = from }) => from <= day && day <= to)) return false;
  if (windows.length === 0) return true;
  return windows.some((window) => {
    const { from, to } = minutesOf(window);
    const [today, yesterday] = [weekdays[weekday] ?? "sun", weekdays[(weekday + 6) % 7] ?? "sun"];
    const isTodays = window.days.includes(today) && from <= minutes && minutes < to;
    return isTodays || (window.days.includes(yesterday) && minutes + 1440 < to);
  });
}

describe("a calendar", () => {
  it("is open in its windows, also past midnight, and says until when", () => {
    const nights = calendar({ windows: [everyNight] });
    expect(nights.openUntil(at("2026-09-01 21:59"))).to.equal(null);
    expect(shown(nights.openUntil(at("2026-09-01 22:00")))).to.equal("2026-09-02 06:00");
    expect(shown(nights.openUntil(at("2026-09-02 05:59")))).to.equal("2026-09-02 06:00");
    expect(nights.openUntil(at("2026-09-02 06:00"))).to.equal(null);
    expect(shown(nights.nextOpen(at("2026-09-02 06:00")))).to.equal("2026-09-02 22:00");
    expect(shown(nights.nextOpen(at("2026-09-02 23:00")))).to.equal("2026-09-02 23:00");
  });

  it("joins windows that touch or overlap", () => {
    const weekend: Window = { days: ["sat", "sun"], from: "00:00", to: "24:00" };
    const friday: Window = { days: ["fri"], from: "22:00", to: "06:00" };
    // The fourth of September 2026 is a Friday.
    const both = calendar({ windows: [weekend, friday] });
    expect(shown(both.openUntil(at("2026-09-04 23:00")))).to.equal("2026-09-07 00:00");
    expect(
      both
        .openBetween(at("2026-09-04 00:00"), at("2026-09-13 00:00"))
        .map((one) => [one.from, one.to].map(shown)),
    ).to.deep.equal([
      ["2026-09-04 22:00", "2026-09-07 00:00"],
      ["2026-09-11 22:00", "2026-09-13 00:00"],
    ]);
  });

  it("closes at midnight before a blackout day and opens at the midnight behind it", () => {
    const blackoutDays = [{ from: "2026-06-07", to: "2026-06-09", reason: "高考" }];
    const nights = calendar({ windows: [everyNight], blackoutDays });
    expect(shown(nights.openUntil(at("2026-06-06 22:30")))).to.equal("2026-06-07 00:00");
    expect(nights.closedBy(at("2026-06-08 23:00"))?.blackout?.reason).to.equal("高考");
    expect(shown(nights.nextOpen(at("2026-06-07 00:00")))).to.equal("2026-06-10 00:00");
    expect(shown(nights.openUntil(at("2026-06-10 00:00")))).to.equal("2026-06-10 06:00");
    expect(nights.closedBy(at("2026-06-10 12:00"))).to.deep.equal({ blackout: null });
    expect(nights.closedBy(at("2026-06-10 22:00"))).to.equal(null);
  });

  it("says nothing of what lies beyond its horizon", () => {
    const never = calendar({ blackoutDays: [{ from: "2026-01-01", to: "2029-01-01", reason: "x" }] });
    expect(never.nextOpen(at("2026-06-01 12:00"))).to.equal(null);
    expect(never.openBetween(at("2026-06-01 12:00"), at("2026-07-01 12:00"))).to.deep.equal([]);
  });

  it("names due times after one moment and up to another", () => {
    const nights = calendar({});
    expect(shown(nights.dueAfter(at("2026-09-01 22:00")))).to.equal("2026-09-02 22:00");
    expect(nights.duesBetween(at("2026-09-01 22:00"), at("2026-09-03 22:00")).map(shown)).to.deep.equal([
      "2026-09-02 22:00",
      "2026-09-03 22:00",
    ]);
    const minutely = calendar({ cron: "* * * * *" });
    const newest = minutely.duesBetween(at("2026-09-01 00:00"), at("2026-09-03 00:00"), 3).map(shown);
    expect(newest).to.deep.equal(["2026-09-02 23:58", "2026-09-02 23:59", "2026-09-03 00:00"]);
  });

  it("keeps to local hours where clocks change: a due time that is left out comes at the change, one that comes twice once", () => {
    const berlin = calendar({
      timeZone: "Europe/Berlin",
      cron: "30 2 * * *",
      windows: [{ days: [...weekdays], from: "01:00", to: "04:00" }],
    });
    const dues = (from: string, to: string) =>
      berlin.duesBetween(new Date(from), new Date(to)).map((due) => due.toISOString());
    expect(dues("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z")).to.deep.equal([
      "2026-03-29T01:00:00.000Z",
      "2026-03-30T00:30:00.000Z",
    ]);
    expect(dues("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z")).to.deep.equal([
      "2026-10-25T00:30:00.000Z",
      "2026-10-26T01:30:00.000Z",
    ]);
    const hours = (day: string) => {
      const [open] = berlin.openBetween(new Date(`${day}T00:00:00Z`), new Date(`${day}T12:00:00Z`));
      return open === undefined ? 0 : (open.to.getTime() - open.from.getTime()) / 3_600_000;
    };
    expect(["2026-03-29", "2026-03-31"].map(hours)).to.deep.equal([2, 2]);
    const autumn = berlin.openBetween(new Date("2026-10-24T12:00:00Z"), new Date("2026-10-25T12:00:00Z"));
    expect(autumn.map(({ from, to }) => [from.toISOString(), to.toISOString()])).to.deep.equal([
      ["2026-10-24T23:00:00.000Z", "2026-10-25T03:00:00.000Z"],
    ]);
  });

  it("is open exactly when one of its windows holds the minute and no blackout day does", () => {
    fc.assert(
      fc.property(anyRules, anyMoment, (some, moment) => {
        const made = new Calendar(some);
        expect(made.openUntil(moment) !== null).to.equal(isOpenByHand(some, moment));
        expect(made.closedBy(moment) === null).to.equal(isOpenByHand(some, moment));
      }),
      { numRuns: 300 },
    );
  });

  it("ends and begins at the first minute that differs", () => {
    fc.assert(
      fc.property(anyRules, anyMoment, (some, moment) => {
        const made = new Calendar(some);
        const isOpen = isOpenByHand(some, moment);
        const change = isOpen ? made.openUntil(moment) : made.nextOpen(moment);
        const limit = moment.getTime() + 3 * 1440 * 60_000;
        let byHand = moment.getTime();
        while (byHand < limit && isOpenByHand(some, new Date(byHand)) === isOpen) byHand += 60_000;
        if (byHand < limit) expect(change?.getTime()).to.equal(byHand);
        else expect(change === null || change.getTime() >= limit).to.equal(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe("windows and due times", () => {
  it("meet, or a window only lets loads go on", () => {
    const morning: Window = { days: ["sat"], from: "08:00", to: "12:00" };
    expect(isEverDueIn(rules, everyNight)).to.equal(true);
    expect(isEverDueIn(rules, morning)).to.equal(false);
    expect(isEverDueIn({ ...rules, cron: "0 9 29 2 *" }, { ...morning, days: [...weekdays] })).to.equal(true);
    expect(isEverDue(rules)).to.equal(true);
    expect(isEverDue({ ...rules, cron: "0 0 30 2 *" })).to.equal(false);
  });
});
