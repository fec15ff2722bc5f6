import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { readMysqlTable } from "./checker-mysql.ts";
import { type CheckedEntity, checkedEntities, quoted, type Row } from "./checker-rows.ts";
import type { RegistryEntity } from "./checker-staging.ts";

/** A registry on another database than PostgreSQL. */
export interface CheckedDatabase {
  readonly engine: "mysql";
  readonly url: string;
}

/** A table's columns and, row by row, the text of each. */
export interface TableTexts {
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<Row>;
}

/** One line an engine. Of the product's own reading not a line is used. */
const readers: Readonly<
  Record<CheckedDatabase["engine"], (url: string, table: string) => Promise<TableTexts>>
> = {
  mysql: readMysqlTable,
};

const schema = "checked_database";

/** Copies the tables into tables of text; what follows compares these as it would a registry's. */
export async function databaseAsTables(
  client: pg.ClientBase,
  { engine, url }: CheckedDatabase,
  sources: Readonly<Record<CheckedEntity, RegistryEntity>>,
): Promise<Record<CheckedEntity, RegistryEntity>> {
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
  const tables: Record<CheckedEntity, RegistryEntity> = { ...sources };
  for (const entity of checkedEntities) {
    const { table: named = "", fields, key } = sources[entity];
    const { columns, rows } = await readers[engine](url, named);
    const table = `${schema}.${quoted(entity)}`;
    await client.query(`CREATE TABLE ${table} (${columns.map((name) => `${quoted(name)} text`).join(", ")})`);
    await pipeline(Readable.from(copyLines(rows)), client.query(copyFrom(`COPY ${table} FROM STDIN`)));
    tables[entity] = { table: `${schema}.${entity}`, fields, key };
  }
  return tables;
}

async function* copyLines(rows: AsyncIterable<Row>): AsyncGenerator<string> {
  for await (const row of rows) yield `${row.map(copyText).join("\t")}\n`;
}

function copyText(value: string | null): string {
  if (value === null) return "\\N";
  return value.replace(/[\\\t\n\r]/g, (found) => escapes[found] ?? found);
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };
