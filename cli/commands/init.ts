import type { Command } from "commander";
import type { Frame } from "../invocation.ts";
export function initCommand(frame: Frame, parent: Command): Command {
  return frame.command(parent, "init", async () => 0);
}
