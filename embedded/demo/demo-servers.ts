import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../contracts/package-root.ts";
import { type KafkaServer, startKafka } from "../kafka-server.ts";
import { type MariadbServer, startMariadb } from "../mariadb-server.ts";
import { type PostgresServer, startPostgres } from "../postgres-server.ts";
import { isAlive, parseIdentity, processIdentity } from "../process-identity.ts";
import { endProcess, removeServerFolder, stopServer } from "../state.ts";
import type { DemoUrls } from "./demo-nodes.ts";

/** Where everything of the demo stands; a second run uses the servers' folders again. */
export const demoFolder = join(packageRoot, ".duijie", "demo");

const postgresFolder = join(demoFolder, "postgres");
const kafkaFolder = join(demoFolder, "kafka");
const mariadbFolder = join(demoFolder, "mariadb");
const nodeFile = join(demoFolder, "national.pid.json");

export interface DemoServers {
  readonly urls: DemoUrls;
  stop(): Promise<void>;
}

/**
 * PostgreSQL with empty databases, and Kafka with no topic: what an earlier run left is ended and removed, for its
 * messages were signed with keys that are gone. Without Kafka a further database holds the messages. Throws
 * JAVA_MISSING, MAVEN_MISSING, SETUP_FAILED.
 */
export async function startDemoServers(options: {
  readonly keep: boolean;
  readonly broker: "kafka" | "postgres";
  /** A server of the registry's own, beside these. */
  readonly registry?: "mariadb";
  readonly log: (line: string) => void;
}): Promise<DemoServers> {
  const { broker, keep, log } = options;
  const kafkaStarts = removeServerFolder(kafkaFolder).then(async () =>
    broker === "kafka" ? await startKafka({ folder: kafkaFolder, detached: keep, log }) : null,
  );
  const postgresStarts = startPostgres({ dataFolder: postgresFolder, detached: keep, log });
  const mariadbStarts =
    options.registry === "mariadb" ? startMariadb({ dataFolder: mariadbFolder, detached: keep, log }) : null;
  const started = await Promise.allSettled([kafkaStarts, postgresStarts, mariadbStarts]);
  const [kafka, postgres, mariadb] = started;
  const stop = async (): Promise<void> => {
    const running = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    await Promise.all(running.map(async (server) => await server?.stop()));
  };
  const failed = started.find((one) => one.status === "rejected");
  if (kafka.status === "rejected" || postgres.status === "rejected" || mariadb.status === "rejected") {
    await stop();
    throw failed?.reason;
  }
  try {
    // Only now: while another demo runs on these folders, its servers refuse to be taken over and its node stays.
    await endNationalNode();
    return { urls: await freshDatabases(postgres.value, kafka.value, mariadb.value), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function freshDatabases(
  server: PostgresServer,
  kafka: KafkaServer | null,
  mariadb: MariadbServer | null,
): Promise<DemoUrls> {
  const fresh = async (name: string): Promise<string> => {
    await server.dropDatabase(name);
    return await server.createDatabase(name);
  };
  return {
    registry: await fresh("registry"),
    exchange: await fresh("exchange"),
    national: await fresh("national"),
    ...(mariadb === null ? {} : { registryServer: mariadb.adminUrl }),
    ...(kafka === null ? { brokers: [], broker: await fresh("broker") } : { brokers: kafka.brokers }),
  };
}

/** Remembers the national node's process, so that the next run or `demo:stop` ends it also after a crash of ours. */
export function rememberNationalNode(pid: number): void {
  const identity = processIdentity(pid);
  if (identity !== undefined) writeFileSync(nodeFile, `${JSON.stringify(identity)}\n`);
}

export async function endNationalNode(): Promise<boolean> {
  if (!existsSync(nodeFile)) return false;
  const identity = parseIdentity(JSON.parse(readFileSync(nodeFile, "utf8")));
  rmSync(nodeFile, { force: true });
  if (identity === undefined || !isAlive(identity)) return false;
  await endProcess(identity, "SIGTERM");
  return true;
}

/** Ends all that a kept demo left up; true where something was. */
export async function stopDemo(): Promise<boolean> {
  const node = await endNationalNode();
  const servers = await Promise.all([postgresFolder, kafkaFolder, mariadbFolder].map(stopServer));
  return node || servers.includes(true);
}
