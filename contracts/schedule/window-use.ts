import { Calendar, type CalendarRules, type Window } from "./calendar.ts";

/** Any year with all its days will do: whether hours and due times ever meet does not depend on when one asks. */
const from = new Date("2028-01-01T00:00:00Z");
const to = new Date("2029-01-01T00:00:00Z");

/** Whether a load is ever due within the window: where not, loads only go on in it. Blackout days are left aside. */
export function isEverDueIn(rules: CalendarRules, window: Window): boolean {
  const calendar = new Calendar({ ...rules, windows: [window], blackoutDays: [] });
  return calendar.openBetween(from, to).some((period) => {
    const due = calendar.dueAfter(new Date(period.from.getTime() - 1));
    return due !== null && due < period.to;
  });
}

export function isEverDue(rules: CalendarRules): boolean {
  return new Calendar(rules).dueAfter(from) !== null;
}
