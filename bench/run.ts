import { mkdirSync, rmSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { loadProvinceConfig } from "../config/load.ts";
import type { Texts } from "../contracts/texts.ts";
import { checkLoad } from "../embedded/demo/checker.ts";
import { writeNodes } from "../embedded/demo/demo-nodes.ts";
import { demoResult } from "../embedded/demo/demo-result.ts";
import { generateProvince } from "../embedded/demo/generate.ts";
import { xuejiShape } from "../embedded/demo/xueji-rows.ts";
import { builtKafkaClient } from "../embedded/kafka-client.ts";
import {
  type BenchFigures,
  limitFigures,
  megabytes,
  pathFigures,
  ratioOf,
  rounded,
  secondsBetween,
} from "./figures.ts";
import { type LimitRun, measureLimit } from "./limit.ts";
import { type LoadTimes, loadTimes } from "./load-times.ts";
import { endOfLoaders, prepareNodes, setLoad, startLoaders, startNational, stopNational } from "./nodes.ts";
import type { BenchOptions } from "./options.ts";
import { ProcessSampler } from "./process-sampler.ts";
import { type BenchServers, benchFolder } from "./servers.ts";
import { measureStages } from "./stages.ts";
import { dearestStatements, resetStatements } from "./statements.ts";

const province = "34";
const generated = join(benchFolder, "province");
/** The registry's tables of pupils and guardians. */
const tables = ["xueji.xs_jbxx", "xueji.jz_jbxx"] as const;
const repeats = 3;

export interface BenchContext {
  readonly options: BenchOptions;
  readonly servers: BenchServers;
  readonly texts: Texts;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Both measurements in one run, on the same servers and the same registry: first the limit, then the whole path. */
export async function runBench(context: BenchContext): Promise<BenchFigures> {
  const { options, servers } = context;
  const { urls } = servers;
  const machine = await describeMachine(urls.registry);
  const seconds: Record<string, number> = {};
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    context.signal.throwIfAborted();
    context.say(context.texts(`bench.step.${name}`));
    const began = performance.now();
    const result = await work();
    seconds[name] = secondsBetween(began, performance.now());
    context.say(context.texts("bench.step.done", { seconds: seconds[name].toFixed(1) }));
    return result;
  };
  const rows = await timed("generate", async () => await generate(context));
  const sampler = new ProcessSampler();
  sampler.watch("bench", process.pid);
  sampler.watchPostgres("postgres", servers.postgres.pid);
  sampler.watch("kafka", servers.kafka.pid);
  sampler.start();
  try {
    const limitRuns = options.skipLimit ? [] : await timed("limit", async () => await limit(context, "all"));
    const keyRuns = options.skipLimit ? [] : await timed("limitKey", async () => await limit(context, "key"));
    if (options.statements) await resetStatements(urls.registry);
    const load = await loadAll(context, sampler, timed);
    const statements = options.statements ? await dearestStatements(urls.registry, rows) : null;
    const check = await timed(
      "check",
      async () => await checkLoad({ ...databases(urls), folder: generated }),
    );
    const stages = options.stages
      ? await timed("stages", async () => await measureStages(stageOptions(load.configFile, context)))
      : null;
    const ledger = await demoResult(urls.exchange, check);
    const cpu = (name: string, from: number, to: number) => sampler.cpuMicros(name, from, to);
    const limited = limitFigures(limitRuns, rows, cpu);
    const keyLimit = limitFigures(keyRuns, rows, cpu);
    const path = pathFigures(load.times, rows);
    return {
      students: options.students,
      seed: options.seed,
      loaders: options.loaders,
      limit: limited,
      path,
      ratio: ratioOf(path, limited),
      limitKeyIndexOnly: keyLimit,
      ratioKeyIndexOnly: ratioOf(path, keyLimit),
      ...processFigures(sampler, load.times, rows),
      seconds,
      settings: load.settings,
      machine,
      statements,
      stages,
      ledger,
      differences: check.differences,
    };
  } finally {
    sampler.stop();
  }
}

/** Gives the number of pupils. The registry is left as one in use would be: vacuumed, on disk. */
async function generate({ options, servers, signal }: BenchContext): Promise<number> {
  rmSync(generated, { recursive: true, force: true });
  await generateProvince({
    registryUrl: servers.urls.registry,
    folder: generated,
    seed: options.seed,
    students: options.students,
    province,
    shape: xuejiShape,
    signal,
  });
  return await withClient(servers.urls.registry, async (client) => {
    await client.query("VACUUM ANALYZE");
    await client.query("CHECKPOINT");
    const found = await client.query<{ rows: number }>(`SELECT count(*)::int AS rows FROM ${tables[0]}`);
    return found.rows[0]?.rows ?? 0;
  });
}

async function limit({ servers }: BenchContext, indexes: "all" | "key"): Promise<readonly LimitRun[]> {
  const { national, registry } = servers.urls;
  return await measureLimit({ sourceUrl: registry, targetUrl: national, tables, repeats, indexes });
}

interface Load {
  readonly configFile: string;
  readonly times: LoadTimes;
  readonly settings: BenchFigures["settings"];
}

async function loadAll(
  { options, servers, signal }: BenchContext,
  sampler: ProcessSampler,
  timed: <T>(name: string, work: () => Promise<T>) => Promise<T>,
): Promise<Load> {
  mkdirSync(benchFolder, { recursive: true });
  const files = writeNodes({
    folder: benchFolder,
    province,
    generated,
    shape: xuejiShape,
    urls: servers.urls,
    client: options.client ?? builtKafkaClient(),
    language: options.language,
  });
  setLoad(files.provinceConfig, options.load);
  const { kafka, load, registry } = loadProvinceConfig(files.provinceConfig, process.env);
  const national = await timed("prepare", async () => {
    await prepareNodes(files, join(generated, "ministry-schools.csv"), signal);
    await withClient(servers.urls.exchange, async (client) => await client.query("CHECKPOINT"));
    return await startNational(files, options.profile, signal);
  });
  try {
    sampler.watch("national", national.pid ?? 0);
    await timed("load", async () => {
      const loaders = startLoaders(files, { count: options.loaders, profileFolder: options.profile }, signal);
      for (const [at, loader] of loaders.entries()) sampler.watch(`loader-${at + 1}`, loader.pid ?? 0);
      await endOfLoaders(loaders, files, signal);
    });
  } finally {
    await stopNational(national);
  }
  const { batchRows, chunkRows, pollMs, workers } = load;
  const { concurrentReads, pageRows } = registry.limits;
  const settings = { chunkRows, batchRows, workers, pollMs, concurrentReads, pageRows };
  return {
    configFile: files.provinceConfig,
    times: await loadTimes(servers.urls.exchange),
    settings: { ...settings, partitions: kafka.partitions, kafkaClient: kafka.client },
  };
}

/** Enough chunks that the engine has made its code, few enough for a minute. */
function stageOptions(configFile: string, { signal }: BenchContext) {
  return { configFile, chunks: 8, repeats: 5, signal };
}

/** CPU within the span that is measured; memory of the whole run, start and end included. */
function processFigures(
  sampler: ProcessSampler,
  { from, to }: LoadTimes,
  rows: number,
): Pick<BenchFigures, "cpuMicrosPerRow" | "postgresCpuMicrosPerRow" | "peakRssMb"> {
  const names = sampler.names.filter((name) => name !== "bench");
  const perRow = (micros: number) => rounded(micros / rows, 1);
  const databases = Object.entries(sampler.cpuMicrosByDatabase("postgres", from, to));
  return {
    cpuMicrosPerRow: Object.fromEntries(
      names.map((name) => [name, perRow(sampler.cpuMicros(name, from, to))]),
    ),
    postgresCpuMicrosPerRow: Object.fromEntries(databases.map(([name, micros]) => [name, perRow(micros)])),
    peakRssMb: Object.fromEntries(names.map((name) => [name, megabytes(sampler.peakBytes(name))])),
  };
}

function databases(urls: BenchServers["urls"]) {
  return { registryUrl: urls.registry, exchangeUrl: urls.exchange, nationalUrl: urls.national };
}

async function describeMachine(url: string): Promise<BenchFigures["machine"]> {
  const postgres = await withClient(url, async (client) => {
    const found = await client.query<{ server_version: string }>("SHOW server_version");
    return found.rows[0]?.server_version ?? "";
  });
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? "",
    memoryMb: megabytes(totalmem()),
    node: process.versions.node,
    postgres,
    loadAverageBefore: rounded(loadavg()[0] ?? 0, 2),
  };
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "duijie bench" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
