import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { DuijieError } from "../contracts/errors.ts";
import { type DatabasePlace, databasePlace, endDatabase } from "./database-place.ts";
import { freePort } from "./free-port.ts";
import { type PostgresBinaries, postgresBinaries } from "./postgres-binaries.ts";
import { commandLine, isAlive, type ProcessIdentity, processIdentity } from "./process-identity.ts";
import { endWithStarter, fileSize, lastLines, launch, readSince } from "./server-process.ts";
import { endProcess, endUnownedServer, ownIdentity, writeState } from "./state.ts";

export type PostgresOptions = {
  /** Belongs to this server alone: state and password stand here, and the data too if the server can reach it. */
  readonly dataFolder: string;
  /** Default: any free one, or that of the server which an earlier run left on this folder. */
  readonly port?: number;
  /** Over the defaults below, by PostgreSQL's names. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The server outlives its starter; `stopServer(dataFolder)` ends it. */
  readonly detached?: boolean;
  readonly log?: (line: string) => void;
};

export type PostgresServer = {
  readonly port: number;
  readonly pid: number;
  readonly password: string;
  /** The superuser in the database `postgres`. */
  readonly adminUrl: string;
  readonly logFile: string;
  /** A URL of the superuser; it holds the password, so keep it out of logs. */
  url(database: string): string;
  /** Creates a database, as a copy of `template` if given, and returns its URL. */
  createDatabase(name: string, template?: string): Promise<string>;
  /** Drops it if it is there, ending its sessions. */
  dropDatabase(name: string): Promise<void>;
  /** "fast" rolls back and writes a checkpoint; "immediate" stops without, as a crash would, and recovers at the next start. */
  stop(mode?: "fast" | "immediate"): Promise<void>;
  /** SIGKILL, and waits until the process is gone. */
  kill(): Promise<void>;
};

const superuser = "postgres";

/** Sized for two cores shared with Kafka and the daemons. Durability stays as in production: what is measured counts. */
const defaultSettings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "256MB",
  work_mem: "16MB",
  maintenance_work_mem: "128MB",
  effective_cache_size: "2GB",
  wal_level: "replica",
  max_wal_size: "2GB",
  checkpoint_timeout: "15min",
  fsync: "on",
  synchronous_commit: "on",
  timezone: "UTC",
  log_timezone: "UTC",
  // A statement in the server's log would carry the data of the rows that it names.
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
} as const;

/**
 * Starts PostgreSQL on a folder, initialising it the first time. A server that a dead starter or an earlier run
 * left on the folder is ended first. Throws SETUP_FAILED, also when a living process uses the folder.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const place = databasePlace(options.dataFolder, { data: "pgdata", log: "postgres.log" });
  const lastPort = await endEarlierServer(place);
  const binaries = postgresBinaries(place.account);
  const password = ensureInitialised(place, binaries, options.log);
  const port = options.port ?? lastPort ?? (await freePort());
  const server = await launchUntilReady(place, binaries, options, port, password);
  const owner = options.detached === true ? null : ownIdentity();
  const address = `127.0.0.1:${port}`;
  writeState(place.folder, { kind: "postgres", process: server, port, owner, address });
  options.log?.(`PostgreSQL ${binaries.version} on ${address}`);
  const forget = owner === null ? () => {} : endWithStarter(server, "SIGINT");
  return handle(place, server, port, password, forget);
}

/** Ends what is left of an earlier run and returns the port it used, so that URLs noted by people stay good. */
async function endEarlierServer(place: DatabasePlace): Promise<number | undefined> {
  const port = await endUnownedServer(place.folder);
  await removeStalePidFile(place.data);
  return port;
}

/**
 * PostgreSQL refuses to start when the pid in its lock file lives, even if that is a stranger who got the pid after
 * a crash. So the file goes unless a PostgreSQL of this very folder has the pid; that one is ended.
 */
async function removeStalePidFile(data: string): Promise<void> {
  const file = join(data, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
  const identity = Number.isNaN(pid) ? undefined : processIdentity(pid);
  if (identity !== undefined && commandLine(pid).includes(data)) await endProcess(identity, "SIGINT");
  rmSync(file, { force: true });
}

/** Returns the superuser's password, which is made with the cluster. */
function ensureInitialised(
  place: DatabasePlace,
  binaries: PostgresBinaries,
  log: PostgresOptions["log"],
): string {
  const passwordFile = join(place.folder, "password");
  if (existsSync(join(place.data, "PG_VERSION")) && existsSync(passwordFile))
    return readFileSync(passwordFile, "utf8");
  log?.("PostgreSQL: making a new data folder");
  const password = randomBytes(18).toString("base64url");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  initialise(place, binaries, password);
  return password;
}

/** Into a folder beside, renamed at the end: an interrupted initdb leaves nothing that looks finished. */
function initialise(place: DatabasePlace, binaries: PostgresBinaries, password: string): void {
  const unfinished = `${place.data}.new`;
  const passwordFile = `${place.data}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  rmSync(place.data, { recursive: true, force: true });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (place.account !== undefined) chownSync(passwordFile, place.account.uid, place.account.gid);
  const args = ["-D", unfinished, "-U", superuser, `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  args.push("--encoding=UTF8", "--locale-provider=libc", "--locale=C", "--no-instructions");
  try {
    execFileSync(binaries.initdb, args, {
      cwd: "/",
      env: serverEnvironment(),
      stdio: ["ignore", "ignore", "pipe"],
      ...place.account,
    });
    renameSync(unfinished, place.data);
  } catch (error) {
    throw new DuijieError("SETUP_FAILED", { step: "PostgreSQL initdb", found: firstLine(error) }, error);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Nothing of the caller's environment: PGDATA, PGPORT, LC_ALL or LD_LIBRARY_PATH of a user would bend the server. */
function serverEnvironment(): Record<string, string> {
  return { LC_ALL: "C", PATH: "/usr/local/bin:/usr/bin:/bin", TZ: "UTC" };
}

async function launchUntilReady(
  place: DatabasePlace,
  binaries: PostgresBinaries,
  options: PostgresOptions,
  port: number,
  password: string,
): Promise<ProcessIdentity> {
  const settings: Record<string, string> = { ...defaultSettings, ...options.settings, port: String(port) };
  const args = [
    "-D",
    place.data,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  const deadline = performance.now() + 90_000;
  for (;;) {
    const logStart = fileSize(place.logFile);
    const { account, logFile } = place;
    const request = {
      program: binaries.postgres,
      args,
      env: serverEnvironment(),
      cwd: "/",
      logFile,
      account,
    };
    const server = await launch(request);
    if (await becomesReady(server, port, password, deadline)) return server;
    const output = readSince(place.logFile, logStart);
    await endProcess(server, "SIGQUIT");
    // After a SIGKILL the old server's children hold the shared memory for a moment longer.
    if (performance.now() < deadline && output.includes("shared memory block")) {
      await delay(100);
      continue;
    }
    throw new DuijieError("SETUP_FAILED", { step: "PostgreSQL", found: lastLines(place.logFile) });
  }
}

/** False when the process ended or the time is over. A refused password is a stranger on our port: also false. */
async function becomesReady(
  server: ProcessIdentity,
  port: number,
  password: string,
  deadline: number,
): Promise<boolean> {
  while (isAlive(server) && performance.now() < deadline) {
    const client = new pg.Client({
      connectionString: urlOf(port, password, "postgres"),
      connectionTimeoutMillis: 5000,
    });
    client.on("error", () => {});
    try {
      await client.connect();
      return true;
    } catch (error) {
      if (isWrongPassword(error)) return false;
      await delay(30);
    } finally {
      await client.end().catch(() => {});
    }
  }
  return false;
}

function isWrongPassword(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "28P01";
}

function handle(
  place: DatabasePlace,
  server: ProcessIdentity,
  port: number,
  password: string,
  forget: () => void,
): PostgresServer {
  const end = async (signal: NodeJS.Signals) => {
    forget();
    await endDatabase(place, server, signal);
  };
  return {
    port,
    pid: server.pid,
    password,
    adminUrl: urlOf(port, password, "postgres"),
    logFile: place.logFile,
    url: (database) => urlOf(port, password, database),
    createDatabase: async (name, template) => {
      const from = template === undefined ? "" : ` TEMPLATE ${pg.escapeIdentifier(template)}`;
      await administer(port, password, `CREATE DATABASE ${pg.escapeIdentifier(name)}${from}`);
      return urlOf(port, password, name);
    },
    dropDatabase: (name) =>
      administer(port, password, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`),
    stop: (mode = "fast") => end(mode === "fast" ? "SIGINT" : "SIGQUIT"),
    kill: () => end("SIGKILL"),
  };
}

async function administer(port: number, password: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(port, password, "postgres") });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function urlOf(port: number, password: string, database: string): string {
  return `postgres://${superuser}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

function firstLine(error: unknown): string {
  const text =
    error instanceof Error ? ("stderr" in error && String(error.stderr)) || error.message : String(error);
  return text.trim().split("\n").slice(0, 3).join(" | ");
}
