import type { SourceEntity } from "../connector.ts";
import type { ColumnState } from "../used-columns.ts";
import type { Session } from "./session.ts";
import { findRelation, fromItem, usedColumns } from "./source-shape.ts";

/**
 * State of every configured column, asked without reading any. A query's columns are the query's own, so where it can
 * be prepared at all they are readable. Throws SOURCE_CHANGED where the relation is not there.
 */
export async function columnStates(session: Session, source: SourceEntity): Promise<readonly ColumnState[]> {
  const known =
    "query" in source.from
      ? await queryColumns(session, source)
      : await tableColumns(session, source.from.relation);
  return usedColumns(source).map(
    (column) => known.get(column) ?? { column, exists: false, isReadable: false, isNotNull: false },
  );
}

async function queryColumns(session: Session, source: SourceEntity): Promise<Map<string, ColumnState>> {
  const fields = await session.fields(`SELECT * FROM ${await fromItem(session, source)} LIMIT 0`);
  return new Map(
    fields.map(({ name }) => [name, { column: name, exists: true, isReadable: true, isNotNull: false }]),
  );
}

async function tableColumns(session: Session, relationName: string): Promise<Map<string, ColumnState>> {
  const relation = await findRelation(session, relationName);
  const rows = await session.rows(
    `SELECT attname::text,
            (has_column_privilege($1::oid, attnum, 'SELECT')
               AND has_schema_privilege((SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = $1::oid), 'USAGE'))::text,
            attnotnull::text
       FROM pg_catalog.pg_attribute
      WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped`,
    [relation?.oid ?? "0"],
  );
  return new Map(
    rows.map(([name, isReadable, isNotNull]) => {
      const column = name ?? "";
      return [
        column,
        { column, exists: true, isReadable: isReadable === "true", isNotNull: isNotNull === "true" },
      ];
    }),
  );
}
