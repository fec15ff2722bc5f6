import { Cron } from "croner";
import { dayAfter, instantOf, localTime, weekdayOf } from "./local-time.ts";

export const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
export type Weekday = (typeof weekdays)[number];

/** Hours in which a load may work, on each of the days on which they begin. `to` before `from` is on the next day. */
export interface Window {
  readonly days: readonly Weekday[];
  /** `HH:MM`. */
  readonly from: string;
  /** `HH:MM`, up to `24:00`. */
  readonly to: string;
}

/** Days on which nothing works, from midnight to midnight; both ends belong to it. */
export interface BlackoutDays {
  /** `YYYY-MM-DD`. */
  readonly from: string;
  readonly to?: string;
  readonly reason: string;
}

export interface CalendarRules {
  readonly timeZone: string;
  /** When a load is due: five fields, or six with seconds in front. */
  readonly cron: string;
  /** None: at any hour. */
  readonly windows: readonly Window[];
  readonly blackoutDays: readonly BlackoutDays[];
}

/** From `from` (inclusive) to `to` (exclusive). */
export interface Period {
  readonly from: Date;
  readonly to: Date;
}

/** How far ahead is looked, at most: what does not come within a year and a month does not come. */
export const horizonDays = 400;

/** When a load is due and when it may work. Pure: the moment is always an argument. */
export class Calendar {
  readonly rules: CalendarRules;
  readonly #cron: Cron;

  /** Throws what croner says of a wrong expression. */
  constructor(rules: CalendarRules) {
    this.rules = rules;
    this.#cron = cronOf(rules);
  }

  /** The first due time after a moment; null when there is none any more. */
  dueAfter(at: Date): Date | null {
    return this.#cron.nextRun(at);
  }

  /** Due times after `from` up to and including `to`, the newest `countMax` of them. */
  duesBetween(from: Date, to: Date, countMax = 1000): readonly Date[] {
    const dues: Date[] = [];
    let due = this.dueAfter(from);
    while (due !== null && due <= to) {
      dues.push(due);
      if (dues.length > countMax) dues.shift();
      due = this.dueAfter(due);
    }
    return dues;
  }

  /** Until when work may go on that is under way at `at`; null where nothing may work then. */
  openUntil(at: Date): Date | null {
    const { day } = localTime(at, this.rules.timeZone);
    let end: Date | null = null;
    // Yesterday's window may reach into today.
    for (const period of this.#periods(dayAfter(day, -1), horizonDays)) {
      if (period.from > (end ?? at)) break;
      if (period.to > (end ?? at)) end = period.to;
    }
    return end;
  }

  /** The first moment from `at` on when work may go on; null where there is none within the horizon. */
  nextOpen(at: Date): Date | null {
    const { day } = localTime(at, this.rules.timeZone);
    for (const { from, to } of this.#periods(dayAfter(day, -1), horizonDays)) {
      if (to > at) return from > at ? from : at;
    }
    return null;
  }

  /** Why nothing may work at `at`: a blackout day with its reason, or the hour; null where it may. */
  closedBy(at: Date): { readonly blackout: BlackoutDays | null } | null {
    if (this.openUntil(at) !== null) return null;
    return { blackout: this.blackoutOn(localTime(at, this.rules.timeZone).day) };
  }

  blackoutOn(day: string): BlackoutDays | null {
    return this.rules.blackoutDays.find(({ from, to = from }) => from <= day && day <= to) ?? null;
  }

  /** Open periods between two moments, joined where they touch. */
  openBetween(from: Date, to: Date): readonly Period[] {
    const periods: Period[] = [];
    for (let open = this.nextOpen(from); open !== null && open < to; ) {
      const end = this.openUntil(open) ?? open;
      periods.push({ from: open, to: end < to ? end : to });
      open = end < to ? this.nextOpen(end) : null;
    }
    return periods;
  }

  /** In the order of their beginning, from the day named on; they may overlap by a window that crosses midnight. */
  *#periods(firstDay: string, days: number): Generator<Period> {
    const { timeZone } = this.rules;
    for (let count = 0; count <= days; count += 1) {
      const day = dayAfter(firstDay, count);
      if (this.blackoutOn(day) !== null) continue;
      for (const { from, to } of this.#hoursOf(day)) {
        const period = { from: instantOf(day, from, timeZone), to: instantOf(day, to, timeZone) };
        if (period.from < period.to) yield period;
      }
    }
  }

  /** What is open of one day, in minutes of it: its own windows, and those of the day before that reach into it. */
  #hoursOf(day: string): readonly { from: number; to: number }[] {
    const { windows } = this.rules;
    if (windows.length === 0) return [{ from: 0, to: dayMinutes }];
    const today = weekdays[weekdayOf(day)] ?? "sun";
    const yesterday = weekdays[(weekdayOf(day) + 6) % 7] ?? "sun";
    const hours = windows.flatMap(({ days, ...window }) => {
      const { from, to } = minutesOf(window);
      const own = days.includes(today) ? [{ from, to: Math.min(to, dayMinutes) }] : [];
      return days.includes(yesterday) && to > dayMinutes ? [{ from: 0, to: to - dayMinutes }, ...own] : own;
    });
    return hours.toSorted((one, other) => one.from - other.from);
  }
}

export const dayMinutes = 24 * 60;

/** Throws a TypeError with croner's own words. */
function cronOf({ cron, timeZone }: CalendarRules): Cron {
  return new Cron(cron, { timezone: timeZone, paused: true, mode: "5-or-6-parts" });
}

/** `to` counts from the same midnight as `from`: past 24:00 for a window that crosses it. */
export function minutesOf({ from, to }: Pick<Window, "from" | "to">): { from: number; to: number } {
  const [begin, end] = [clockMinutes(from), clockMinutes(to)];
  return { from: begin, to: end <= begin ? end + dayMinutes : end };
}

function clockMinutes(text: string): number {
  const [hours = "0", minutes = "0"] = text.split(":");
  return Number(hours) * 60 + Number(minutes);
}
