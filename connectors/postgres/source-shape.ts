import pg from "pg";
import { DuijieError } from "../../contracts/errors.ts";
import type { SourceEntity } from "../connector.ts";
import { usedColumns } from "../used-columns.ts";
import type { Session } from "./session.ts";

export { usedColumns } from "../used-columns.ts";

/** A column as the server describes it. Domains show as their base type. */
export interface ShapeColumn {
  readonly name: string;
  readonly typeId: number;
  readonly typeModifier: number;
  /** As `format_type` writes it: what a literal is cast to. */
  readonly type: string;
}

/** A source as its database knows it: names are checked against the catalogue and quoted. */
export interface SourceShape {
  /** What stands after FROM. */
  readonly from: string;
  readonly columns: ReadonlyMap<string, ShapeColumn>;
}

/** Asks the database what the source is. Throws SOURCE_CHANGED where it or a column is not there, SOURCE_REFUSED for a right. */
export async function describeSource(session: Session, source: SourceEntity): Promise<SourceShape> {
  const from = await fromItem(session, source);
  const fields = await session.fields(probe(from, usedColumns(source)));
  const types = await session.rows(
    "SELECT format_type(id, modifier) FROM unnest($1::oid[], $2::int4[]) WITH ORDINALITY AS t (id, modifier, place) ORDER BY place",
    [fields.map(({ typeId }) => typeId), fields.map(({ typeModifier }) => typeModifier)],
  );
  const columns = fields.map((field, index) => ({ ...field, type: types[index]?.[0] ?? "" }));
  return { from, columns: new Map(columns.map((column) => [column.name, column])) };
}

/** Throws SOURCE_CHANGED where a column has another type than when it was described: ranges and hashes would mislead. */
export async function confirmShape(
  session: Session,
  source: SourceEntity,
  shape: SourceShape,
): Promise<void> {
  for (const field of await session.fields(probe(shape.from, usedColumns(source)))) {
    const known = shape.columns.get(field.name);
    if (known?.typeId !== field.typeId || known.typeModifier !== field.typeModifier) {
      throw new DuijieError("SOURCE_CHANGED", {
        entity: source.entity,
        column: field.name,
        typeBefore: known?.type ?? "",
      });
    }
  }
}

/** Costs a plan and no row; fails where anything is missing or refused, and holds the table's shape until the transaction ends. */
export function probe(from: string, columns: readonly string[]): string {
  return `SELECT ${columns.map((column) => pg.escapeIdentifier(column)).join(", ")} FROM ${from} LIMIT 0`;
}

export async function fromItem(session: Session, source: SourceEntity): Promise<string> {
  if ("query" in source.from) return queryItem(source.from.query);
  const relation = await findRelation(session, source.from.relation);
  if (relation === null) {
    throw new DuijieError("SOURCE_CHANGED", { entity: source.entity, table: source.from.relation });
  }
  return relation.item;
}

/** The line break keeps a comment at the query's end from swallowing the bracket. */
function queryItem(query: string): string {
  return `(\n${query.trim().replace(/;\s*$/, "")}\n) AS source`;
}

export interface Relation {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  /** Quoted, for FROM. */
  readonly item: string;
}

/** Looks a relation up by its exact name; without a schema by the role's search path. */
export async function findRelation(session: Session, relation: string): Promise<Relation | null> {
  const [first, second] = relationParts(relation);
  const [schema, name] = second === undefined ? [null, first] : [first, second];
  const rows = await session.rows(
    `SELECT c.oid::text, n.nspname::text, c.relname::text, c.relkind::text
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND CASE WHEN $2::text IS NULL THEN pg_table_is_visible(c.oid) ELSE n.nspname = $2 END`,
    [name, schema],
  );
  const found = rows[0];
  if (found === undefined) return null;
  const [oid, foundSchema, foundName, kind] = found.map((part) => part ?? "");
  if (oid === undefined || foundSchema === undefined || foundName === undefined || kind === undefined)
    return null;
  const item = `${pg.escapeIdentifier(foundSchema)}.${pg.escapeIdentifier(foundName)}`;
  return { oid, schema: foundSchema, name: foundName, kind, item };
}

/** `schema.table`, `table`, or parts in double quotes where a name holds a dot. Anything else is one name that no catalogue has. */
export function relationParts(relation: string): readonly [string] | readonly [string, string] {
  const match = /^(?:("(?:[^"]|"")+"|[^".]+)\.)?("(?:[^"]|"")+"|[^".]+)$/.exec(relation);
  const [, schema, name] = match ?? [];
  if (name === undefined) return [relation];
  return schema === undefined ? [unquote(name)] : [unquote(schema), unquote(name)];
}

function unquote(part: string): string {
  return part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part;
}
