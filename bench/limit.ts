import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";

export interface LimitOptions {
  readonly sourceUrl: string;
  readonly targetUrl: string;
  readonly tables: readonly string[];
  readonly repeats: number;
  /** `key`: the first index of each table alone, which a copy could hardly do without. */
  readonly indexes: "all" | "key";
}

/** One copy of all tables: when it ran (milliseconds of the system's clock) and how long. */
export interface LimitRun {
  readonly from: number;
  readonly to: number;
}

/** Away from the tables of the product. */
const targetSchema = "bench_limit";

/**
 * What one hop can do at best: `COPY … TO STDOUT` piped into `COPY … FROM STDIN`, table after table, bytes untouched, into
 * empty tables with the same columns and indexes, each table committed durably. The copies are dropped afterwards.
 */
export async function measureLimit(options: LimitOptions): Promise<readonly LimitRun[]> {
  const source = new pg.Client({ connectionString: options.sourceUrl, application_name: "duijie bench" });
  const target = new pg.Client({ connectionString: options.targetUrl, application_name: "duijie bench" });
  const runs: LimitRun[] = [];
  try {
    await Promise.all([source.connect(), target.connect()]);
    for (let at = 0; at < options.repeats; at += 1) {
      await makeEmptyTables(source, target, options);
      // So that no repetition pays for the writes of the one before.
      await target.query("CHECKPOINT");
      const from = Date.now();
      for (const table of options.tables) await copyTable(source, target, table);
      runs.push({ from, to: Date.now() });
    }
    await target.query(`DROP SCHEMA ${targetSchema} CASCADE`);
    return runs;
  } finally {
    await Promise.all([source, target].map(async (client) => await client.end().catch(() => undefined)));
  }
}

async function copyTable(source: pg.Client, target: pg.Client, table: string): Promise<void> {
  await pipeline(
    source.query(copyTo(`COPY ${table} TO STDOUT`)),
    target.query(copyFrom(`COPY ${targetSchema}.${nameOf(table)} FROM STDIN`)),
  );
}

async function makeEmptyTables(
  source: pg.Client,
  target: pg.Client,
  { indexes, tables }: LimitOptions,
): Promise<void> {
  await target.query(`DROP SCHEMA IF EXISTS ${targetSchema} CASCADE`);
  await target.query(`CREATE SCHEMA ${targetSchema}`);
  for (const table of tables) {
    const columns = await source.query<{ definition: string }>(
      `SELECT quote_ident(attname) || ' ' || format_type(atttypid, atttypmod) AS definition FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      [table],
    );
    const definitions = columns.rows.map((row) => row.definition).join(", ");
    await target.query(`CREATE TABLE ${targetSchema}.${nameOf(table)} (${definitions})`);
    const statements = await indexesOf(source, table);
    for (const statement of indexes === "all" ? statements : statements.slice(0, 1))
      await target.query(statement);
  }
}

/** The statements that made a table's indexes, turned to the copy. */
async function indexesOf(source: pg.Client, table: string): Promise<readonly string[]> {
  const found = await source.query<{ statement: string }>(
    "SELECT pg_get_indexdef(indexrelid) AS statement FROM pg_index WHERE indrelid = $1::regclass ORDER BY indexrelid",
    [table],
  );
  return found.rows.map(({ statement }) =>
    statement.replace(` ON ${table} `, ` ON ${targetSchema}.${nameOf(table)} `),
  );
}

function nameOf(table: string): string {
  return table.slice(table.lastIndexOf(".") + 1);
}
