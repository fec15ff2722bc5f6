import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import mysql from "mysql2/promise";
import { DuijieError } from "../contracts/errors.ts";
import { type DatabasePlace, databasePlace, endDatabase } from "./database-place.ts";
import { freePort } from "./free-port.ts";
import { type MariadbBinaries, mariadbBinaries } from "./mariadb-binaries.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import { makeOwnedFolder } from "./server-account.ts";
import { endWithStarter, lastLines, launch } from "./server-process.ts";
import { endProcess, endUnownedServer, ownIdentity, writeState } from "./state.ts";

export type MariadbOptions = {
  /** Belongs to this server alone: state and password stand here, and the data too if the server can reach it. */
  readonly dataFolder: string;
  /** Default: any free one, or that of the server which an earlier run left on this folder. */
  readonly port?: number;
  /** Over the defaults below, by the server's option names. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The server outlives its starter; `stopServer(dataFolder)` ends it. */
  readonly detached?: boolean;
  readonly log?: (line: string) => void;
};

export type MariadbServer = {
  readonly port: number;
  readonly pid: number;
  /** An account with all rights. The URL holds its password, so keep it out of logs. */
  readonly adminUrl: string;
  readonly logFile: string;
  url(database: string): string;
  stop(): Promise<void>;
  /** SIGKILL, and waits until the process is gone. */
  kill(): Promise<void>;
};

const admin = "duijie_admin";

/** Sized for two cores shared with PostgreSQL, Kafka and the daemons. It plays the province's registry, which is read. */
const defaultSettings = {
  "bind-address": "127.0.0.1",
  // Below the data folder: a socket's path must be short.
  socket: "server.sock",
  "skip-name-resolve": "ON",
  "skip-log-bin": "ON",
  "performance-schema": "OFF",
  "max-connections": "100",
  "max-allowed-packet": "64M",
  "innodb-buffer-pool-size": "64M",
  "innodb-log-file-size": "48M",
  "innodb-flush-log-at-trx-commit": "2",
  "character-set-server": "utf8mb4",
  "collation-server": "utf8mb4_unicode_ci",
} as const;

/**
 * Starts MariaDB on a folder, initialising it the first time. A server that a dead starter or an earlier run left on
 * the folder is ended first. Throws SETUP_FAILED, also where no MariaDB is to be had.
 */
export async function startMariadb(options: MariadbOptions): Promise<MariadbServer> {
  const place = databasePlace(options.dataFolder, { data: "mariadb", log: "mariadb.log" });
  const binaries = await mariadbBinaries(place.account, options.log);
  const lastPort = await endUnownedServer(place.folder);
  const password = ensureInitialised(place, binaries, options.log);
  const port = options.port ?? lastPort ?? (await freePort());
  const server = await launchUntilReady(place, binaries, options, port, password);
  const owner = options.detached === true ? null : ownIdentity();
  const address = `127.0.0.1:${port}`;
  writeState(place.folder, { kind: "mariadb", process: server, port, owner, address });
  options.log?.(`MariaDB on ${address}`);
  const forget = owner === null ? () => {} : endWithStarter(server, "SIGTERM");
  return handle(place, server, port, password, forget);
}

/** Returns the password of our account, which is made with the data. */
function ensureInitialised(
  place: DatabasePlace,
  binaries: MariadbBinaries,
  log: MariadbOptions["log"],
): string {
  const passwordFile = join(place.folder, "password");
  if (existsSync(place.data) && existsSync(passwordFile)) return readFileSync(passwordFile, "utf8");
  log?.("MariaDB: making a new data folder");
  const password = randomBytes(18).toString("base64url");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  initialise(place, binaries);
  return password;
}

/** Into a folder beside, renamed at the end: an interrupted start leaves nothing that looks finished. */
function initialise(place: DatabasePlace, binaries: MariadbBinaries): void {
  const unfinished = `${place.data}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  rmSync(place.data, { recursive: true, force: true });
  makeOwnedFolder(unfinished, place.account);
  try {
    execFileSync(binaries.server, [...common(binaries, unfinished), "--bootstrap"], {
      cwd: "/",
      env: serverEnvironment(binaries),
      input: systemTables(binaries.share),
      stdio: ["pipe", "ignore", "pipe"],
      maxBuffer: 16_000_000,
      ...place.account,
    });
    renameSync(unfinished, place.data);
  } catch (error) {
    throw new DuijieError("SETUP_FAILED", { step: "MariaDB bootstrap", found: lastWords(error) }, error);
  }
}

/** As the package's own script does it; lines about the host's name would make an account for it. */
function systemTables(share: string): string {
  const file = (name: string) => readFileSync(join(share, name), "utf8");
  const data = file("mysql_system_tables_data.sql")
    .split("\n")
    .filter((line) => !line.includes("@current_hostname"));
  return ["CREATE DATABASE mysql;", "USE mysql;", file("mysql_system_tables.sql"), ...data, ""].join("\n");
}

function common({ share }: MariadbBinaries, data: string): readonly string[] {
  return [
    "--no-defaults",
    `--datadir=${data}`,
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${join(share, "charsets")}`,
    `--plugin-dir=${data}`,
  ];
}

/** Nothing of the caller's environment: MYSQL_HOME, LC_ALL or TZ of a user would bend the server. */
function serverEnvironment({ libraries }: MariadbBinaries): Record<string, string> {
  const own = libraries.length === 0 ? {} : { LD_LIBRARY_PATH: libraries.join(":") };
  return { LC_ALL: "C", PATH: "/usr/local/bin:/usr/bin:/bin", TZ: "UTC", ...own };
}

async function launchUntilReady(
  place: DatabasePlace,
  binaries: MariadbBinaries,
  options: MariadbOptions,
  port: number,
  password: string,
): Promise<ProcessIdentity> {
  const initFile = writeInitFile(place, password);
  const settings: Record<string, string> = { ...defaultSettings, ...options.settings, port: String(port) };
  const given = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  try {
    const server = await launch({
      program: binaries.server,
      args: [...common(binaries, place.data), `--init-file=${initFile}`, ...given],
      env: serverEnvironment(binaries),
      cwd: "/",
      logFile: place.logFile,
      account: place.account,
    });
    if (await becomesReady(server, port, password)) return server;
    await endProcess(server, "SIGTERM");
    throw new DuijieError("SETUP_FAILED", { step: "MariaDB", found: lastLines(place.logFile) });
  } finally {
    rmSync(initFile, { force: true });
  }
}

/** Run by the server at its start. Nobody else gets in: the accounts that the package makes lose their way in. */
function writeInitFile({ data, account }: DatabasePlace, password: string): string {
  const file = join(data, "..", "accounts.sql");
  const statements = [
    `CREATE OR REPLACE USER '${admin}'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO '${admin}'@'127.0.0.1' WITH GRANT OPTION;`,
    "DELETE FROM mysql.global_priv WHERE User IN ('root', '');",
    "FLUSH PRIVILEGES;",
  ];
  writeFileSync(file, `${statements.join("\n")}\n`, { mode: 0o600 });
  if (account !== undefined) chownSync(file, account.uid, account.gid);
  return file;
}

/** False when the process ended or the time is over. A refused password is a stranger on our port: also false. */
async function becomesReady(server: ProcessIdentity, port: number, password: string): Promise<boolean> {
  const deadline = performance.now() + 90_000;
  while (isAlive(server) && performance.now() < deadline) {
    try {
      const connection = await mysql.createConnection(urlOf(port, password, "mysql"));
      await connection.end();
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ER_ACCESS_DENIED_ERROR") return false;
      await delay(50);
    }
  }
  return false;
}

function handle(
  place: DatabasePlace,
  server: ProcessIdentity,
  port: number,
  password: string,
  forget: () => void,
): MariadbServer {
  const end = async (signal: NodeJS.Signals) => {
    forget();
    await endDatabase(place, server, signal);
  };
  return {
    port,
    pid: server.pid,
    adminUrl: urlOf(port, password, "mysql"),
    logFile: place.logFile,
    url: (database) => urlOf(port, password, database),
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

function urlOf(port: number, password: string, database: string): string {
  return `mysql://${admin}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

function lastWords(error: unknown): string {
  const words = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  const lines = words.trim().split("\n");
  return (
    (lines
      .filter((line) => /ERROR/.test(line))
      .slice(0, 2)
      .join(" | ") ||
      lines.at(-1)) ??
    ""
  );
}
