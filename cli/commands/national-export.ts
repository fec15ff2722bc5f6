import { writeFile } from "node:fs/promises";
import { Argument, type Command } from "commander";
import { DuijieError } from "../../contracts/errors.ts";
import { ministryRegionRows, regionColumns } from "../../national/reference/ministry-regions.ts";
import { ministrySchoolRows, schoolColumns } from "../../national/reference/ministry-schools.ts";
import { withNation } from "../compose.ts";
import { csvText } from "../csv-text.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";

interface Options {
  readonly out?: string;
}

/** `national export schools|regions`: the ministry's reference data as CSV, for the tables of a province. */
export function nationalExportCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "export", async (invocation, command) => {
      const { out } = command.opts<Options>();
      return await run(invocation, command.args[0] === "regions" ? "regions" : "schools", out);
    })
    .addArgument(new Argument("<what>", frame.text("exported")).choices(["schools", "regions"]))
    .option("--out <file>", frame.text("outFile"));
}

async function run(
  invocation: Invocation,
  what: "schools" | "regions",
  out: string | undefined,
): Promise<ExitCode> {
  return await withNation(invocation, async (nation) => {
    const store = await nation.store();
    const rows = what === "schools" ? await ministrySchoolRows(store) : await ministryRegionRows(store);
    const text = csvText(what === "schools" ? schoolColumns : regionColumns, rows);
    const { terminal } = invocation;
    if (out === undefined) terminal.data(text);
    else {
      await writeFile(out, text).catch((error: unknown) => {
        throw new DuijieError("FILE_UNREADABLE", { file: out }, error);
      });
      terminal.say("national.exported", { rows: rows.length, file: out });
    }
    return 0;
  });
}
