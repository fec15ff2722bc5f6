import type { Command } from "commander";
import type { Frame } from "../invocation.ts";
export function checkCommand(frame: Frame, parent: Command): Command {
  return frame.command(parent, "check", async () => 0);
}
