import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DuijieError } from "../../contracts/errors.ts";
import type { Texts } from "../../contracts/texts.ts";
import { builtKafkaClient } from "../kafka-client.ts";
import { type CheckResult, checkLoad } from "./checker.ts";
import { endOf, runCommand, startCommand } from "./demo-command.ts";
import { type DemoUrls, type NodeFiles, writeNodes } from "./demo-nodes.ts";
import type { DemoOptions } from "./demo-options.ts";
import { demoResult, type EntityResults } from "./demo-result.ts";
import { demoFolder, endNationalNode, rememberNationalNode } from "./demo-servers.ts";
import { type DemoSource, demoSources } from "./demo-sources.ts";
import { generateProvince } from "./generate.ts";
import type { RegistryShape } from "./registry-shape.ts";
import { deliverAsVendor } from "./vendor-writer.ts";

export const demoProvince = "34";

export interface DemoRun {
  readonly results: EntityResults;
  readonly check: CheckResult;
  readonly loadExit: number;
  readonly seconds: Readonly<Record<"generate" | "prepare" | "load" | "check", number>>;
  readonly nodes: NodeFiles;
  readonly truthFile: string;
}

export interface DemoContext {
  readonly options: DemoOptions;
  readonly shape: RegistryShape;
  readonly urls: DemoUrls;
  readonly texts: Texts;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** From empty databases to a checked load, by the product's own commands. The national node stays up if asked to. */
export async function runDemo(context: DemoContext): Promise<DemoRun> {
  const { options, shape, signal, urls } = context;
  const generated = join(demoFolder, "province");
  const place = {
    registryUrl: urls.registry,
    generated,
    ...(urls.registryServer === undefined ? {} : { serverUrl: urls.registryServer }),
  };
  const source: DemoSource = demoSources[options.source];
  const target = source.target(place);
  const [, generate] = await step(context, "files" in target ? "generateFiles" : "generate", () =>
    generateProvince({
      ...target,
      folder: generated,
      seed: options.seed,
      students: options.students,
      province: demoProvince,
      shape,
      signal,
    }),
  );
  const nodes = writeNodes({
    folder: demoFolder,
    province: demoProvince,
    generated,
    shape,
    urls,
    client: builtKafkaClient(),
    language: options.language,
    registry: source.registry(place, shape.entities),
  });
  const [, prepare] = await step(context, "prepare", () => prepareNodes(context, nodes, generated));
  try {
    if (source.isWritten === true) await step(context, "deliver", () => deliver(context, nodes));
    const [loadExit, load] = await step(context, "load", () => loadAll(context, nodes));
    const [check, seconds] = await step(context, "check", () =>
      checkLoad({
        registryUrl: urls.registry,
        ...("files" in target ? { files: target.files } : {}),
        ...(source.checked === undefined ? {} : { database: source.checked(place) }),
        exchangeUrl: urls.exchange,
        nationalUrl: urls.national,
        folder: generated,
      }),
    );
    const results = await demoResult(urls.exchange, check);
    const times = { generate, prepare, load, check: seconds };
    if (!options.keep) await endNationalNode();
    return { results, check, loadExit, seconds: times, nodes, truthFile: join(generated, "truth.json") };
  } catch (error) {
    await endNationalNode();
    throw error;
  }
}

/** What two operators type before the first load. */
async function prepareNodes(context: DemoContext, nodes: NodeFiles, generated: string): Promise<void> {
  const run = async (name: string, ...args: string[]) =>
    await runCommand(args, { logFile: join(nodes.logs, `${name}.log`), signal: context.signal });
  const province = ["--config", nodes.provinceConfig];
  const nation = ["--config", nodes.nationalConfig];
  const ofNation = async () => {
    await run("migrate-national", "migrate", ...nation);
    await run(
      "import-schools",
      "national",
      "import",
      "schools",
      join(generated, "ministry-schools.csv"),
      ...nation,
    );
    await startNationalNode(context, nodes);
  };
  const ofProvince = async () => {
    await run("migrate-province", "migrate", ...province);
    await run("map-import", "map", "import", ...province);
  };
  await Promise.all([ofNation(), ofProvince()]);
}

/** The owner runs the script of the vendor's role, the vendor writes all that its system has. */
async function deliver({ shape, signal, urls }: DemoContext, nodes: NodeFiles): Promise<void> {
  const logFile = join(nodes.logs, "grants.log");
  await runCommand(["grants", "--config", nodes.provinceConfig], { logFile, signal });
  await deliverAsVendor({
    registryUrl: urls.registry,
    exchangeUrl: urls.exchange,
    grantsFile: join(dirname(nodes.provinceConfig), "grants", "vendor.sql"),
    province: demoProvince,
    entities: shape.entities,
    signal,
  });
}

async function startNationalNode(
  { signal }: DemoContext,
  { logs, nationalConfig }: NodeFiles,
): Promise<void> {
  const logFile = join(logs, "national-output.log");
  const node = startCommand(["national", "--json", "--config", nationalConfig], {
    logFile,
    signal,
    detached: true,
  });
  if (node.pid === undefined)
    throw new DuijieError("SETUP_FAILED", { step: "duijie national", found: logFile });
  rememberNationalNode(node.pid);
  const deadline = performance.now() + 60_000;
  while (!isReady(logFile)) {
    signal.throwIfAborted();
    if (node.exitCode !== null || performance.now() > deadline) {
      throw new DuijieError("SETUP_FAILED", { step: "duijie national", found: `see ${logFile}` });
    }
    await pause(50);
  }
  // It may outlive us.
  node.unref();
}

function isReady(logFile: string): boolean {
  return existsSync(logFile) && readFileSync(logFile, "utf8").includes('"ready":true');
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** All loaders work on one load. The first one's progress is shown; its exit code counts. 3 is right: defects were planted. */
async function loadAll(
  { options, signal, texts }: DemoContext,
  { logs, provinceConfig }: NodeFiles,
): Promise<number> {
  const args = ["load", "run", "--config", provinceConfig];
  const loaders = Array.from({ length: options.loaders }, (_, at) =>
    startCommand(args, at === 0 ? { signal } : { signal, logFile: join(logs, `loader-${at + 1}.log`) }),
  );
  const codes = await Promise.all(loaders.map(endOf));
  signal.throwIfAborted();
  const failed = codes.find((code) => code !== 0 && code !== 3);
  if (failed !== undefined) throw new LoadFailed(texts("demo.load.failed", { exit: failed, logs }));
  return Math.max(...codes);
}

/** The load's own process has said why; nothing is to be added but where the logs are. */
export class LoadFailed extends Error {
  override readonly name = "LoadFailed";
}

async function step<T>(
  { say, signal, texts }: DemoContext,
  name: string,
  work: () => Promise<T>,
): Promise<readonly [result: T, seconds: number]> {
  signal.throwIfAborted();
  say(texts(`demo.step.${name}`));
  const began = performance.now();
  const result = await work();
  const seconds = (performance.now() - began) / 1000;
  say(texts("demo.step.done", { seconds: seconds.toFixed(1) }));
  return [result, seconds];
}
