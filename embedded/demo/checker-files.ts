import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { type CheckedEntity, checkedEntities, quoted } from "./checker-rows.ts";
import type { RegistryEntity } from "./checker-staging.ts";

/** A registry of CSV files, as the checker reads it. */
export interface CheckedFiles {
  readonly folder: string;
  readonly charset: "utf8" | "gb18030";
}

const schema = "checked_files";

/**
 * Puts the files into tables of text by PostgreSQL's own reading of CSV and of the charset: not one line of how the
 * product reads them is used. What follows compares these tables as it would a registry's.
 */
export async function filesAsTables(
  client: pg.ClientBase,
  { charset, folder }: CheckedFiles,
  sources: Readonly<Record<CheckedEntity, RegistryEntity>>,
): Promise<Record<CheckedEntity, RegistryEntity>> {
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
  const tables: Record<CheckedEntity, RegistryEntity> = { ...sources };
  for (const entity of checkedEntities) {
    const { file = "", fields, key } = sources[entity];
    const path = join(folder, file);
    const columns = await headerOf(path);
    const table = `${schema}.${quoted(entity)}`;
    await client.query(`CREATE TABLE ${table} (${columns.map((name) => `${quoted(name)} text`).join(", ")})`);
    const copy = `COPY ${table} FROM STDIN WITH (FORMAT csv, HEADER true, ENCODING '${encodings[charset]}')`;
    await pipeline(createReadStream(path), client.query(copyFrom(copy)));
    tables[entity] = { table: `${schema}.${entity}`, fields, key };
  }
  return tables;
}

const encodings = { utf8: "UTF8", gb18030: "GB18030" } as const;

/** Column names of the generated files are plain. */
async function headerOf(path: string): Promise<readonly string[]> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8192), 0, 8192, 0);
    return (buffer.subarray(0, bytesRead).toString("latin1").split("\n")[0] ?? "").split(",");
  } finally {
    await file.close();
  }
}
