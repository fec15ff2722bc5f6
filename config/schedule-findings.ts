import { type BlackoutDays, Calendar } from "../contracts/schedule/calendar.ts";
import { isDay, isTimeZone } from "../contracts/schedule/local-time.ts";
import { isEverDue, isEverDueIn } from "../contracts/schedule/window-use.ts";
import type { ScheduleConfig } from "./config.ts";
import type { Report } from "./semantic-findings.ts";

/** A schedule that could never run would only be noticed by what does not happen. */
export function checkSchedule(schedule: ScheduleConfig, report: Report): void {
  for (const [at, days] of schedule.blackoutDays.entries()) checkBlackout(days, at, report);
  const { cron, timeZone } = schedule;
  if (!isTimeZone(timeZone)) report("unknownTimeZone", ["schedule", "timeZone"], { found: timeZone });
  else if (!isCron(schedule)) report("cronMalformed", ["schedule", "cron"], { found: cron });
  else if (!isEverDue(schedule)) report("cronNever", ["schedule", "cron"], { found: cron });
  else checkWindows(schedule, report);
}

function isCron(schedule: ScheduleConfig): boolean {
  try {
    new Calendar(schedule).dueAfter(new Date(0));
    return true;
  } catch {
    return false;
  }
}

function checkWindows(schedule: ScheduleConfig, report: Report): void {
  const { cron, windows } = schedule;
  if (windows.length === 0 || windows.some((window) => isEverDueIn(schedule, window))) return;
  const found = windows.map(({ days, from, to }) => `${days.join(",")} ${from}–${to}`).join("; ");
  report("windowsNeverDue", ["schedule", "windows"], { found, cron });
}

function checkBlackout({ from, to = from }: BlackoutDays, at: number, report: Report): void {
  const path = ["schedule", "blackoutDays", at];
  const wrong = [from, to].find((day) => !isDay(day));
  if (wrong !== undefined) report("unknownDay", path, { found: wrong });
  else if (to < from) report("daysReversed", path, { found: `${from} – ${to}` });
}
