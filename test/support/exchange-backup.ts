import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../../exchange-db/migrate.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";

/** A backup of an exchange-db, taken while others write to it. */
export interface ExchangeBackup {
  /** How it was taken. */
  readonly way: string;
  /** Puts it into an empty database. */
  restore(url: string): Promise<void>;
  remove(): void;
}

/**
 * By `pg_dump` where the machine has one that is no older than the server; else what `pg_dump` does, by hand: all tables
 * in one snapshot, sequences as they are.
 */
export async function backUp(url: string): Promise<ExchangeBackup> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string }>(
      "SELECT current_setting('server_version_num')::integer / 10000 AS version",
    );
    return dumpVersion() >= Number(rows[0]?.version) ? dumped(url) : await copied(client);
  } finally {
    await client.end();
  }
}

function dumpVersion(): number {
  try {
    const said = execFileSync("pg_dump", ["--version"], { encoding: "utf8" });
    return Number(/(\d+)\./.exec(said)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function dumped(url: string): ExchangeBackup {
  const folder = mkdtempSync(join(tmpdir(), "duijie-backup-"));
  const file = join(folder, "exchange.dump");
  execFileSync("pg_dump", ["-Fc", "-f", file, "-d", url]);
  return {
    way: "pg_dump -Fc",
    restore: (to) => {
      execFileSync("pg_restore", ["--exit-on-error", "-d", to, file]);
      return Promise.resolve();
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface CopiedTable {
  readonly name: string;
  readonly columns: string;
  readonly rows: string;
}

async function copied(client: pg.Client): Promise<ExchangeBackup> {
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const named = await client.query<{ name: string; columns: string }>(
    `SELECT c.oid::regclass::text AS name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     WHERE n.nspname IN ('exchange', 'staging', 'mapping') AND c.relkind = 'r' AND c.relname <> 'migration' GROUP BY 1`,
  );
  const tables: CopiedTable[] = [];
  for (const { columns, name } of named.rows) {
    const { rows } = await client.query<{ rows: string }>(
      `SELECT coalesce(json_agg(t), '[]')::text AS rows FROM (SELECT ${columns} FROM ${name}) t`,
    );
    tables.push({ name, columns, rows: rows[0]?.rows ?? "[]" });
  }
  const sequences = await client.query<{ name: string; last: string | null }>(
    `SELECT format('%I.%I', schemaname, sequencename) AS name, last_value AS last FROM pg_sequences
     WHERE schemaname IN ('exchange', 'staging', 'mapping')`,
  );
  await client.query("COMMIT");
  return {
    way: "one snapshot of all tables",
    restore: async (to) => await fill(to, tables, sequences.rows),
    remove: () => undefined,
  };
}

async function fill(
  url: string,
  tables: readonly CopiedTable[],
  sequences: readonly { readonly name: string; readonly last: string | null }[],
): Promise<void> {
  await migrate(url, "exchange", exchangeMigrations);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // As pg_restore does: rows before references.
    await client.query("SET session_replication_role = replica");
    for (const { columns, name, rows } of tables) {
      await client.query(
        `INSERT INTO ${name} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM json_populate_recordset(NULL::${name}, $1)`,
        [rows],
      );
    }
    for (const { last, name } of sequences)
      if (last !== null) await client.query("SELECT setval($1::regclass, $2)", [name, last]);
  } finally {
    await client.end();
  }
}

/** The database made anew, empty, under the same name. */
export async function emptyAgain(adminUrl: string, url: string): Promise<void> {
  const name = pg.escapeIdentifier(decodeURIComponent(new URL(url).pathname.slice(1)));
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
}
