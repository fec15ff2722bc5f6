import { expect } from "chai";
import fc from "fast-check";
import { Calendar, type CalendarRules, weekdays } from "../../contracts/schedule/calendar.ts";
import type { Due } from "../../exchange-db/schedules.ts";
import { beginningOf, deadlineOf, decideDues, type SchedulePolicy } from "./due-times.ts";

const at = (text: string) => new Date(`${text.replace(" ", "T")}+08:00`);
const shown = (date: Date | null) =>
  date === null
    ? null
    : new Date(date.getTime() + 8 * 3_600_000).toISOString().slice(5, 16).replace("T", " ");

function policy(catchUp: "once" | "skip", rules: Partial<CalendarRules> = {}): SchedulePolicy {
  const calendar = new Calendar({
    timeZone: "Asia/Shanghai",
    cron: "0 22 * * *",
    windows: [{ days: [...weekdays], from: "22:00", to: "06:00" }],
    blackoutDays: [{ from: "2026-06-07", to: "2026-06-08", reason: "exam" }],
    ...rules,
  });
  return { calendar, catchUp, deadlineHours: 8 };
}

function row(dueAt: Date, state: Due["state"]): Due {
  return {
    dueAt,
    state,
    reason: null,
    runId: null,
    opensAt: null,
    windows: 0,
    startedAt: null,
    endedAt: null,
  };
}

const since = at("2026-05-01 00:00");

function decided(rules: SchedulePolicy, now: Date, newest: Due | null, open: Due | null = null) {
  return decideDues(rules, now, since, { newest, open }).map(({ dueAt, reason, state }) =>
    [shown(dueAt), state, reason].filter((part) => part !== null).join(" "),
  );
}

describe("due times", () => {
  const yesterday = row(at("2026-06-01 22:00"), "done");

  it("are taken up when they come", () => {
    for (const catchUp of ["once", "skip"] as const) {
      expect(decided(policy(catchUp), at("2026-06-02 21:59"), yesterday)).to.deep.equal([]);
      expect(decided(policy(catchUp), at("2026-06-02 22:00"), yesterday)).to.deep.equal(["06-02 22:00 due"]);
    }
  });

  it("that nobody took up are caught up once by the newest, or are missed", () => {
    const now = at("2026-06-05 09:00");
    expect(decided(policy("once"), now, yesterday)).to.deep.equal([
      "06-02 22:00 skipped caught-up",
      "06-03 22:00 skipped caught-up",
      "06-04 22:00 due slept",
    ]);
    expect(decided(policy("skip"), now, yesterday)).to.deep.equal([
      "06-02 22:00 missed slept",
      "06-03 22:00 missed slept",
      "06-04 22:00 missed slept",
    ]);
  });

  it("that the watch wrote down as missed can still be caught up", () => {
    const missed = row(at("2026-06-02 22:00"), "missed");
    const now = at("2026-06-03 12:00");
    expect(decided(policy("once"), now, missed)).to.deep.equal(["06-02 22:00 due slept"]);
    expect(decided(policy("skip"), now, missed)).to.deep.equal([]);
    expect(decided(policy("once"), now, { ...missed, runId: "7" })).to.deep.equal([]);
  });

  it("on a blackout day wait for its end, or are skipped", () => {
    const before = row(at("2026-06-06 22:00"), "done");
    expect(decided(policy("once"), at("2026-06-07 22:00"), before)).to.deep.equal([
      "06-07 22:00 due blackout",
    ]);
    expect(decided(policy("skip"), at("2026-06-07 22:00"), before)).to.deep.equal([
      "06-07 22:00 skipped blackout",
    ]);
    expect(shown(beginningOf(policy("once"), at("2026-06-07 22:00")))).to.equal("06-09 00:00");
    expect(beginningOf(policy("skip"), at("2026-06-07 22:00"))).to.equal(null);
  });

  it("outside the windows wait for the next, or are skipped", () => {
    const noon = { cron: "0 12,22 * * *" };
    const before = row(at("2026-06-01 22:00"), "done");
    expect(decided(policy("once", noon), at("2026-06-02 12:00"), before)).to.deep.equal([
      "06-02 12:00 due window",
    ]);
    expect(decided(policy("skip", noon), at("2026-06-02 12:00"), before)).to.deep.equal([
      "06-02 12:00 skipped window",
    ]);
  });

  it("are skipped while an earlier one is not settled", () => {
    const open = row(at("2026-06-01 22:00"), "paused");
    for (const catchUp of ["once", "skip"] as const)
      expect(decided(policy(catchUp), at("2026-06-03 08:00"), open, open)).to.deep.equal([
        "06-02 22:00 skipped overlap",
      ]);
  });

  it("before the rules were in force were never due", () => {
    const now = at("2026-06-02 09:00");
    expect(
      decideDues(policy("once"), now, at("2026-06-01 23:00"), { newest: null, open: null }),
    ).to.deep.equal([]);
  });

  it("have a deadline that counts from when they could begin", () => {
    expect(shown(deadlineOf(policy("once"), at("2026-06-02 22:00")))).to.equal("06-03 06:00");
    expect(shown(deadlineOf(policy("once"), at("2026-06-07 22:00")))).to.equal("06-09 08:00");
    expect(deadlineOf(policy("skip"), at("2026-06-07 22:00"))).to.equal(null);
  });

  it("are recorded once each and one is open at most, however often and late somebody looks", () => {
    const looks = fc.array(fc.integer({ min: 1, max: 3 * 24 * 60 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(looks, fc.constantFrom("once", "skip"), fc.boolean(), (minutes, catchUp, isSlow) => {
        const rules = policy(catchUp === "once" ? "once" : "skip");
        const rows = new Map<number, Due>();
        let now = since.getTime();
        for (const step of minutes) {
          now += step * 60_000;
          const known = [...rows.values()];
          const open = known.find(({ state }) => state === "due") ?? null;
          for (const { dueAt, state } of decideDues(rules, new Date(now), since, {
            newest: known.at(-1) ?? null,
            open,
          })) {
            expect(rows.has(dueAt.getTime()), String(dueAt)).to.equal(false);
            rows.set(dueAt.getTime(), row(dueAt, state));
          }
          const due = [...rows.values()].filter(({ state }) => state === "due");
          expect(due.length).to.be.at.most(1);
          if (!isSlow) for (const { dueAt } of due) rows.set(dueAt.getTime(), row(dueAt, "done"));
        }
        const expected = rules.calendar.duesBetween(since, new Date(now)).map((due) => due.getTime());
        expect([...rows.keys()]).to.deep.equal(expected);
      }),
    );
  });
});
