import type { Command } from "commander";
import type { ScheduleConfig } from "../../config/config.ts";
import { AlarmBell } from "../../pipeline/schedule/alarm-bell.ts";
import { type ScheduleEvent, Scheduler } from "../../pipeline/schedule/scheduler.ts";
import { messageOf, tellAlarm } from "../alarm-command.ts";
import { leaseOwner, type Province, withProvince } from "../compose.ts";
import { untilStopped } from "../daemon.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { printLedger, printReconciliation } from "../load-report.ts";
import { detailText, policyOf, scheduleOf, tickOf, timeText } from "../schedule-parts.ts";
import { ScheduledCarrier } from "../scheduled-carrier.ts";
import { systemClock } from "../system-clock.ts";

/** `schedule run`: runs loads when they are due, until a signal; any number of processes may. */
export function scheduleRunCommand(frame: Frame, parent: Command): Command {
  return frame.command(parent, "run", async (invocation) => {
    return await untilStopped(invocation.terminal, async (signal) => {
      return await withProvince(invocation, async (province) => await run(invocation, province, signal));
    });
  });
}

async function run(invocation: Invocation, province: Province, signal: AbortSignal): Promise<ExitCode> {
  const schedule = scheduleOf(province);
  const owner = leaseOwner();
  // What a person has to set right is told now, not in the night.
  await province.keys();
  await province.startMonitoring(invocation.terminal);
  const scheduler = new Scheduler({
    store: await province.store(),
    province: province.code,
    owner,
    policy: policyOf(schedule),
    carrier: carrierOf(invocation, province),
    bell: await bellOf(invocation, province, schedule, owner),
    clock: systemClock(invocation.now),
    graceSeconds: schedule.graceSeconds,
    retryMinutes: schedule.retryMinutes,
    tickMs: tickOf(schedule),
    log: province.log,
    tell: (event) => tell(invocation, schedule, event),
  });
  await scheduler.run(signal);
  return 0;
}

export async function bellOf(
  invocation: Invocation,
  province: Province,
  schedule: ScheduleConfig,
  owner: string,
): Promise<AlarmBell> {
  return new AlarmBell({
    store: await province.store(),
    province: province.code,
    owner,
    deliver: async (alarm) =>
      await tellAlarm(invocation, province.config, schedule, messageOf(province.code, alarm)),
    deliverSeconds: schedule.alarm?.timeoutSeconds ?? 0,
    log: province.log,
  });
}

function carrierOf(invocation: Invocation, province: Province): ScheduledCarrier {
  const { json, terminal } = invocation;
  return new ScheduledCarrier(invocation, province, ({ runId }, { compared, ledger }) => {
    if (json) {
      terminal.json({ event: "loaded", runId, ledger, reconciliation: compared });
      return;
    }
    printLedger(terminal, ledger);
    printReconciliation(terminal, compared);
  });
}

function tell({ json, terminal }: Invocation, { timeZone }: ScheduleConfig, event: ScheduleEvent): void {
  if (json) {
    terminal.json(machineEvent(event));
    return;
  }
  const time = (at: Date | null) => timeText(terminal, timeZone, at);
  const due = event.due === null ? "–" : time(event.due.dueAt);
  if (event.kind === "waits") {
    if (event.due === null) terminal.say("schedule.waits.none", { next: time(event.until) });
    else terminal.say(`schedule.waits.${event.due.state}`, { due, until: time(event.until) });
  } else if (event.kind === "paused") {
    printLedger(terminal, event.ledger);
    terminal.say("schedule.paused", { due, runId: event.due.runId ?? "–", opens: time(event.opens) });
  } else if (event.kind === "ended") {
    const detail = detailText(terminal, { runId: null, reason: event.reason });
    terminal.say(`schedule.ended.${event.state}`, { due, detail });
  } else terminal.say(`schedule.${event.kind}`, { due, runId: event.run.runId, until: time(event.until) });
}

/** What `--json` prints, a line each; its names are documented in docs/operations.md. */
function machineEvent(event: ScheduleEvent) {
  const { kind } = event;
  const head = { event: kind, dueAt: event.due?.dueAt ?? null };
  if (kind === "waits") return { ...head, state: event.due?.state ?? null, until: event.until };
  if (kind === "paused") return { ...head, opensAt: event.opens, ledger: event.ledger };
  if (kind === "ended") return { ...head, state: event.state, reason: event.reason };
  return { ...head, runId: event.run.runId, until: event.until };
}
