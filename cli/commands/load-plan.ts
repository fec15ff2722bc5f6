import type { Command } from "commander";
import type { Frame } from "../invocation.ts";
export function loadPlanCommand(frame: Frame, parent: Command): Command {
  return frame.command(parent, "plan", async () => 0);
}
