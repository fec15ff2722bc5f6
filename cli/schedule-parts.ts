import type { ScheduleConfig } from "../config/config.ts";
import { DuijieError } from "../contracts/errors.ts";
import { Calendar, weekdays } from "../contracts/schedule/calendar.ts";
import { clockOf, localTime } from "../contracts/schedule/local-time.ts";
import type { SchedulePolicy } from "../pipeline/schedule/due-times.ts";
import type { Province } from "./compose.ts";
import type { Terminal } from "./terminal.ts";

/** Throws SCHEDULE_MISSING where the configuration has none. */
export function scheduleOf({ config }: Province): ScheduleConfig {
  if (config.schedule === undefined) throw new DuijieError("SCHEDULE_MISSING", { file: config.file });
  return config.schedule;
}

export function policyOf(schedule: ScheduleConfig): SchedulePolicy {
  const { catchUp, deadlineHours } = schedule;
  return { calendar: new Calendar(schedule), catchUp, deadlineHours };
}

/** How long a process sleeps at most: several signs of life come before its silence would be noticed. */
export function tickOf({ silentSeconds }: ScheduleConfig): number {
  return Math.min(30_000, (silentSeconds * 1000) / 3);
}

/** By the clocks of the schedule's zone: `2026-09-01 Tue 22:00`. */
export function timeText(terminal: Terminal, timeZone: string, at: Date | null): string {
  if (at === null) return "–";
  const { day, minutes, weekday } = localTime(at, timeZone);
  const name = terminal.text(`weekday.${weekdays[weekday] ?? "sun"}`);
  return `${day} ${name} ${clockOf(minutes)}`;
}

/** A word of ours has a text; an error's code speaks for itself. */
export function reasonText(terminal: Terminal, reason: string | null): string {
  if (reason === null) return "";
  return /^[A-Z_]+$/.test(reason) ? reason : terminal.text(`dueReason.${reason}`);
}

/** Load and reason, as far as there are any, to stand at a sentence's end. */
export function detailText(
  terminal: Terminal,
  { reason, runId }: { readonly runId: string | null; readonly reason: string | null },
): string {
  const load = runId === null ? "" : terminal.text("schedule.ofLoad", { runId });
  return reason === null
    ? load
    : load + terminal.text("schedule.because", { reason: reasonText(terminal, reason) });
}
