import type { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import type { CheckLine } from "../checks/check-line.ts";
import { checkNation, checkProvince } from "../checks/check-province.ts";
import { withNation, withProvince } from "../compose.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";

/** `check`: everything that a load needs, before one runs. */
export function checkCommand(frame: Frame, parent: Command): Command {
  return frame.command(parent, "check", async (invocation) => {
    const { role } = loadConfig(invocation.configFile, invocation.env);
    const { texts } = invocation.terminal;
    // Its deadlines are those of the drivers; there is nobody else to stop it.
    const { signal } = new AbortController();
    if (role === "national") {
      return await withNation(invocation, async (nation) =>
        report(invocation, await checkNation(nation, texts)),
      );
    }
    return await withProvince(invocation, async (province) => {
      return report(invocation, await checkProvince(province, texts, signal));
    });
  });
}

function report({ json, terminal }: Invocation, lines: readonly CheckLine[]): ExitCode {
  const faults = lines.filter((line) => !line.ok).length;
  if (json) terminal.json({ ok: faults === 0, lines });
  else {
    const rows = lines.map(({ code, found, ok, part, remedy, subject }) => {
      const result = ok ? (remedy === null ? "ok" : "warning") : "fault";
      return [terminal.text(`check.${result}`), part, subject, code === null ? found : `${code}: ${found}`];
    });
    const remedies = lines.map(({ remedy }) =>
      remedy === null ? null : terminal.text("error.remedy", { remedy }),
    );
    terminal.table(["result", "part", "subject", "found"], rows, remedies);
    if (faults === 0) terminal.say("check.good");
    else terminal.say("check.faults", { faults });
  }
  return faults === 0 ? 0 : 2;
}
