import { join } from "node:path";
import type pg from "pg";
import {
  type CheckedEntity,
  columnOf,
  type JsonRecord,
  mergeByKey,
  quoted,
  type Row,
  readNdjson,
  samplesMax,
  streamRows,
  tables,
} from "./checker-rows.ts";

export interface EntityCheck {
  /** Records compared. */
  rows: number;
  /** Values compared. */
  fields: number;
  /** Values that differ, and rows on one side only. */
  differences: number;
  missing: number;
  extra: number;
  /** `key` or `key.field`, a few of those that differ. */
  samples: string[];
}

const bookkeeping = new Set(["province", "source_key", "version", "batch_id", "is_deleted", "custody_epoch"]);

/** Compares every field of every record that the nation holds with what it must hold. */
export async function checkNation(
  client: pg.ClientBase,
  entity: CheckedEntity,
  province: string,
  folder: string,
): Promise<EntityCheck> {
  const found: EntityCheck = { rows: 0, fields: 0, differences: 0, missing: 0, extra: 0, samples: [] };
  const columns = await nationalColumns(client, tables[entity]);
  const list = columns.map((column) => column.expression).join(", ");
  const rows = streamRows(
    client,
    `SELECT source_key, ${list} FROM registry.${tables[entity]}
     WHERE province = $1 AND NOT is_deleted ORDER BY source_key COLLATE "C"`,
    [province],
  );
  const expected = readNdjson(join(folder, "expected", `${entity}.ndjson`));
  const names = columns.map((column) => column.name);
  let fields: readonly string[] | undefined;
  for await (const { key, left, right } of mergeByKey(expected, rows, keyOf, ([first]) => first ?? "")) {
    if (left === undefined || right === undefined) {
      if (left === undefined) found.extra += 1;
      else found.missing += 1;
      differ(found, key);
      continue;
    }
    fields ??= sameFields(left, names, entity);
    compare(found, key, left, right, fields);
  }
  return found;
}

function compare(
  found: EntityCheck,
  key: string,
  expected: JsonRecord,
  row: Row,
  fields: readonly string[],
): void {
  found.rows += 1;
  found.fields += fields.length;
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at] ?? "";
    if (expected[field] !== row[at + 1]) differ(found, `${key}.${field}`);
  }
}

function differ(found: EntityCheck, where: string): void {
  found.differences += 1;
  if (found.samples.length < samplesMax) found.samples.push(where);
}

function keyOf(record: JsonRecord): string {
  const key = record["key"];
  if (typeof key !== "string") throw new TypeError("an expected record has no key");
  return key;
}

/** The fields in the order of the table's columns. A column or a field without its partner would go unchecked: so it throws. */
function sameFields(expected: JsonRecord, columns: readonly string[], entity: string): readonly string[] {
  const byColumn = new Map(
    Object.keys(expected)
      .filter((field) => field !== "key")
      .map((field) => [columnOf(field), field]),
  );
  const fields = columns.map((column) => byColumn.get(column) ?? "");
  if (fields.includes("") || byColumn.size !== columns.length) {
    throw new RangeError(`the columns of ${entity} are not the fields that are expected`);
  }
  return fields;
}

/** Each column of a national table as its canonical text, by the type that it has. */
async function nationalColumns(
  client: pg.ClientBase,
  table: string,
): Promise<readonly { readonly name: string; readonly expression: string }[]> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_schema = 'registry' AND table_name = $1 ORDER BY ordinal_position`,
    [table],
  );
  const columns = rows.filter((column) => !bookkeeping.has(column.name));
  if (columns.length === 0) throw new RangeError(`the nation has no table registry.${table}`);
  return columns.map(({ name, type }) => ({ name, expression: canonicalText(quoted(name), type) }));
}

function canonicalText(column: string, type: string): string {
  if (type === "date") return `to_char(${column}::timestamp, 'YYYYMMDD')`;
  if (type === "numeric") return `round(${column}, 1)::text`;
  if (type === "boolean") return `CASE WHEN ${column} THEN '1' WHEN NOT ${column} THEN '0' END`;
  return `${column}::text`;
}
