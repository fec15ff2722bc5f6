import type { Command } from "commander";
import { stringify } from "yaml";
import { loadConfig } from "../../config/load.ts";
import { redactConfig } from "../../config/redact.ts";
import type { Frame } from "../invocation.ts";

/** `config show`: what is in force, defaults included, secrets by their place. */
export function configShowCommand(frame: Frame, parent: Command): Command {
  return frame.command(parent, "show", (invocation) => {
    const shown = redactConfig(loadConfig(invocation.configFile, invocation.env));
    if (invocation.json) invocation.terminal.json(shown);
    else invocation.terminal.data(stringify(shown, { lineWidth: 0 }));
    return Promise.resolve(0);
  });
}
