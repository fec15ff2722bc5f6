import type { MigrationInterface } from "typeorm";
import { DuijieError } from "../contracts/errors.ts";
import { Store } from "./store.ts";

type Migrations = readonly (new () => MigrationInterface)[];

export interface MigrationState {
  /** Names of ours that the database does not have yet. */
  readonly missing: readonly string[];
  /** Names in the database that this program does not know: it was changed by a newer one. */
  readonly unknown: readonly string[];
}

/**
 * Brings one of our databases up to date, each migration in a transaction of its own. `schema` holds the list of what ran.
 * Throws SCHEMA_AHEAD for a database that a newer program has changed, STORE_REFUSED without the right to change it.
 */
export async function migrate(
  url: string,
  schema: "exchange" | "national",
  migrations: Migrations,
): Promise<readonly string[]> {
  const store = new Store({ url, name: schema, connectionsMax: 1, statementTimeoutMs: 0 });
  try {
    // TypeORM keeps its own table in the schema that the first migration would create.
    await store.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    const state = await migrationState(store, schema, migrations);
    if (state.unknown.length > 0)
      throw new DuijieError("SCHEMA_AHEAD", { store: schema, migration: state.unknown.join(", ") });
    if (state.missing.length === 0) return [];
    const applied = await run(url, schema, migrations, store);
    // Whatever a migration added: no table or view of provinces stays without its policy.
    await store.query(`SELECT ${schema}.protect_provinces()`);
    return applied;
  } finally {
    await store.close();
  }
}

async function run(
  url: string,
  schema: string,
  migrations: Migrations,
  store: Store,
): Promise<readonly string[]> {
  // Loaded here only: it takes longer than most commands do, and they only ask whether anything is missing.
  const { DataSource } = await import("typeorm");
  const source = new DataSource({
    type: "postgres",
    url,
    schema,
    entities: [],
    migrations: [...migrations],
    migrationsTableName: "migration",
    migrationsTransactionMode: "each",
    synchronize: false,
    logging: false,
    invalidWhereValuesBehavior: { null: "throw", undefined: "throw" },
    applicationName: "duijie-migrate",
  });
  try {
    await source.initialize();
    return (await source.runMigrations()).map((migration) => migration.name);
  } catch (error) {
    throw store.named(driverErrorOf(error));
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}

/** TypeORM wraps what the driver said. */
function driverErrorOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "driverError" in error ? error.driverError : error;
}

/** Throws STORE_UNREACHABLE, STORE_REFUSED. */
export async function migrationState(
  store: Store,
  schema: "exchange" | "national",
  migrations: Migrations,
): Promise<MigrationState> {
  const known = migrations.map((migration) => new migration().name ?? migration.name);
  const table = await store.query<{ found: string | null }>("SELECT to_regclass($1) AS found", [
    `${schema}.migration`,
  ]);
  if (table[0]?.found === null || table[0] === undefined) return { missing: known, unknown: [] };
  const rows = await store.query<{ name: string }>(`SELECT name FROM ${schema}.migration`);
  const done = new Set(rows.map((row) => row.name));
  return {
    missing: known.filter((name) => !done.has(name)),
    unknown: [...done].filter((name) => !known.includes(name)),
  };
}

/** Throws SCHEMA_MISSING or SCHEMA_AHEAD where the database is not exactly what this program expects. */
export async function requireMigrated(
  store: Store,
  schema: "exchange" | "national",
  migrations: Migrations,
): Promise<void> {
  const { missing, unknown } = await migrationState(store, schema, migrations);
  if (unknown.length > 0)
    throw new DuijieError("SCHEMA_AHEAD", { store: schema, migration: unknown.join(", ") });
  if (missing.length > 0)
    throw new DuijieError("SCHEMA_MISSING", { store: schema, migration: missing.join(", ") });
}
