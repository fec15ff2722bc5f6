import type { Command } from "commander";
import { type Nation, withNation } from "../compose.ts";
import { untilStopped } from "../daemon.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";

/** `national`: the national node, until a signal ends it. */
export function nationalCommand(frame: Frame, parent: Command): Command {
  return frame.command(parent, "national", async (invocation) => {
    return await untilStopped(invocation.terminal, async (signal) => {
      return await withNation(invocation, async (nation) => await serve(invocation, nation, signal));
    });
  });
}

async function serve(invocation: Invocation, nation: Nation, signal: AbortSignal): Promise<ExitCode> {
  const { terminal } = invocation;
  await nation.startMonitoring(terminal);
  const node = await nation.node();
  await node.start();
  nation.watch(node);
  const { provinces } = nation;
  if (invocation.json) terminal.json({ ready: true, role: "national", provinces, pid: process.pid });
  else terminal.say("national.ready", { provinces: provinces.join(", ") });
  nation.log.event("node.ready", { count: provinces.length });
  await Promise.race([node.failure(), aborted(signal)]);
  nation.log.event("node.stopped");
  return 0;
}

async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
