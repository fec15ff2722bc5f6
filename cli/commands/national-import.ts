import { Argument, type Command } from "commander";
import { importSchools } from "../../national/reference/ministry-schools.ts";
import { readSchoolsCsv } from "../../national/reference/school-file.ts";
import { withNation } from "../compose.ts";
import type { Frame } from "../invocation.ts";
import { type OwnerOptions, ownerUrl } from "../owner-url.ts";

/** `national import schools <file.csv>`: adds and corrects institutions of the ministry; never removes one. */
export function nationalImportCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "import", async (invocation, command) => {
      const file = command.args[1] ?? "";
      return await withNation(invocation, async (nation) => {
        const { terminal } = invocation;
        const schools = await readSchoolsCsv(file);
        const url = ownerUrl(invocation, command.opts<OwnerOptions>());
        const store = url === undefined ? await nation.store() : nation.storeOf(url);
        const { added, changed } = await importSchools(store, schools);
        const unchanged = schools.length - added - changed;
        if (invocation.json) terminal.json({ read: schools.length, added, changed, unchanged });
        else terminal.say("national.imported", { rows: schools.length, added, changed, unchanged });
        return 0;
      });
    })
    .addArgument(new Argument("<what>", frame.text("imported")).choices(["schools"]))
    .argument("<file.csv>", frame.text("schoolFile"))
    .option("--owner-url-env <name>", frame.text("ownerUrlEnv"));
}
