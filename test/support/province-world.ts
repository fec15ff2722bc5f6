import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { packageRoot } from "../../contracts/package-root.ts";
import { removeDatabase } from "../../embedded/database-place.ts";
import { type CheckResult, checkLoad } from "../../embedded/demo/checker.ts";
import { type NodeFiles, writeNodes } from "../../embedded/demo/demo-nodes.ts";
import { generateProvince } from "../../embedded/demo/generate.ts";
import type { RegistryShape } from "../../embedded/demo/registry-shape.ts";
import { type PostgresServer, startPostgres } from "../../embedded/postgres-server.ts";
import { Store } from "../../exchange-db/store.ts";
import { BrokerServer } from "./broker-server.ts";
import { keepCanaries, runOutputFolder } from "./run-output.ts";
import { logUrl } from "./test-broker.ts";
import { until } from "./until.ts";

export interface WorldOptions {
  readonly name: string;
  readonly students: number;
  readonly seed: string;
  readonly shape: RegistryShape;
  /** Over the configuration's `load`. */
  readonly load?: Readonly<Record<string, number>>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/**
 * A generated province, servers of its own that a test may kill, and the product as a user runs it: processes started by
 * `cli/main.ts`, known by their exit codes, output and what stands in the databases.
 */
export class ProvinceWorld {
  readonly folder: string;
  readonly generated: string;
  readonly output: string;
  readonly nodes: NodeFiles;
  readonly exchange: Store;
  readonly national: Store;
  readonly urls: { readonly registry: string; readonly exchange: string; readonly national: string };
  postgres: PostgresServer;
  readonly broker: BrokerServer;
  readonly #children = new Set<ChildProcess>();
  #started = 0;

  static async open(options: WorldOptions): Promise<ProvinceWorld> {
    const folder = join(packageRoot, ".duijie", "worlds", options.name);
    await removeDatabase(join(folder, "postgres"));
    await BrokerServer.remove(join(folder, "broker"));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const [postgres, broker] = await Promise.all([
      startPostgres({ dataFolder: join(folder, "postgres") }),
      BrokerServer.start(join(folder, "broker")),
    ]);
    const urls = {
      registry: await postgres.createDatabase("registry"),
      exchange: await postgres.createDatabase("exchange"),
      national: await postgres.createDatabase("national"),
    };
    const world = new ProvinceWorld(folder, options, postgres, broker, urls);
    await generateProvince({
      registryUrl: urls.registry,
      folder: world.generated,
      seed: options.seed,
      students: options.students,
      province: "34",
      shape: options.shape,
      signal: AbortSignal.timeout(300_000),
    });
    keepCanaries(world.generated, options.name);
    return world;
  }

  private constructor(
    folder: string,
    options: WorldOptions,
    postgres: PostgresServer,
    broker: BrokerServer,
    urls: ProvinceWorld["urls"],
  ) {
    this.folder = folder;
    this.generated = join(folder, "province");
    this.output = runOutputFolder(options.name);
    this.postgres = postgres;
    this.broker = broker;
    const log = logUrl(broker.place);
    this.urls = urls;
    this.nodes = writeNodes({
      folder,
      province: "34",
      generated: this.generated,
      shape: options.shape,
      urls: { ...urls, ...(log === undefined ? { brokers: broker.place } : { brokers: [], broker: log }) },
      client: "kafkajs",
      language: "en",
    });
    this.#configure(this.nodes.provinceConfig, {
      load: options.load ?? {},
      link: { receiptSeconds: 15, sealedSeconds: 3 },
    });
    this.#configure(this.nodes.nationalConfig, {});
    this.exchange = new Store({
      url: urls.exchange,
      name: "exchange",
      connectionsMax: 2,
      statementTimeoutMs: 30_000,
    });
    this.national = new Store({
      url: urls.national,
      name: "national",
      connectionsMax: 2,
      statementTimeoutMs: 30_000,
    });
  }

  /** Short leases and sessions, so that a test need not wait as long as an operator would; logs where they are searched. */
  #configure(file: string, more: Readonly<Record<string, unknown>>): void {
    const config: unknown = parse(readFileSync(file, "utf8"));
    if (typeof config !== "object" || config === null || !("kafka" in config))
      throw new Error(`no configuration: ${file}`);
    const registry = "registry" in config && typeof config.registry === "object" ? config.registry : null;
    const limits =
      registry === null
        ? {}
        : { registry: { ...registry, limits: { concurrentReads: 6, protect: { enabled: false } } } };
    const kafka = {
      ...(typeof config.kafka === "object" ? config.kafka : {}),
      sessionTimeoutMs: 6000,
      retryDelayMs: 200,
    };
    const name = file.includes("national") ? "national" : "province";
    const log = { level: "info", file: join(this.output, `${name}.log`) };
    writeFileSync(file, stringify({ ...config, ...limits, ...more, kafka, log }));
  }

  /** Starts `duijie …`; what it prints goes to a file of the run's output. */
  start(args: readonly string[]): ChildProcess & { readonly outputFile: string } {
    const name = args.slice(0, 2).join("-").replaceAll(/\W+/g, "-");
    const outputFile = join(this.output, `${String(++this.#started).padStart(2, "0")}-${name}.txt`);
    const file = openSync(outputFile, "a");
    const child = spawn(process.execPath, ["--import=tsx", join(packageRoot, "cli", "main.ts"), ...args], {
      cwd: this.folder,
      stdio: ["ignore", file, file],
    });
    closeSync(file);
    this.#children.add(child);
    child.once("close", () => this.#children.delete(child));
    return Object.assign(child, { outputFile });
  }

  province(...args: string[]): ReturnType<ProvinceWorld["start"]> {
    return this.start([...args, "--config", this.nodes.provinceConfig]);
  }

  /** Runs a command of the province to its end. */
  async run(...args: string[]): Promise<Ended> {
    return await ended(this.province(...args));
  }

  async runOf(config: string, ...args: string[]): Promise<Ended> {
    return await ended(this.start([...args, "--config", config]));
  }

  /** What two operators do before the first load; throws with the output of a command that fails. */
  async prepare(): Promise<void> {
    const national = this.nodes.nationalConfig;
    const must = async (end: Promise<Ended>) => {
      const { code, output } = await end;
      if (code !== 0) throw new Error(`exit ${code}: ${output}`);
    };
    await must(this.runOf(national, "migrate"));
    await must(
      this.runOf(national, "national", "import", "schools", join(this.generated, "ministry-schools.csv")),
    );
    await must(this.run("migrate"));
    await must(this.run("map", "import"));
  }

  async startNation(): Promise<ReturnType<ProvinceWorld["start"]>> {
    const node = this.start(["national", "--json", "--config", this.nodes.nationalConfig]);
    await until(
      "the national node is ready",
      () => {
        if (node.exitCode !== null)
          throw new Error(`the national node ended: ${readFileSync(node.outputFile, "utf8")}`);
        return Promise.resolve(readFileSync(node.outputFile, "utf8").includes('"ready":true'));
      },
      60_000,
    );
    return node;
  }

  async check(): Promise<CheckResult> {
    return await checkLoad({
      registryUrl: this.urls.registry,
      exchangeUrl: this.urls.exchange,
      nationalUrl: this.urls.national,
      folder: this.generated,
    });
  }

  /** Ends all that was started, each by its process id, also what is left when something else fails. */
  async close(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.allSettled([this.exchange.close(), this.national.close()]);
    await Promise.allSettled([this.postgres.stop("immediate"), this.broker.kill()]);
    // What the servers wrote is searched for personal data too.
    copyFileSync(this.postgres.logFile, join(this.output, "postgres.log"));
    copyFileSync(this.broker.logFile, join(this.output, "broker.log"));
    await removeDatabase(join(this.folder, "postgres"));
    await BrokerServer.remove(join(this.folder, "broker"));
  }
}

/** How a process ended, with all that it printed. */
export async function ended(child: ChildProcess & { readonly outputFile: string }): Promise<Ended> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once("close", resolve));
  }
  return { code: child.exitCode, signal: child.signalCode, output: readFileSync(child.outputFile, "utf8") };
}

/** SIGKILL, and waits until the process is gone. */
export async function kill(child: ChildProcess & { readonly outputFile: string }): Promise<void> {
  child.kill("SIGKILL");
  await ended(child);
}
