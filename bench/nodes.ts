import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { DuijieError } from "../contracts/errors.ts";
import { endOf, runCommand, startCommand } from "../embedded/demo/demo-command.ts";
import type { NodeFiles } from "../embedded/demo/demo-nodes.ts";

/** Settings of `load` over what the configuration has; no share of parked rows stops a measurement. */
export function setLoad(configFile: string, settings: Readonly<Record<string, number>>): void {
  const config: unknown = parse(readFileSync(configFile, "utf8"));
  if (typeof config !== "object" || config === null) throw new TypeError(`${configFile} is no configuration`);
  const load = { quarantineShareMax: 1, ...settings };
  writeFileSync(configFile, stringify({ ...config, load }, { lineWidth: 110, aliasDuplicateObjects: false }));
}

/** What two operators type before the first load. */
export async function prepareNodes(files: NodeFiles, schools: string, signal: AbortSignal): Promise<void> {
  const run = async (name: string, ...args: string[]) =>
    await runCommand(args, { logFile: join(files.logs, `${name}.log`), signal });
  await run("migrate-national", "migrate", "--config", files.nationalConfig);
  await run("import-schools", "national", "import", "schools", schools, "--config", files.nationalConfig);
  await run("migrate-province", "migrate", "--config", files.provinceConfig);
  await run("map-import", "map", "import", "--config", files.provinceConfig);
}

/** `duijie national`, when it takes messages. */
export async function startNational(
  files: NodeFiles,
  profileFolder: string | null,
  signal: AbortSignal,
): Promise<ChildProcess> {
  const logFile = join(files.logs, "national-output.log");
  const node = startCommand(["national", "--json", "--config", files.nationalConfig], {
    logFile,
    signal,
    detached: true,
    nodeArgs: profiling(profileFolder, "national"),
  });
  const isReady = () => existsSync(logFile) && readFileSync(logFile, "utf8").includes('"ready":true');
  const deadline = performance.now() + 60_000;
  while (!isReady()) {
    signal.throwIfAborted();
    if (node.exitCode !== null || performance.now() > deadline)
      throw new DuijieError("SETUP_FAILED", { step: "duijie national", found: `see ${logFile}` });
    await delay(50);
  }
  return node;
}

export async function stopNational(node: ChildProcess): Promise<void> {
  if (node.exitCode !== null || node.signalCode !== null) return;
  const ended = endOf(node);
  node.kill("SIGTERM");
  await ended;
}

/** Loaders that share one load. */
export function startLoaders(
  files: NodeFiles,
  { count, profileFolder }: { readonly count: number; readonly profileFolder: string | null },
  signal: AbortSignal,
): readonly ChildProcess[] {
  return Array.from({ length: count }, (_, at) =>
    startCommand(["load", "run", "--json", "--config", files.provinceConfig], {
      logFile: join(files.logs, `loader-${at + 1}.log`),
      signal,
      detached: true,
      nodeArgs: profiling(profileFolder, `loader-${at + 1}`),
    }),
  );
}

/** V8 writes the process's profile when it ends; sampling costs a few per cent. */
function profiling(folder: string | null, name: string): readonly string[] {
  if (folder === null) return [];
  return ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}.cpuprofile`];
}

/** Waits for all of them. 3 is right: defects were planted. Throws SETUP_FAILED for any other end than done. */
export async function endOfLoaders(
  loaders: readonly ChildProcess[],
  files: NodeFiles,
  signal: AbortSignal,
): Promise<void> {
  const codes = await Promise.all(loaders.map(endOf));
  signal.throwIfAborted();
  const failed = codes.find((code) => code !== 0 && code !== 3);
  if (failed !== undefined)
    throw new DuijieError("SETUP_FAILED", {
      step: "duijie load run",
      found: `exit ${failed}, see ${files.logs}`,
    });
}
