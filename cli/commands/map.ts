import { type Command, Option } from "commander";
import { mappingTargets } from "../../config/mapping-targets.ts";
import { loadedTables, loadMappingTable } from "../../exchange-db/mapping-versions.ts";
import { mappingTargetKinds, readMappingCsv } from "../../mappings/mapping-file.ts";
import { type Province, withProvince } from "../compose.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { usageError } from "../usage-error.ts";

interface ImportOptions {
  readonly target?: string;
  readonly charset?: "utf8" | "gb18030";
}

/** `map import`: tables of the province replaced by the content of files, each as a new version; all configured ones where none is named. */
export function mapImportCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "import", async (invocation, command) => {
      const [table = "", file] = command.args;
      return await withProvince(invocation, async (province) => {
        const options = command.opts<ImportOptions>();
        if (table !== "") return await importTable(invocation, province, table, file, options);
        return await importConfigured(invocation, province, options);
      });
    })
    .argument("[table]", frame.text("mapTable"))
    .argument("[file.csv]", frame.text("mapFile"))
    .addOption(
      new Option("--target <kind>", frame.text("mapTarget")).choices(mappingTargetKinds()).hideHelp(),
    )
    .addOption(new Option("--charset <charset>", frame.text("charset")).choices(["utf8", "gb18030"]));
}

async function importConfigured(
  invocation: Invocation,
  province: Province,
  options: ImportOptions,
): Promise<ExitCode> {
  const tables = Object.keys(province.config.mappings);
  if (tables.length === 0) throw usageError("mapNone", {});
  for (const table of tables) await importTable(invocation, province, table, undefined, options);
  return 0;
}

async function importTable(
  invocation: Invocation,
  province: Province,
  table: string,
  file: string | undefined,
  options: ImportOptions,
): Promise<ExitCode> {
  const configured = province.config.mappings[table];
  const path = file ?? configured?.file;
  if (path === undefined) throw usageError("mapFileMissing", { table });
  const kind = options.target ?? mappingTargets(province.config).get(table);
  // Without a field that uses the table nobody could tell a right target code from a wrong one.
  if (kind === undefined) throw usageError("mapTargetMissing", { table });
  const charset = options.charset ?? (file === undefined ? configured?.charset : undefined) ?? "utf8";
  const { entries } = await readMappingCsv(path, { kind, charset });
  const loaded = await loadMappingTable(await province.store(), province.code, table, entries);
  const { terminal } = invocation;
  if (invocation.json) terminal.json({ table, entries: entries.length, version: loaded });
  else if (loaded === null) terminal.say("map.same", { table, entries: entries.length });
  else {
    const { added, changed, mappingVersion, removed } = loaded;
    terminal.say("map.loaded", { table, mappingVersion, entries: entries.length, added, changed, removed });
    terminal.note("map.next");
  }
  return 0;
}

/** `map list`: the tables in force, and those that the configuration uses and nobody has loaded. */
export function mapListCommand(frame: Frame, parent: Command): Command {
  return frame.command(parent, "list", async (invocation) => {
    return await withProvince(invocation, async (province) => await list(invocation, province));
  });
}

async function list(invocation: Invocation, province: Province): Promise<ExitCode> {
  const { terminal } = invocation;
  const loaded = await loadedTables(await province.store(), province.code);
  const targets = mappingTargets(province.config);
  const missing = [...targets.keys()].filter((table) => !loaded.some((one) => one.table === table));
  if (invocation.json) {
    terminal.json({
      tables: loaded.map((one) => ({ ...one, target: targets.get(one.table) ?? null })),
      missing,
    });
    return 0;
  }
  terminal.table(
    ["table", "target", "entries", "mappingVersion", "loadedAt"],
    loaded.map((one) => [
      one.table,
      targets.get(one.table) ?? terminal.text("map.unused"),
      one.entries,
      Number(one.mappingVersion),
      one.loadedAt.toISOString(),
    ]),
  );
  for (const table of missing) terminal.say("map.missing", { table });
  return 0;
}
