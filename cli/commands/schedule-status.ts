import type { Command } from "commander";
import { latestLoad } from "../../exchange-db/runs.ts";
import { type Alarm, latestAlarms } from "../../exchange-db/schedule-alarms.ts";
import { type ScheduleProcess, scheduleProcesses } from "../../exchange-db/schedule-processes.ts";
import { type Due, duesSince } from "../../exchange-db/schedules.ts";
import { type Province, withProvince } from "../compose.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { policyOf, reasonText, scheduleOf, timeText } from "../schedule-parts.ts";
import type { Terminal } from "../terminal.ts";

/** `schedule status`: who is there, what came of the last due times, which alarms were raised. */
export function scheduleStatusCommand(frame: Frame, parent: Command): Command {
  return frame.command(parent, "status", async (invocation) => {
    return await withProvince(invocation, async (province) => await status(invocation, province));
  });
}

const linesMax = 20;

async function status(invocation: Invocation, province: Province): Promise<ExitCode> {
  const { json, terminal } = invocation;
  const schedule = scheduleOf(province);
  const { calendar } = policyOf(schedule);
  const now = invocation.now();
  const store = await province.store();
  const processes = await scheduleProcesses(store, province.code);
  const dues = await duesSince(store, province.code, new Date(0), linesMax);
  const alarms = await latestAlarms(store, province.code, linesMax);
  const times = {
    nextDueAt: calendar.dueAfter(now),
    openUntil: calendar.openUntil(now),
    opensAt: calendar.nextOpen(now),
  };
  if (json) {
    const load = await latestLoad(store, province.code);
    terminal.json({ now, ...times, processes, dues, alarms, load });
    return 0;
  }
  const time = (at: Date | null) => timeText(terminal, schedule.timeZone, at);
  if (times.openUntil === null) terminal.say("schedule.closedNow", { opens: time(times.opensAt) });
  else
    terminal.say("schedule.openNow", { until: schedule.windows.length === 0 ? "–" : time(times.openUntil) });
  terminal.say("schedule.next", { next: time(times.nextDueAt) });
  printProcesses(terminal, processes, schedule.silentSeconds);
  printDues(terminal, dues, time);
  printAlarms(terminal, alarms, time);
  return 0;
}

function printProcesses(
  terminal: Terminal,
  processes: readonly ScheduleProcess[],
  silentSeconds: number,
): void {
  const stateOf = (one: ScheduleProcess) => {
    if (one.stoppedAt !== null) return "stopped";
    return one.silentSeconds > silentSeconds ? "silent" : "alive";
  };
  const rows = processes.map((one) => [
    terminal.text(`scheduleRole.${one.role}`),
    one.owner,
    terminal.text(`processState.${stateOf(one)}`),
    Math.round(one.silentSeconds),
  ]);
  if (rows.length > 0) terminal.table(["process", "owner", "state", "seenSeconds"], rows);
  const isAlive = (role: string) => processes.some((one) => one.role === role && stateOf(one) === "alive");
  if (!isAlive("run")) terminal.say("schedule.nobodyRuns");
  if (!isAlive("watch")) terminal.say("schedule.nobodyWatches");
}

function printDues(terminal: Terminal, dues: readonly Due[], time: (at: Date | null) => string): void {
  if (dues.length === 0) return;
  terminal.table(
    ["due", "state", "run", "started", "ended", "windows", "note"],
    dues.map((due) => [
      time(due.dueAt),
      terminal.text(`dueState.${due.state}`),
      due.runId ?? "–",
      time(due.startedAt),
      time(due.endedAt),
      due.windows,
      reasonText(terminal, due.reason),
    ]),
  );
}

function printAlarms(terminal: Terminal, alarms: readonly Alarm[], time: (at: Date | null) => string): void {
  if (alarms.length === 0) return;
  terminal.say("schedule.alarms");
  terminal.table(
    ["alarm", "about", "run", "raised", "delivered", "note"],
    alarms.map((alarm) => [
      terminal.text(`alarmKind.${alarm.kind}`),
      time(alarm.subjectAt),
      alarm.runId ?? "–",
      time(alarm.raisedAt),
      alarm.deliveredAt === null
        ? terminal.text("schedule.notDelivered", { attempts: alarm.attempts })
        : time(alarm.deliveredAt),
      reasonText(terminal, alarm.reason),
    ]),
  );
}
