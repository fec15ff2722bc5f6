import { createHash } from "node:crypto";
import type { Store } from "./store.ts";

export interface MappingEntry {
  readonly sourceCode: string;
  readonly targetCode: string;
  readonly note: string | null;
}

export interface MappingVersion {
  readonly mappingVersion: string;
  readonly entries: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/**
 * Replaces one table's entries as a new version; earlier versions stay readable, so that a run goes on with the one it
 * pinned. Loading what is already in force makes no version and returns null.
 */
export async function loadMappingTable(
  store: Store,
  province: string,
  table: string,
  entries: readonly MappingEntry[],
): Promise<MappingVersion | null> {
  return await store.transaction(async (client) => {
    await client.query("SELECT pg_advisory_xact_lock(hashtext('duijie.mapping.' || $1))", [province]);
    await client.query(`CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS
      SELECT source_code COLLATE "C" AS source_code, target_code, note
      FROM jsonb_to_recordset($$[]$$::jsonb) AS w(source_code text, target_code text, note text)`);
    await client.query(
      `INSERT INTO wanted SELECT source_code, target_code, note
       FROM jsonb_to_recordset($1::jsonb) AS w(source_code text, target_code text, note text)`,
      [
        JSON.stringify(
          entries.map((entry) => ({
            source_code: entry.sourceCode,
            target_code: entry.targetCode,
            note: entry.note,
          })),
        ),
      ],
    );
    const counted = await client.query<{ added: string; changed: string; removed: string }>(
      `SELECT count(*) FILTER (WHERE c.source_code IS NULL) AS added,
         count(*) FILTER (WHERE c.target_code <> w.target_code) AS changed,
         count(*) FILTER (WHERE w.source_code IS NULL) AS removed
       FROM wanted w FULL JOIN (SELECT * FROM mapping.entry WHERE province = $1 AND table_name = $2 AND to_version IS NULL) c
         USING (source_code)`,
      [province, table],
    );
    const counts = counted.rows[0];
    const added = Number(counts?.added ?? 0);
    const changed = Number(counts?.changed ?? 0);
    const removed = Number(counts?.removed ?? 0);
    if (added + changed + removed === 0) return null;
    const version = await client.query<{ id: string }>(
      `INSERT INTO mapping.version (province, table_name, entries, added, changed, removed, digest)
       VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING mapping_version AS id`,
      [province, table, entries.length, added, changed, removed, digestOf(entries)],
    );
    const id = version.rows[0]?.id ?? "";
    await client.query(
      `UPDATE mapping.entry c SET to_version = $3 WHERE province = $1 AND table_name = $2 AND to_version IS NULL
         AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.source_code = c.source_code AND w.target_code = c.target_code)`,
      [province, table, id],
    );
    await client.query(
      `INSERT INTO mapping.entry (province, table_name, source_code, from_version, target_code, note)
       SELECT $1, $2, w.source_code, $3, w.target_code, w.note FROM wanted w
       WHERE NOT EXISTS (SELECT 1 FROM mapping.entry c WHERE c.province = $1 AND c.table_name = $2 AND c.to_version IS NULL
         AND c.source_code = w.source_code)`,
      [province, table, id],
    );
    return { mappingVersion: id, entries: entries.length, added, changed, removed };
  });
}

/** All entries in force at a version: table → source code → target code. */
export async function mappingEntriesAt(
  store: Store,
  province: string,
  mappingVersion: string,
): Promise<readonly { table: string; sourceCode: string; targetCode: string }[]> {
  return await store.query(
    `SELECT table_name AS "table", source_code AS "sourceCode", target_code AS "targetCode" FROM mapping.entry
     WHERE province = $1 AND from_version <= $2 AND (to_version IS NULL OR to_version > $2)`,
    [province, mappingVersion],
  );
}

/** The newest version of a province; "0" before the first table was loaded. */
export async function newestMappingVersion(store: Store, province: string): Promise<string> {
  const rows = await store.query<{ id: string }>(
    "SELECT coalesce(max(mapping_version), 0) AS id FROM mapping.version WHERE province = $1",
    [province],
  );
  return rows[0]?.id ?? "0";
}

export interface LoadedTable {
  readonly table: string;
  readonly entries: number;
  /** That last changed it. */
  readonly mappingVersion: string;
  readonly loadedAt: Date;
}

/** The tables in force, by name. */
export async function loadedTables(store: Store, province: string): Promise<readonly LoadedTable[]> {
  return await store.query<LoadedTable & { table: string }>(
    `SELECT DISTINCT ON (table_name) table_name AS "table", entries, mapping_version AS "mappingVersion", loaded_at AS "loadedAt"
     FROM mapping.version WHERE province = $1 ORDER BY table_name, mapping_version DESC`,
    [province],
  );
}

function digestOf(entries: readonly MappingEntry[]): string {
  const sorted = entries.map((entry) => JSON.stringify([entry.sourceCode, entry.targetCode])).sort();
  return createHash("sha256").update(sorted.join("\n")).digest("hex");
}
