import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Kafka, logLevel } from "kafkajs";
import pg from "pg";
import { packageRoot } from "../../contracts/package-root.ts";
import { removeDatabase } from "../../embedded/database-place.ts";
import { freePort } from "../../embedded/free-port.ts";
import { type KafkaServer, startKafka } from "../../embedded/kafka-server.ts";
import { type PostgresServer, startPostgres } from "../../embedded/postgres-server.ts";
import { reachableFolder, serverAccount } from "../../embedded/server-account.ts";
import { endUnownedServer, removeServerFolder } from "../../embedded/state.ts";
import type { DiskName, LinkName } from "./fault.ts";
import { SmallDisk } from "./small-disk.ts";
import { TcpProxy } from "./tcp-proxy.ts";

export type Side = "exchange" | "national";
const sides: readonly Side[] = ["exchange", "national"];

const workFolder = join(packageRoot, ".duijie", "faults");
/** Small: a ballast file that fills one costs its memory. */
const diskMebibytes = { "exchange-disk": 320, "national-disk": 320, "broker-disk": 256, "log-disk": 32 };

/**
 * The servers that faults strike, started once for all seeds: a PostgreSQL for the province (registry, exchange-db), one
 * for the nation, a Kafka with a listener for each side behind a proxy of its own and one for the test itself, and small
 * disks below what can run full.
 */
export class FaultServers {
  readonly folder: string;
  readonly links: Readonly<Record<LinkName, TcpProxy>>;
  readonly disks: Readonly<Record<DiskName, SmallDisk | string>>;
  readonly postgres: Record<Side, PostgresServer>;
  kafka: KafkaServer;
  readonly #kafkaSettings: Readonly<Record<string, string>>;

  /** `name` lets runs of one clone stand side by side. */
  static async start(name: string, log: (line: string) => void): Promise<FaultServers> {
    const folder = join(workFolder, name);
    await removeLeftovers(folder);
    mkdirSync(folder, { recursive: true });
    const disks = mountDisks(folder);
    const [exchange, national] = await Promise.all(
      sides.map(
        async (side) => await startPostgres({ dataFolder: join(folder, side), settings: smallServer, log }),
      ),
    );
    if (exchange === undefined || national === undefined) throw new RangeError("two servers");
    const postgres = { exchange, national };
    for (const side of sides) await createSmallSpace(postgres[side], disks[`${side}-disk`]);
    const { kafka, settings, proxies } = await startProxiedKafka(folder, log);
    const links = {
      "exchange-link": await TcpProxy.open(exchange.port),
      "registry-link": await TcpProxy.open(exchange.port),
      "national-link": await TcpProxy.open(national.port),
      ...proxies,
    };
    return new FaultServers(folder, links, disks, postgres, kafka, settings);
  }

  private constructor(
    folder: string,
    links: FaultServers["links"],
    disks: FaultServers["disks"],
    postgres: FaultServers["postgres"],
    kafka: KafkaServer,
    kafkaSettings: Readonly<Record<string, string>>,
  ) {
    this.folder = folder;
    this.links = links;
    this.disks = disks;
    this.postgres = postgres;
    this.kafka = kafka;
    this.#kafkaSettings = kafkaSettings;
  }

  /** Where the daemons' logs stand: on the small disk, if there is one. */
  get logFolder(): string {
    const disk = this.disks["log-disk"];
    const folder = disk instanceof SmallDisk ? disk.folder : join(this.folder, "logs");
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  async startBroker(): Promise<void> {
    const { port } = this.kafka;
    this.kafka = await startKafka({
      folder: join(this.folder, "kafka"),
      port,
      settings: this.#kafkaSettings,
    });
  }

  async startDatabase(side: Side): Promise<void> {
    const { port } = this.postgres[side];
    this.postgres[side] = await startPostgres({
      dataFolder: join(this.folder, side),
      port,
      settings: smallServer,
    });
  }

  /** A new database, on the small disk if it can run full there. */
  async createDatabase(side: Side, name: string, isSmall: boolean): Promise<string> {
    const server = this.postgres[side];
    await server.dropDatabase(name);
    const space = isSmall && this.disks[`${side}-disk`] instanceof SmallDisk ? " TABLESPACE small" : "";
    await administer(server, `CREATE DATABASE ${pg.escapeIdentifier(name)}${space}`);
    return server.url(name);
  }

  /** Removes the topics of a seed: the next one's databases know nothing of their messages. */
  async dropTopics(): Promise<void> {
    const kafka = new Kafka({ brokers: [...this.kafka.brokers], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    try {
      const ours = async () => (await admin.listTopics()).filter((topic) => topic.startsWith("duijie."));
      const topics = await ours();
      if (topics.length > 0) await admin.deleteTopics({ topics, timeout: 30_000 });
      while ((await ours()).length > 0) await delay(100);
    } finally {
      await admin.disconnect();
    }
  }

  /** Copies what the servers wrote to where personal data is looked for. */
  keepLogs(folder: string): void {
    for (const side of sides) copyFileSync(this.postgres[side].logFile, join(folder, `postgres-${side}.log`));
    copyFileSync(this.kafka.logFile, join(folder, "kafka.log"));
  }

  async stop(): Promise<void> {
    await Promise.allSettled(Object.values(this.links).map(async (link) => await link.close()));
    await Promise.allSettled([
      ...sides.map(async (side) => await this.postgres[side].stop("immediate")),
      this.kafka.kill(),
    ]);
    await removeLeftovers(this.folder);
  }
}

/** Two of them, a Kafka and four processes share a small machine. */
const smallServer = { shared_buffers: "64MB", max_connections: "100", checkpoint_timeout: "5min" };

/** Listeners of its own for each side: what a client is told to connect to is the proxy, so that none goes past it. */
async function startProxiedKafka(folder: string, log: (line: string) => void) {
  const direct = await freePort();
  const [province, nation, controller] = [await freePort(), await freePort(), await freePort()];
  const proxies = {
    "province-broker-link": await TcpProxy.open(province),
    "nation-broker-link": await TcpProxy.open(nation),
  };
  const listen = (name: string, port: number) => `${name}://127.0.0.1:${port}`;
  const settings = {
    listeners: [
      listen("PLAINTEXT", direct),
      listen("PROVINCE", province),
      listen("NATION", nation),
      listen("CONTROLLER", controller),
    ].join(","),
    "advertised.listeners": [
      listen("PLAINTEXT", direct),
      listen("PROVINCE", proxies["province-broker-link"].port),
      listen("NATION", proxies["nation-broker-link"].port),
    ].join(","),
    "listener.security.protocol.map":
      "PLAINTEXT:PLAINTEXT,PROVINCE:PLAINTEXT,NATION:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.quorum.voters": `1@127.0.0.1:${controller}`,
    "group.min.session.timeout.ms": "1000",
  };
  const kafka = await startKafka({ folder: join(folder, "kafka"), port: direct, settings, log });
  return { kafka, settings, proxies };
}

function mountDisks(folder: string): FaultServers["disks"] {
  const account = serverAccount();
  const mount = (disk: DiskName, place: string, owner?: typeof account) =>
    SmallDisk.mount(place, diskMebibytes[disk], owner);
  return {
    "exchange-disk": mount("exchange-disk", spaceFolder(folder, "exchange"), account),
    "national-disk": mount("national-disk", spaceFolder(folder, "national"), account),
    "broker-disk": mount("broker-disk", join(folder, "kafka", "data")),
    "log-disk": mount("log-disk", join(folder, "logs")),
  };
}

/** Where the database's own user can reach it. */
function spaceFolder(folder: string, side: Side): string {
  return reachableFolder(join(folder, `space-${side}`), serverAccount());
}

async function createSmallSpace(server: PostgresServer, disk: SmallDisk | string): Promise<void> {
  if (disk instanceof SmallDisk)
    await administer(server, `CREATE TABLESPACE small LOCATION ${pg.escapeLiteral(disk.folder)}`);
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const side of sides) await removeDatabase(join(folder, side));
  for (const side of sides) removeDisk(spaceFolder(folder, side));
  // Ended first: a broker that runs holds its disk.
  if (existsSync(join(folder, "kafka"))) await endKafka(folder);
  removeDisk(join(folder, "logs"));
  rmSync(folder, { recursive: true, force: true });
}

async function endKafka(folder: string): Promise<void> {
  const kafka = join(folder, "kafka");
  await endUnownedServer(kafka);
  removeDisk(join(kafka, "data"));
  await removeServerFolder(kafka);
}

function removeDisk(folder: string): void {
  SmallDisk.unmount(folder);
  rmSync(folder, { recursive: true, force: true });
}

async function administer(server: PostgresServer, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.adminUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
