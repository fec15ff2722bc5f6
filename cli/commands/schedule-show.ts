import type { Command } from "commander";
import type { ScheduleConfig } from "../../config/config.ts";
import { isEverDueIn } from "../../contracts/schedule/window-use.ts";
import {
  beginningOf,
  closedReason,
  deadlineOf,
  type SchedulePolicy,
} from "../../pipeline/schedule/due-times.ts";
import { withProvince } from "../compose.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { wholeNumber } from "../option-values.ts";
import { policyOf, reasonText, scheduleOf, timeText } from "../schedule-parts.ts";

interface Options {
  readonly days?: number;
}

const daysByDefault = 30;
const duesShownMax = 200;

/** `schedule show`: what will happen, from the configuration alone; asks no database. */
export function scheduleShowCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "show", async (invocation, command) => {
      const { days = daysByDefault } = command.opts<Options>();
      return await withProvince(invocation, (province) =>
        Promise.resolve(show(invocation, scheduleOf(province), days)),
      );
    })
    .option("--days <number>", frame.text("days"), wholeNumber);
}

interface Coming {
  readonly dueAt: Date;
  /** Null: this due time is skipped. */
  readonly beginsAt: Date | null;
  /** Why it does not begin when it is due. */
  readonly reason: "window" | "blackout" | null;
  readonly blackout: string | null;
  /** When the period ends in which it begins. */
  readonly until: Date | null;
  readonly deadlineAt: Date | null;
}

function show(invocation: Invocation, schedule: ScheduleConfig, days: number): ExitCode {
  const now = invocation.now();
  const policy = policyOf(schedule);
  const { calendar } = policy;
  const end = new Date(now.getTime() + days * 24 * 3_600_000);
  const coming: Coming[] = [];
  let due = calendar.dueAfter(now);
  for (; due !== null && due <= end && coming.length < duesShownMax; due = calendar.dueAfter(due))
    coming.push(comingOf(policy, due));
  const more = due !== null && due <= end;
  const open = calendar.openBetween(now, end);
  if (invocation.json) {
    const { blackoutDays, catchUp, cron, timeZone, windows } = schedule;
    invocation.terminal.json({ timeZone, cron, catchUp, windows, blackoutDays, due: coming, more, open });
  } else print(invocation, schedule, coming, more ? days : null);
  return 0;
}

function comingOf(policy: SchedulePolicy, dueAt: Date): Coming {
  const { calendar } = policy;
  const beginsAt = beginningOf(policy, dueAt);
  return {
    dueAt,
    beginsAt,
    reason: closedReason(calendar, dueAt),
    blackout: calendar.closedBy(dueAt)?.blackout?.reason ?? null,
    until: beginsAt === null ? null : calendar.openUntil(beginsAt),
    deadlineAt: deadlineOf(policy, dueAt),
  };
}

function print(
  { terminal }: Invocation,
  schedule: ScheduleConfig,
  coming: readonly Coming[],
  cutAfterDays: number | null,
): void {
  const { catchUp, cron, timeZone, windows } = schedule;
  const time = (at: Date | null) => timeText(terminal, timeZone, at);
  terminal.say("schedule.head", { cron, timeZone, catchUp });
  printHours(terminal, schedule);
  const isAlwaysOpen = windows.length === 0;
  terminal.table(
    ["due", "begins", "until", "deadline", "note"],
    coming.map((one) => [
      time(one.dueAt),
      one.beginsAt === null ? terminal.text("schedule.skipped") : time(one.beginsAt),
      isAlwaysOpen ? "–" : time(one.until),
      time(one.deadlineAt),
      one.blackout ?? reasonText(terminal, one.reason),
    ]),
  );
  if (coming.length === 0) terminal.say("schedule.nothingDue");
  if (cutAfterDays !== null) terminal.say("schedule.more", { count: coming.length, days: cutAfterDays });
}

function printHours(terminal: Invocation["terminal"], schedule: ScheduleConfig): void {
  for (const window of schedule.windows) {
    const days = window.days.map((day) => terminal.text(`weekday.${day}`)).join(" ");
    const { from, to } = window;
    if (isEverDueIn(schedule, window)) terminal.say("schedule.window", { days, from, to });
    else terminal.say("schedule.windowGoesOn", { days, from, to });
  }
  for (const { from, reason, to = from } of schedule.blackoutDays)
    terminal.say("schedule.blackout", { from, to, reason });
}
