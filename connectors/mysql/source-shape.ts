import { DuijieError } from "../../contracts/errors.ts";
import type { SourceEntity } from "../connector.ts";
import { usedColumns } from "../used-columns.ts";
import { type ColumnKind, kindOf } from "./column-kind.ts";
import { quoted, relationParts } from "./names.ts";
import type { FieldDescription, Session } from "./session.ts";

/** A column as the server describes it. */
export interface ShapeColumn extends FieldDescription {
  readonly kind: ColumnKind;
  /** Of text: the server's names of charset and collation. */
  readonly charset: string;
  readonly collation: string;
}

/** A source as its database knows it. */
export interface SourceShape {
  /** What stands after FROM. */
  readonly from: string;
  readonly columns: ReadonlyMap<string, ShapeColumn>;
}

/** Asks the database what the source is. The driver's error where it or a column is not there. */
export async function describeSource(session: Session, source: SourceEntity): Promise<SourceShape> {
  const from = fromItem(source);
  const names = usedColumns(source);
  const fields = await session.fields(probe(from, names));
  const collations = await collationsOf(session, fields);
  const columns = fields.map((field, at): [string, ShapeColumn] => {
    const { charset, collation } = collations.get(field.collationId) ?? { charset: "", collation: "" };
    // By the name that was configured: the server answers with its own spelling of it, and the driver reads that in
    // the charset of the column's values.
    const name = names[at] ?? "";
    return [name, { ...field, name, kind: kindOf(field), charset, collation }];
  });
  return { from, columns: new Map(columns) };
}

/** Throws SOURCE_CHANGED where a column has another type than when it was described: ranges and hashes would mislead. */
export async function confirmShape(
  session: Session,
  source: SourceEntity,
  shape: SourceShape,
): Promise<void> {
  const names = usedColumns(source);
  const fields = await session.fields(probe(shape.from, names));
  for (const [at, field] of fields.entries()) {
    const column = names[at] ?? field.name;
    const known = shape.columns.get(column);
    if (known === undefined || !isSame(known, field))
      throw new DuijieError("SOURCE_CHANGED", { entity: source.entity, column });
  }
}

function isSame(known: FieldDescription, now: FieldDescription): boolean {
  return (
    known.type === now.type &&
    known.collationId === now.collationId &&
    known.length === now.length &&
    known.decimals === now.decimals &&
    known.extendedType === now.extendedType
  );
}

/** Costs a plan and no row; fails where anything is missing or refused, and holds the table's shape until the transaction ends. */
export function probe(from: string, columns: readonly string[]): string {
  return `SELECT ${columns.map(quoted).join(", ")} FROM ${from} LIMIT 0`;
}

export function fromItem(source: SourceEntity): string {
  if ("relation" in source.from) return relationParts(source.from.relation).map(quoted).join(".");
  // The line break keeps a comment at the query's end from swallowing the bracket.
  return `(\n${source.from.query.trim().replace(/;\s*$/, "")}\n) AS source`;
}

interface Collation {
  readonly charset: string;
  readonly collation: string;
}

/** Names of the collations that these columns have: literals are written with them. */
async function collationsOf(
  session: Session,
  fields: readonly FieldDescription[],
): Promise<ReadonlyMap<number, Collation>> {
  const ids = [...new Set(fields.map(({ collationId }) => collationId))].join(", ");
  const rows = await session.rows(collationQuery(session, ids));
  return new Map(
    rows.map((row) => {
      const [id, collation, charset] = row.map((bytes) => bytes?.toString("latin1") ?? "");
      return [Number(id), { charset: charset ?? "", collation: collation ?? "" }];
    }),
  );
}

/** From 10.10 on MariaDB numbers its UCA-14 collations by charset, in the other view. */
function collationQuery({ facts }: Session, ids: string): string {
  if (facts.flavour === "mariadb" && facts.versionNumber >= 101_000)
    return `SELECT ID, FULL_COLLATION_NAME, CHARACTER_SET_NAME
              FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY WHERE ID IN (${ids})`;
  return `SELECT ID, COLLATION_NAME, CHARACTER_SET_NAME FROM information_schema.COLLATIONS WHERE ID IN (${ids})`;
}
