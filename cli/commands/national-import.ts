import { Argument, type Command } from "commander";
import { importSchools } from "../../national/reference/ministry-schools.ts";
import { readSchoolsCsv } from "../../national/reference/school-file.ts";
import { withNation } from "../compose.ts";
import type { Frame } from "../invocation.ts";

/** `national import schools <file.csv>`: adds and corrects institutions of the ministry; never removes one. */
export function nationalImportCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "import", async (invocation, command) => {
      const file = command.args[1] ?? "";
      return await withNation(invocation, async (nation) => {
        const { terminal } = invocation;
        const schools = await readSchoolsCsv(file);
        const { added, changed } = await importSchools(await nation.store(), schools);
        const unchanged = schools.length - added - changed;
        if (invocation.json) terminal.json({ read: schools.length, added, changed, unchanged });
        else terminal.say("national.imported", { rows: schools.length, added, changed, unchanged });
        return 0;
      });
    })
    .addArgument(new Argument("<what>", frame.text("imported")).choices(["schools"]))
    .argument("<file.csv>", frame.text("schoolFile"));
}
