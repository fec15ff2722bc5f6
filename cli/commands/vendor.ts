import type { Command } from "commander";
import { DuijieError } from "../../contracts/errors.ts";
import { abandonLoad, type VendorLoad, vendorLoads } from "../../exchange-db/vendor-loads.ts";
import { withProvince } from "../compose.ts";
import type { ExitCode, Frame } from "../invocation.ts";

const shownMax = 50;

/** `vendor list`: the newest loads of the vendors, and how each stands. */
export function vendorListCommand(frame: Frame, parent: Command): Command {
  return frame.command(parent, "list", async (invocation) => {
    return await withProvince(invocation, async (province): Promise<ExitCode> => {
      const loads = await vendorLoads(await province.store(), province.code, shownMax);
      const { terminal } = invocation;
      if (invocation.json) terminal.json({ loads });
      else if (loads.length === 0) terminal.say("vendor.empty");
      else
        terminal.table(
          ["vendorLoad", "vendor", "loadState", "complete", "declared", "closed", "run"],
          loads.map((load) => [
            load.loadId,
            load.vendor,
            terminal.text(`vendor.state.${load.state}`),
            load.isComplete ? terminal.text("vendor.complete") : terminal.text("vendor.partial"),
            declaredText(load),
            load.closedAt?.toISOString() ?? "–",
            load.runId ?? "–",
          ]),
        );
      return 0;
    });
  });
}

/** `vendor abandon`: a load that is not to be read, such as one whose deletions were refused by a person. */
export function vendorAbandonCommand(frame: Frame, parent: Command): Command {
  const command = frame.command(parent, "abandon", async (invocation, { args }) => {
    return await withProvince(invocation, async (province): Promise<ExitCode> => {
      const [load = ""] = args;
      const state = await abandonLoad(await province.store(), province.code, load);
      if (state === null) throw new DuijieError("LOAD_NOT_FOUND", { load });
      if (state !== "abandoned") throw new DuijieError("LOAD_STATE_WRONG", { load, state });
      if (invocation.json) invocation.terminal.json({ load, state });
      else invocation.terminal.say("vendor.abandoned", { load });
      return 0;
    });
  });
  return command.argument("<load>", frame.text("vendorLoad"), loadNumber);
}

function loadNumber(text: string): string {
  if (!/^[0-9]{1,18}$/.test(text)) throw new DuijieError("USAGE_INVALID", { argument: text });
  return text;
}

function declaredText({ declared }: VendorLoad): string {
  return Object.entries(declared)
    .map(([entity, rows]) => `${entity} ${rows}`)
    .join(", ");
}
