import pg from "pg";
import type { RoleRights } from "../../cli/daemon-rights.ts";

export interface Relation {
  readonly name: string;
  readonly isView: boolean;
  readonly columns: readonly Column[];
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly isGenerated: boolean;
  readonly isIdentity: boolean;
}

/** Every table and view of the schemas, from the catalogue: one that a later migration adds is among them. */
export async function relationsOf(
  client: pg.Client,
  schemas: readonly string[],
): Promise<readonly Relation[]> {
  const { rows } = await client.query<Relation>(
    `SELECT n.nspname || '.' || c.relname AS name, c.relkind = 'v' AS "isView", json_agg(json_build_object('name', a.attname,
       'type', format_type(a.atttypid, NULL), 'isGenerated', a.attgenerated <> '', 'isIdentity', a.attidentity <> '') ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'v') GROUP BY 1, 2 ORDER BY 1`,
    [schemas],
  );
  return rows;
}

/** What a role may do with a relation, found by doing it: each statement has no row and is rolled back. */
export async function doneBy(client: pg.Client, relation: Relation): Promise<string> {
  const { isView, name } = relation;
  const done: string[] = [await readBy(client, relation)];
  const writable = writableOf(relation);
  const statements: Readonly<Record<string, string>> = isView
    ? { DROP: `DROP VIEW ${name} CASCADE` }
    : {
        INSERT: `INSERT INTO ${name} (${writable}) SELECT NULL WHERE false`,
        UPDATE: `UPDATE ${name} SET ${writable} = NULL WHERE false`,
        DELETE: `DELETE FROM ${name} WHERE false`,
        TRUNCATE: `TRUNCATE ${name} CASCADE`,
        ALTER: `ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY`,
        DROP: `DROP TABLE ${name} CASCADE`,
      };
  for (const [verb, statement] of Object.entries(statements))
    if ((await stateOf(client, statement)) === null) done.push(verb);
  return done.filter((word) => word !== "").join(" ");
}

async function readBy(client: pg.Client, { columns, name }: Relation): Promise<string> {
  if ((await stateOf(client, `SELECT * FROM ${name} WHERE false`)) === null) return "SELECT";
  const read: string[] = [];
  for (const column of columns)
    if ((await stateOf(client, `SELECT ${column.name} FROM ${name} WHERE false`)) === null)
      read.push(column.name);
  return read.length === 0 ? "" : `SELECT(${read.toSorted().join(",")})`;
}

/** What the list of rights says of it, in the same words. */
export function allowedTo(rights: RoleRights, relation: Relation): string {
  const { name } = relation;
  const columns = rights.columns[name];
  if (columns !== undefined) return `SELECT(${columns.toSorted().join(",")})`;
  const written = Object.entries(rights.writtenColumns?.[name] ?? {})
    .filter(([, names]) => names.includes(writableOf(relation)))
    .map(([privilege]) => privilege);
  return [...(rights.tables[name] ?? []), ...written].join(" ");
}

/** The column that writing is tried with. */
function writableOf({ columns }: Relation): string {
  return columns.find((column) => !column.isGenerated && !column.isIdentity)?.name ?? "";
}

/** The SQLSTATE of a statement that is rolled back whatever comes of it; null where it was done. */
export async function stateOf(
  client: pg.Client,
  statement: string,
  values: readonly unknown[] = [],
): Promise<string | null> {
  await client.query("BEGIN");
  try {
    await client.query(statement, [...values]);
    return null;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code ?? "";
    throw error;
  } finally {
    await client.query("ROLLBACK");
  }
}

/** A row of a province. All but what names the province is the same for each: keys that don't hold it would meet. */
export function rowOf(relation: Relation, province: string, key = "7"): Readonly<Record<string, unknown>> {
  const known: Readonly<Record<string, unknown>> = {
    province,
    topic: `duijie.${province}.down.control`,
    school_id: province,
    findings: '[{"code":"MAPPING_MISSING","field":"f","rule":"r","value":"v"}]',
    outcome: "quarantined",
    state: "sealed",
    entity: "region",
    origin: "absence",
    is_complete: true,
  };
  const columns = relation.columns.filter((column) => !column.isGenerated);
  return Object.fromEntries(
    columns.map((column) => [column.name, known[column.name] ?? valueOf(column.type, key)]),
  );
}

function valueOf(type: string, key: string): unknown {
  if (/^(bigint|integer|smallint|numeric|text|name|character varying)$/.test(type)) return key;
  if (type === "boolean") return false;
  if (type === "uuid") return `00000000-0000-0000-0000-${key.padStart(12, "0")}`;
  if (type === "jsonb") return "[]";
  if (type === "bytea") return Buffer.from([0]);
  if (type.endsWith("[]")) return "{}";
  if (type === "date" || type.startsWith("timestamp")) return "2026-01-01";
  throw new Error(`no value of type ${type}`);
}

export function insertOf(
  relation: Relation,
  row: Readonly<Record<string, unknown>>,
): { readonly text: string; readonly values: readonly unknown[] } {
  const columns = Object.keys(row);
  const list = columns.map((column) => pg.escapeIdentifier(column)).join(", ");
  return {
    text: `INSERT INTO ${relation.name} (${list}) OVERRIDING SYSTEM VALUE VALUES (${columns.map((_, at) => `$${at + 1}`).join(", ")})`,
    values: Object.values(row),
  };
}
