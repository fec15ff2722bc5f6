import { spawn } from "node:child_process";
import type { ProvinceConfig, ScheduleConfig } from "../config/config.ts";
import { describeFinding } from "../config/describe-error.ts";
import { createTexts, languages } from "../contracts/texts.ts";
import type { Alarm, AlarmKind } from "../exchange-db/schedule-alarms.ts";
import type { Invocation } from "./invocation.ts";

/** What the alarm's command reads on standard input. Times, numbers and codes; nothing of a record. */
export interface AlarmMessage {
  readonly kind: AlarmKind | "blind";
  readonly province: string;
  readonly subjectAt: Date;
  readonly runId: string | null;
  readonly reason: string | null;
  readonly raisedAt: Date;
}

export function messageOf(province: string, alarm: Alarm): AlarmMessage {
  const { kind, raisedAt, reason, runId, subjectAt } = alarm;
  return { kind, province, subjectAt, runId, reason, raisedAt };
}

/**
 * Tells an alarm by the configured command; its exit code, null where it could not be started or took too long. It gets
 * no secret of ours: of the environment only what a shell script needs to find its tools.
 */
export async function tellAlarm(
  invocation: Invocation,
  config: ProvinceConfig,
  schedule: ScheduleConfig,
  message: AlarmMessage,
): Promise<number | null> {
  const [program = "", ...args] = schedule.alarm?.command ?? [];
  if (schedule.alarm === undefined) return 0;
  const child = spawn(program, args, {
    cwd: config.folder,
    env: plainEnvironment(invocation.env),
    stdio: ["pipe", "ignore", "ignore"],
    timeout: schedule.alarm.timeoutSeconds * 1000,
    killSignal: "SIGKILL",
  });
  // A command that reads nothing is as good as any.
  child.stdin.on("error", () => undefined);
  child.stdin.end(`${JSON.stringify({ ...message, text: textsOf(message) })}\n`);
  return await new Promise((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code));
  });
}

function textsOf(message: AlarmMessage): Readonly<Record<string, string>> {
  const params = {
    province: message.province,
    subjectAt: message.subjectAt.toISOString(),
    ...(message.runId === null ? {} : { runId: message.runId }),
    ...(message.reason === null ? {} : { reason: message.reason }),
  };
  return Object.fromEntries(
    languages.map((language) => [
      language,
      describeFinding({ key: `alarms.${message.kind}`, params }, createTexts(language)),
    ]),
  );
}

const passedOn = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"];

function plainEnvironment(env: Invocation["env"]): Record<string, string> {
  return Object.fromEntries(
    passedOn.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
