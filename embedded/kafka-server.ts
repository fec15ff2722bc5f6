import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DuijieError } from "../contracts/errors.ts";
import { freePort } from "./free-port.ts";
import { type Environment, findJava } from "./java.ts";
import { kafkaJars } from "./kafka-jars.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import { endWithStarter, fileSize, lastLines, launch, readSince } from "./server-process.ts";
import { clearState, endProcess, endUnownedServer, ownIdentity, runningServer, writeState } from "./state.ts";

export type KafkaOptions = {
  /** Belongs to this broker alone: its log, its settings and its state. */
  readonly folder: string;
  /** Default: any free one, or that of the broker which an earlier run left on this folder. */
  readonly port?: number;
  /** Over the defaults below, by the broker's names. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The broker outlives its starter; `stopServer(folder)` ends it. */
  readonly detached?: boolean;
  /** Where Java and Maven are looked for. */
  readonly env?: Environment;
  readonly log?: (line: string) => void;
};

export type KafkaServer = {
  readonly brokers: readonly string[];
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  stop(): Promise<void>;
  /** SIGKILL, and waits until the process is gone. What was acknowledged is in the system's page cache and survives. */
  kill(): Promise<void>;
};

/** One broker that is also its own controller. */
const defaultSettings = {
  "process.roles": "broker,controller",
  "node.id": "1",
  "controller.listener.names": "CONTROLLER",
  "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
  "inter.broker.listener.name": "PLAINTEXT",
  // A misspelt topic is an error, not a new topic.
  "auto.create.topics.enable": "false",
  "offsets.topic.replication.factor": "1",
  "offsets.topic.num.partitions": "4",
  "transaction.state.log.replication.factor": "1",
  "transaction.state.log.min.isr": "1",
  "transaction.state.log.num.partitions": "4",
  "share.coordinator.state.topic.replication.factor": "1",
  "share.coordinator.state.topic.min.isr": "1",
  // With one broker nobody joins late: the first consumer need not wait three seconds for others.
  "group.initial.rebalance.delay.ms": "0",
  // After a kill the broker may register again only when its old session is over: nine seconds by default.
  "broker.heartbeat.interval.ms": "500",
  "broker.session.timeout.ms": "3000",
  "group.min.session.timeout.ms": "1000",
  "log.retention.hours": "168",
  "num.network.threads": "2",
  "num.io.threads": "4",
} as const;

/**
 * Starts Apache Kafka on a folder, formatting it the first time; the same folder and port again after a stop or a
 * kill. Throws JAVA_MISSING, MAVEN_MISSING (only while the jars are not cached) or SETUP_FAILED.
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaServer> {
  const folder = resolve(options.folder);
  const env = options.env ?? process.env;
  const java = findJava(env);
  const classPath = [join(kafkaJars(env, options.log), "*")].join(delimiter);
  mkdirSync(folder, { recursive: true });
  const lastPort = await endUnownedServer(folder);
  const port = options.port ?? lastPort ?? (await freePort());
  const settingsFile = await writeSettings(folder, port, options.settings);
  format({ java, classPath, folder, settingsFile, env });
  const logFile = join(folder, "kafka.log");
  const server = await launchUntilReady(
    java,
    [...jvmOptions, "-cp", classPath, "kafka.Kafka", settingsFile],
    env,
    logFile,
  );
  const owner = options.detached === true ? null : ownIdentity();
  const address = `127.0.0.1:${port}`;
  writeState(folder, { kind: "kafka", process: server, port, owner, address });
  options.log?.(`Kafka on ${address}`);
  const forget = owner === null ? () => {} : endWithStarter(server, "SIGTERM");
  const end = async (signal: NodeJS.Signals) => {
    forget();
    await endProcess(server, signal);
    if (runningServer(folder)?.process.pid === server.pid) clearState(folder);
  };
  return {
    brokers: [address],
    port,
    pid: server.pid,
    logFile,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

const jvmOptions = [
  "-Xmx384m",
  "-Xms128m",
  // On two cores the optimising compiler takes more than it gives in the hours that such a broker lives: measured over a
  // load of 400,000 pupils, half of the broker's CPU. One small heap needs no collector with threads of its own.
  "-XX:TieredStopAtLevel=1",
  "-XX:+UseSerialGC",
  "-Djava.awt.headless=true",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
  "-Dorg.slf4j.simpleLogger.showDateTime=true",
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
  // The full list of settings, and a line per loaded metadata record: pages at every start.
  "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",
  "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaConfig=warn",
];

async function writeSettings(folder: string, port: number, more: KafkaOptions["settings"]): Promise<string> {
  const controllerPort = await freePort();
  const settings: Record<string, string> = {
    ...defaultSettings,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    // A properties file reads the backslash as an escape.
    "log.dirs": dataFolder(folder).replaceAll("\\", "/"),
    ...more,
  };
  const file = join(folder, "server.properties");
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  return file;
}

function dataFolder(folder: string): string {
  return join(folder, "data");
}

/** Kafka's form of 16 bytes. Never with "-" in front, which its tool would take for an option: as Kafka's own do. */
export function newClusterId(bytes: Uint8Array): string {
  const [first = 0, ...rest] = bytes;
  return Buffer.from([first & 0x7f, ...rest]).toString("base64url");
}

type FormatRequest = {
  java: string;
  classPath: string;
  folder: string;
  settingsFile: string;
  env: Environment;
};

function format({ java, classPath, folder, settingsFile, env }: FormatRequest): void {
  if (existsSync(join(dataFolder(folder), "meta.properties"))) return;
  const clusterId = newClusterId(randomBytes(16));
  const tool = ["-cp", classPath, "kafka.tools.StorageTool", "format", "--ignore-formatted"];
  try {
    // The quick compiler alone: the tool lives for a second.
    execFileSync(
      java,
      ["-XX:TieredStopAtLevel=1", ...tool, `--cluster-id=${clusterId}`, "--config", settingsFile],
      {
        env: { ...env },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
  } catch (error) {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
    throw new DuijieError("SETUP_FAILED", { step: "Kafka format", found: output.trim().slice(-300) }, error);
  }
}

async function launchUntilReady(
  java: string,
  args: readonly string[],
  env: Environment,
  logFile: string,
): Promise<ProcessIdentity> {
  const logStart = fileSize(logFile);
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const server = await launch({ program: java, args, env: Object.fromEntries(given), cwd: "/", logFile });
  const deadline = performance.now() + 90_000;
  while (isAlive(server) && performance.now() < deadline) {
    // Written when the broker has caught up with its metadata and is unfenced; an open port alone says less.
    if (readSince(logFile, logStart).includes("Kafka Server started")) return server;
    await delay(50);
  }
  await endProcess(server, "SIGKILL");
  throw new DuijieError("SETUP_FAILED", { step: "Kafka", found: lastLines(logFile, 3) });
}
