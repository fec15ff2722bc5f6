import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { parse, stringify } from "yaml";
import { xuejiShape } from "../../embedded/demo/xueji-rows.ts";
import { builtKafkaClient } from "../../embedded/kafka-client.ts";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { openBroker } from "../../pipeline/broker/open-broker.ts";
import { DuijieProcess } from "../support/duijie-process.ts";
import { runOutputFolder } from "../support/run-output.ts";
import { type NodeUrls, TwoNodes } from "../support/two-nodes.ts";
import { until } from "../support/until.ts";
import { Daemon } from "./daemon.ts";
import type { DaemonRole } from "./fault.ts";
import type { FaultServers } from "./fault-servers.ts";
import { keepHistory, LedgerWatch } from "./history.ts";
import type { Eyes } from "./in-flight.ts";

export interface WorldOptions {
  readonly servers: FaultServers;
  /** Names folders and databases; one of a kind among those that stand at a time. */
  readonly name: string;
  readonly seed: number;
  readonly students: number;
}

/** Small chunks and batches: many transactions to land in. Short leases and sessions: nobody waits long for the dead. */
const provinceParts = {
  load: {
    chunkRows: 100,
    batchRows: 60,
    workers: 2,
    leaseSeconds: 3,
    pollMs: 50,
    quarantineShareMax: 1,
    retryBudget: 30,
  },
  link: { receiptSeconds: 6, sealedSeconds: 3, sweepMs: 1000, welcomeSeconds: 30 },
  registry: {
    limits: { concurrentReads: 8, rowsPerSecond: 250, pageRows: 100, protect: { enabled: false } },
  },
};
const nationalParts = { apply: { sweepMs: 1000 } };
const statementTimeoutMs = 10_000;

/** Code tables of which two codes change places, so that there is something to send again: a load after each change. */
const changing = [
  { table: "hukou-kind", codes: ["1", "2"] },
  { table: "relationship", codes: ["51", "52"] },
] as const;

/** One seed's province and nation: two loaders and two national nodes as processes, and the eyes that look at them. */
export class FaultWorld {
  readonly options: WorldOptions;
  readonly province = "34";
  readonly nodes: TwoNodes;
  readonly urls: NodeUrls;
  readonly loaders: readonly Daemon[];
  readonly nations: readonly Daemon[];
  readonly eyes: Eyes;
  readonly ledger: LedgerWatch;
  #isSwapped = false;
  #wantsMore = true;
  #rounds = 0;
  #working: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  static async open(options: WorldOptions): Promise<FaultWorld> {
    const { name, seed, servers, students } = options;
    // What an earlier run of this seed wrote is not this one's to answer for.
    rmSync(runOutputFolder(name), { recursive: true, force: true });
    const urls = {
      registry: await servers.createDatabase("exchange", databaseName(name, "registry"), false),
      exchange: await servers.createDatabase("exchange", databaseName(name, "exchange"), true),
      national: await servers.createDatabase("national", databaseName(name, "national"), true),
    };
    const nodes = new TwoNodes({
      name,
      province: "34",
      urls,
      brokers: servers.kafka.brokers,
      students,
      shape: xuejiShape,
      provinceParts,
      nationalParts,
    });
    await nodes.generate();
    nodes.configure();
    await nodes.prepare();
    await keepHistory(urls.exchange, urls.national);
    const broker = await openBroker("kafkajs", {
      brokers: servers.kafka.brokers,
      clientId: `faults-${seed}`,
      requestTimeoutMs: 5000,
      messageBytesMax: 1_000_000,
    });
    return new FaultWorld(options, nodes, urls, broker);
  }

  private constructor(options: WorldOptions, nodes: TwoNodes, urls: NodeUrls, broker: Broker) {
    this.options = options;
    this.nodes = nodes;
    this.urls = urls;
    // One of each client: a group has to get along with both.
    const clients = [builtKafkaClient(), "kafkajs"] as const;
    const daemons = (role: DaemonRole) =>
      clients.map((client, at) => this.#daemon(role, `${role}-${at + 1}`, client));
    this.loaders = daemons("loader");
    this.nations = daemons("nation");
    const eye = (connectionString: string) => {
      const pool = new pg.Pool({
        connectionString,
        max: 3,
        connectionTimeoutMillis: 5000,
        statement_timeout: 10_000,
      });
      pool.on("error", () => undefined);
      return pool;
    };
    this.eyes = {
      exchange: eye(urls.exchange),
      national: eye(urls.national),
      registry: eye(urls.registry),
      broker,
      province: this.province,
    };
    this.ledger = new LedgerWatch(this.eyes.exchange);
  }

  /** Loads that were carried to their end. */
  get rounds(): number {
    return this.#rounds;
  }

  get daemons(): readonly Daemon[] {
    return [...this.loaders, ...this.nations];
  }

  /** What a daemon's sessions are called. */
  application(daemon: Daemon): string {
    return `duijie-${daemon.name}`;
  }

  logFile(daemon: Daemon): string {
    return join(this.options.servers.logFolder, `${this.options.name}-${daemon.name}.log`);
  }

  /** Starts the processes, and keeps both loaders busy until `calm`. Resolves when the work is well under way. */
  async begin(): Promise<void> {
    // One after the other: the first makes the topics, and whoever asks for them just then may not see them yet.
    for (const nation of this.nations) {
      nation.start();
      await nation.process?.says('"ready":true', 180_000);
    }
    this.ledger.start(500);
    this.#working = this.#work().catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    });
    await until(
      "batches are settled",
      async () => this.#failure !== null || (await this.settled()) > 4,
      180_000,
    );
    this.requireWork();
  }

  /** Batches that the nation answered. */
  async settled(): Promise<number> {
    const { rows } = await this.eyes.exchange.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM exchange.batch WHERE state = 'settled' AND wire_count > 0",
    );
    return rows[0]?.n ?? 0;
  }

  /** Ends the giving of work; the load that is open is carried to its end, and a last one with the true mapping. */
  async calm(): Promise<void> {
    this.#wantsMore = false;
    await this.#working;
    if (this.#failure !== null) throw this.#failure;
    await this.#changeMapping(false);
    await this.#load();
    await this.ledger.stop();
    await this.ledger.look();
  }

  /** What stops giving work would make every wait hopeless. */
  requireWork(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  async close(): Promise<void> {
    this.#wantsMore = false;
    await this.ledger.stop();
    await Promise.all(this.daemons.map(async (daemon) => await daemon.stop()));
    await this.#working;
  }

  /** After `close`, when nobody looks any more. */
  async closeEyes(): Promise<void> {
    const { broker, exchange, national, registry } = this.eyes;
    await Promise.allSettled([broker.close(), exchange.end(), national.end(), registry.end()]);
    await this.nodes.close();
    const { name, servers } = this.options;
    for (const daemon of this.daemons) rmSync(this.logFile(daemon), { force: true });
    await servers.postgres.exchange.dropDatabase(databaseName(name, "registry"));
    await servers.postgres.exchange.dropDatabase(databaseName(name, "exchange"));
    await servers.postgres.national.dropDatabase(databaseName(name, "national"));
  }

  async #work(): Promise<void> {
    await this.#load();
    while (this.#wantsMore) {
      await this.#changeMapping(!this.#isSwapped);
      await this.#load();
    }
  }

  async #load(): Promise<void> {
    for (const loader of this.loaders) loader.start();
    await Promise.all(this.loaders.map(async (loader) => await loader.done));
    this.#rounds += 1;
  }

  /** The servers may be away at this moment: tried again. */
  async #changeMapping(isSwapped: boolean): Promise<void> {
    for (const { codes, table } of changing) {
      const file = join(this.nodes.generated, "mappings", `${table}.csv`);
      if (isSwapped !== this.#isSwapped) writeFileSync(file, swapped(readFileSync(file, "utf8"), codes));
    }
    this.#isSwapped = isSwapped;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.nodes.province("map", "import");
        return;
      } catch (error) {
        if (attempt === 20) throw error;
      }
    }
  }

  #daemon(role: DaemonRole, name: string, client: "rdkafka" | "kafkajs"): Daemon {
    const { servers } = this.options;
    const side = role === "loader" ? "province" : "national";
    const link = role === "loader" ? "province-broker-link" : "nation-broker-link";
    const config = `${side}-${name}.yaml`;
    const daemon = new Daemon(name, role, () => {
      return new DuijieProcess([...commandOf(role), "--json", "--config", config], {
        cwd: this.nodes.folder,
        env: this.#environment(`duijie-${name}`),
        logFolder: this.nodes.logFolder,
      });
    });
    const own: Record<string, object> = {
      kafka: {
        client,
        brokers: [`127.0.0.1:${servers.links[link].port}`],
        requestTimeoutMs: 5000,
      },
      log: { level: "info", file: this.logFile(daemon) },
      [role === "loader" ? "exchangeDb" : "database"]: { statementTimeoutMs },
    };
    if (role === "loader") own["registry"] = { statementTimeoutMs, connectTimeoutMs: 5000 };
    writeConfig(join(this.nodes.folder, `${side}.yaml`), join(this.nodes.folder, config), own);
    return daemon;
  }

  /** Through the proxies, and with a name by which its sessions are told from others'. */
  #environment(application: string): Record<string, string> {
    const { links } = this.options.servers;
    const through = (url: string, port: number) => {
      const changed = new URL(url);
      changed.port = String(port);
      changed.searchParams.set("application_name", application);
      return changed.href;
    };
    return {
      REGISTRY_URL: through(this.urls.registry, links["registry-link"].port),
      DUIJIE_EXCHANGE_URL: through(this.urls.exchange, links["exchange-link"].port),
      DUIJIE_NATIONAL_URL: through(this.urls.national, links["national-link"].port),
    };
  }
}

function databaseName(name: string, role: keyof NodeUrls): string {
  return `${name}_${role}`.replaceAll("-", "_");
}

function commandOf(role: DaemonRole): readonly string[] {
  return role === "loader" ? ["load", "run"] : ["national"];
}

/** The operator's file with some parts of its own. */
function writeConfig(from: string, to: string, over: Readonly<Record<string, object>>): void {
  const content: unknown = parse(readFileSync(from, "utf8"));
  if (typeof content !== "object" || content === null) throw new TypeError(`no configuration: ${from}`);
  const merged: Record<string, unknown> = { ...content };
  for (const [part, values] of Object.entries(over)) {
    const below = merged[part];
    merged[part] = typeof below === "object" ? { ...below, ...values } : values;
  }
  writeFileSync(to, stringify(merged, { aliasDuplicateObjects: false }));
}

/** `source,target` lines with two targets exchanged. */
export function swapped(csv: string, [one, other]: readonly [string, string]): string {
  const line = new RegExp(`^([^,\\n]+),(${one}|${other})(?=,|$)`, "gm");
  const changed = csv.replaceAll(line, (_line, source: string, target: string) => {
    return `${source},${target === one ? other : one}`;
  });
  if (changed === csv) throw new Error("the mapping holds none of the codes that change places");
  return changed;
}
