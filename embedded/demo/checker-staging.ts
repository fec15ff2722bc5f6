import type pg from "pg";
import {
  type CheckedEntity,
  columnOf,
  countOf,
  isRecord,
  mergeByKey,
  quoted,
  quotedRelation,
  samplesMax,
  streamRows,
  tables,
} from "./checker-rows.ts";

export interface StagingCheck {
  /** Rows of the registry, those without a key and those with a doubled key included. */
  registryRows: number;
  /** Keys that one row of the registry has alone: each must have its row in staging. */
  rows: number;
  differences: number;
  samples: string[];
}

/** `registry.entities.<entity>` of the province's configuration, as far as the checker reads it. */
export interface RegistryEntity {
  readonly table?: string;
  readonly query?: string;
  /** Of a folder; it is read into a table first. */
  readonly file?: string;
  readonly key: readonly string[];
  readonly fields: Readonly<Record<string, unknown>>;
}

interface KeyedDigest {
  readonly key: string;
  readonly digest: string;
  /** Rows with this key. */
  readonly rows: number;
}

/**
 * Compares staging with the registry: one row for each key that is there once, none for others, and in every column
 * the registry's own text; a tombstone is no row. Both databases compute a digest of the row, so that no value leaves them.
 */
export async function checkStaging(
  registry: pg.ClientBase,
  exchange: pg.ClientBase,
  entity: CheckedEntity,
  province: string,
  source: RegistryEntity,
): Promise<StagingCheck> {
  const relation =
    source.query === undefined ? quotedRelation(source.table ?? "") : `(${source.query}) AS source`;
  const fields = Object.entries(source.fields).flatMap(([field, entry]) => {
    const column = columnOfEntry(entry);
    return column === null ? [] : [{ field, column }];
  });
  const found: StagingCheck = {
    registryRows: await countOf(registry, `SELECT count(*) FROM ${relation}`),
    rows: 0,
    differences: 0,
    samples: [],
  };
  const rows = digests(
    registry,
    relation,
    keyExpression(source.key),
    await sourceTexts(
      registry,
      relation,
      fields.map(({ column }) => quoted(column)),
    ),
    `WHERE ${source.key.map((column) => `${quoted(column)} IS NOT NULL`).join(" AND ")}`,
    [],
  );
  const staged = digests(
    exchange,
    `staging.${tables[entity]}`,
    "source_key",
    fields.map(({ field }) => quoted(columnOf(field))),
    "WHERE province = $1 AND op <> 'delete'",
    [province],
  );
  for await (const { key, left, right } of mergeByKey(
    rows,
    staged,
    (row) => row.key,
    (row) => row.key,
  )) {
    const isSingle = left?.rows === 1;
    if (isSingle) found.rows += 1;
    if (isSingle ? right?.digest === left.digest : right === undefined) continue;
    found.differences += 1;
    if (found.samples.length < samplesMax) found.samples.push(key);
  }
  return found;
}

async function* digests(
  client: pg.ClientBase,
  relation: string,
  key: string,
  columns: readonly string[],
  where: string,
  values: readonly unknown[],
): AsyncGenerator<KeyedDigest> {
  // The text of an array tells NULL, empty text and the word NULL apart.
  const sql = `SELECT key COLLATE "C", min(digest), count(*)::text FROM (
      SELECT (${key})::text AS key, md5(convert_to(ARRAY[${columns.join(", ")}]::text[]::text, 'UTF8')) AS digest FROM ${relation} ${where}) AS digested
    GROUP BY key COLLATE "C" ORDER BY key COLLATE "C"`;
  for await (const [text, digest, rows] of streamRows(client, sql, values)) {
    yield { key: text ?? "", digest: digest ?? "", rows: Number(rows) };
  }
}

const booleanType = 16;

/** Columns as text. Truth values are read as 1 and 0, all others as the registry itself writes them. */
async function sourceTexts(
  registry: pg.ClientBase,
  relation: string,
  columns: readonly string[],
): Promise<readonly string[]> {
  const { fields } = await registry.query(`SELECT ${columns.join(", ")} FROM ${relation} LIMIT 0`);
  return columns.map((column, at) =>
    fields[at]?.dataTypeID === booleanType ? `${column}::integer::text` : `${column}::text`,
  );
}

/** Parts of a key of several columns are joined by `|`; `\` and `|` inside a part are escaped by `\`. */
function keyExpression(columns: readonly string[]): string {
  const [first = ""] = columns;
  if (columns.length === 1) return quoted(first);
  return columns
    .map((column) => `replace(replace(${quoted(column)}::text, '\\', '\\\\'), '|', '\\|')`)
    .join(" || '|' || ");
}

/** Null for a constant, which stands in no row. */
function columnOfEntry(entry: unknown): string | null {
  if (typeof entry === "string") return entry;
  const column = isRecord(entry) ? entry["column"] : undefined;
  return typeof column === "string" ? column : null;
}
