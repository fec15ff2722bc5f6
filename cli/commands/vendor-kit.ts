import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { codeTable } from "../../contracts/codes.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { type InterfaceEngine, interfaceEngines } from "../../contracts/interface/columns.ts";
import { profileNames } from "../../contracts/registry.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { provinceCode } from "../option-values.ts";
import { usageError } from "../usage-error.ts";
import { kitFiles } from "../vendor-kit/kit-files.ts";

interface KitCommandOptions {
  readonly engine: InterfaceEngine;
  readonly out?: string;
  readonly province: string;
  readonly profile: string;
  readonly force?: true;
}

/** `vendor kit`: what the vendor of a self-built system is given. It needs no configuration and asks no database. */
export function vendorKitCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "kit", async (invocation, command) => {
      return await Promise.resolve(writeKit(invocation, command.opts<KitCommandOptions>()));
    })
    .addOption(
      new Option("--engine <engine>", frame.text("kitEngine"))
        .choices(interfaceEngines)
        .makeOptionMandatory(),
    )
    .option("--out <folder>", frame.text("kitOut"))
    .option("--province <code>", frame.text("kitProvince"), provinceCode, "34")
    .addOption(
      new Option("--profile <name>", frame.text("kitProfile"))
        .choices(profileNames())
        .default("national-2013"),
    )
    .option("--force", frame.text("force"));
}

function writeKit({ json, language, terminal }: Invocation, options: KitCommandOptions): ExitCode {
  const { engine, profile, province } = options;
  if (!isProvince(province)) throw usageError("provinceUnknown", { found: province }, "vendor kit");
  const folder = resolve(options.out ?? `duijie-vendor-kit-${engine}`);
  if (options.force !== true && existsSync(folder) && readdirSync(folder).length > 0) {
    throw new DuijieError("FILE_EXISTS", { file: folder });
  }
  const files = kitFiles({ engine, language, profile, province });
  for (const { name, text } of files) write(join(folder, name), text);
  if (json) terminal.json({ engine, province, profile, folder, files: files.map(({ name }) => name) });
  else {
    const shown = files.filter(({ name }) => !name.includes("/"));
    for (const { name } of shown) terminal.say("init.written", { file: join(folder, name) });
    terminal.say("kit.codes", { folder: join(folder, "codes"), tables: files.length - shown.length });
    terminal.say("kit.next", { folder });
  }
  return 0;
}

/** One with counties: the example lies in one. */
function isProvince(code: string): boolean {
  return codeTable("region").rows.some(
    (row) => /^\d\d\d\d(?!00)\d\d$/.test(row["code"] ?? "") && row["code"]?.startsWith(code) === true,
  );
}

function write(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    throw new DuijieError("FILE_UNREADABLE", { file }, error);
  }
}
