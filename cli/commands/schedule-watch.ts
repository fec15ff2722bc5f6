import type { Command } from "commander";
import type { ScheduleConfig } from "../../config/config.ts";
import { type Trouble, Watcher } from "../../pipeline/schedule/watcher.ts";
import { tellAlarm } from "../alarm-command.ts";
import { leaseOwner, type Province, withProvince } from "../compose.ts";
import { untilStopped } from "../daemon.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { detailText, policyOf, scheduleOf, tickOf, timeText } from "../schedule-parts.ts";
import { systemClock } from "../system-clock.ts";
import { bellOf } from "./schedule-run.ts";

interface Options {
  readonly once?: true;
}

/** `schedule watch`: the second process, which raises what did not come to an end in time. */
export function scheduleWatchCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "watch", async (invocation, command) => {
      const { once } = command.opts<Options>();
      return await untilStopped(invocation.terminal, async (signal) => {
        return await withProvince(invocation, async (province) => {
          const watcher = await watcherOf(invocation, province);
          if (once === true) return await lookOnce(invocation, province, watcher);
          invocation.terminal.note("schedule.watching", { province: province.code });
          await watcher.run(signal);
          return 0;
        });
      });
    })
    .option("--once", frame.text("once"));
}

async function watcherOf(invocation: Invocation, province: Province): Promise<Watcher> {
  const schedule = scheduleOf(province);
  const owner = leaseOwner();
  return new Watcher({
    store: await province.store(),
    province: province.code,
    owner,
    policy: policyOf(schedule),
    bell: await bellOf(invocation, province, schedule, owner),
    blind: async (since) => await tellBlind(invocation, province, schedule, since),
    clock: systemClock(invocation.now),
    silentSeconds: schedule.silentSeconds,
    tickMs: tickOf(schedule),
    log: province.log,
    tell: (trouble) => tell(invocation, schedule, "schedule.alarm", trouble),
  });
}

/** 1 while something stands, also where it was raised before: for a monitoring system that asks now and then. */
async function lookOnce(invocation: Invocation, province: Province, watcher: Watcher): Promise<ExitCode> {
  const { json, terminal } = invocation;
  const standing = await watcher.look();
  if (json) terminal.json({ standing });
  else if (standing.length === 0) terminal.say("schedule.good");
  for (const trouble of json ? [] : standing)
    tell(invocation, scheduleOf(province), "schedule.stands", trouble);
  return standing.length === 0 ? 0 : 1;
}

/** The exchange-db can't be asked: the one alarm that can't be recorded there. */
async function tellBlind(
  invocation: Invocation,
  province: Province,
  schedule: ScheduleConfig,
  since: Date,
): Promise<void> {
  const now = invocation.now();
  const { terminal } = invocation;
  province.log.error("schedule.alarm", { outcome: "blind", code: "STORE_UNREACHABLE" });
  terminal.note("schedule.blind", { since: timeText(terminal, schedule.timeZone, since) });
  await tellAlarm(invocation, province.config, schedule, {
    kind: "blind",
    province: province.code,
    subjectAt: since,
    runId: null,
    reason: "STORE_UNREACHABLE",
    raisedAt: now,
  });
}

function tell(
  { json, terminal }: Invocation,
  { timeZone }: ScheduleConfig,
  key: "schedule.alarm" | "schedule.stands",
  trouble: Trouble,
): void {
  if (json) {
    terminal.jsonNote({ alarm: trouble });
    return;
  }
  const params = {
    kind: terminal.text(`alarmKind.${trouble.kind}`),
    at: timeText(terminal, timeZone, trouble.subjectAt),
    detail: detailText(terminal, trouble),
  };
  if (key === "schedule.alarm") terminal.note("schedule.alarm", params);
  else terminal.say("schedule.stands", params);
}
