import { readdirSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { packageRoot } from "../../contracts/package-root.ts";
import { removeDatabase } from "../../embedded/database-place.ts";
import { startKafka } from "../../embedded/kafka-server.ts";
import { startPostgres } from "../../embedded/postgres-server.ts";
import { processIdentity } from "../../embedded/process-identity.ts";
import { removeServerFolder } from "../../embedded/state.ts";

/** A PostgreSQL that the tests may create databases and roles in. */
export type TestPostgres = {
  /** The superuser in the database `postgres`. */
  readonly adminUrl: string;
  /** The superuser in another database. */
  url(database: string): string;
};

export type TestDatabase = { readonly name: string; readonly url: string };

/** A database that others are cloned from, filled once in a mocha run. */
export type Template = { readonly name: string; readonly prepare: (url: string) => Promise<void> };

let postgres: Promise<TestPostgres> | undefined;
let brokers: Promise<readonly string[]> | undefined;
const templates = new Map<string, Promise<string>>();
const databases: string[] = [];
const stops: { postgres?: () => Promise<void>; kafka?: () => Promise<void> } = {};

/** `npm test`'s PostgreSQL; one of its own when a test file is run alone. */
export function testPostgres(): Promise<TestPostgres> {
  postgres ??= findPostgres();
  return postgres;
}

/** `npm test`'s brokers, as `host:port`; a Kafka of its own when a test file is run alone. */
export function testKafka(): Promise<readonly string[]> {
  brokers ??= findKafka();
  return brokers;
}

/** A database of the test file's own, empty or cloned from a template, dropped after the run. */
export async function freshDatabase(name: string, template?: Template): Promise<TestDatabase> {
  const source = template === undefined ? undefined : await preparedTemplate(template);
  return createDatabase(name, source);
}

function preparedTemplate({ name, prepare }: Template): Promise<string> {
  const known = templates.get(name);
  if (known !== undefined) return known;
  const prepared = createDatabase(`template_${name}`).then(async (database) => {
    await prepare(database.url);
    return database.name;
  });
  templates.set(name, prepared);
  return prepared;
}

async function createDatabase(wanted: string, template?: string): Promise<TestDatabase> {
  const server = await testPostgres();
  // The pid: several mocha processes may share one server.
  const name = `${wanted.replace(/\W+/g, "_").toLowerCase().slice(0, 40)}_${process.pid}_${databases.length}`;
  databases.push(name);
  const from = template === undefined ? "" : ` TEMPLATE ${pg.escapeIdentifier(template)}`;
  await administer(server, `CREATE DATABASE ${pg.escapeIdentifier(name)}${from}`);
  return { name, url: server.url(name) };
}

async function administer(server: TestPostgres, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.adminUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function findPostgres(): Promise<TestPostgres> {
  const given = process.env["DUIJIE_TEST_POSTGRES_URL"];
  if (given !== undefined && given !== "")
    return { adminUrl: given, url: (database) => withDatabase(given, database) };
  const dataFolder = join(await ownFolder(), "postgres");
  const server = await startPostgres({ dataFolder });
  stops.postgres = async () => {
    await server.stop("immediate");
    await removeDatabase(dataFolder);
  };
  return server;
}

async function findKafka(): Promise<readonly string[]> {
  const given = process.env["DUIJIE_TEST_KAFKA"];
  if (given !== undefined && given !== "") return given.split(",");
  const folder = join(await ownFolder(), "kafka");
  const server = await startKafka({ folder });
  stops.kafka = async () => {
    await server.stop();
    await removeServerFolder(folder);
  };
  return server.brokers;
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.href;
}

const aloneFolder = join(packageRoot, ".duijie", "test-alone");

/** Named by our pid; what killed runs left is removed on the way. */
async function ownFolder(): Promise<string> {
  for (const name of listFolders()) {
    if (processIdentity(Number(name)) !== undefined) continue;
    await removeDatabase(join(aloneFolder, name, "postgres"));
    await removeServerFolder(join(aloneFolder, name));
  }
  return join(aloneFolder, String(process.pid));
}

function listFolders(): string[] {
  try {
    return readdirSync(aloneFolder).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** The fault run uses what stands here without mocha, and servers of its own. */
const afterRun: (title: string, work: Mocha.AsyncFunc) => void =
  typeof after === "function" ? after : () => undefined;

// One hook each: when one fails, the others still run, and no server is left behind.
afterRun("drops the databases of the tests", async () => {
  // A server of our own goes as a whole.
  if (postgres === undefined || stops.postgres !== undefined) return;
  const server = await postgres;
  for (const name of databases)
    await administer(server, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
});
afterRun("stops the PostgreSQL of this run", async function () {
  // Its folder may be large, and the machine busy.
  this.timeout(60_000);
  await stops.postgres?.();
});
afterRun("stops the Kafka of this run", async function () {
  this.timeout(60_000);
  await stops.kafka?.();
});
