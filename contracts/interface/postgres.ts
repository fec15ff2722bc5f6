import type { InterfaceColumn } from "./columns.ts";
import { columnLines, type Dialect, emptySelect, indexName, quoted, type Relation } from "./dialect.ts";

export const postgresDialect: Dialect = {
  engine: "postgres",
  comment: (text) => `-- ${text}`,
  name: (column) => column,
  type: typeOf,
  literal: (text) => (text === null ? "NULL" : quoted(text)),
  opening: (schema) => ["SET client_encoding = 'UTF8';", `CREATE SCHEMA IF NOT EXISTS ${schema};`],
  table: (relation) => {
    const place = placeOf(relation);
    return [
      `CREATE TABLE ${place} (`,
      ...columnLines(postgresDialect, relation.columns),
      `  CONSTRAINT ${relation.name}_pk PRIMARY KEY (source_key)`,
      ");",
      ...comments("TABLE", relation),
      ...relation.indexed.map(
        (column) => `CREATE INDEX ${indexName(relation.name, column)} ON ${place} (${column});`,
      ),
    ];
  },
  view: (relation) => [
    `CREATE OR REPLACE VIEW ${placeOf(relation)} AS`,
    "SELECT",
    ...emptySelect(postgresDialect, relation.columns, ({ room }) => `CAST(NULL AS varchar(${room}))`),
    "FROM (SELECT 1) AS source (nothing)",
    "WHERE 1 = 0;",
    ...comments("VIEW", relation),
  ],
  insert: (relation, columns, values) =>
    `INSERT INTO ${placeOf(relation)} (${columns.join(", ")})\nVALUES (${values.map(postgresDialect.literal).join(", ")});`,
  grants: (relations, schema, role) => [
    `CREATE ROLE ${role} LOGIN;`,
    `ALTER ROLE ${role} SET default_transaction_read_only = on;`,
    `GRANT USAGE ON SCHEMA ${schema} TO ${role};`,
    ...relations.map((relation) => `GRANT SELECT ON ${placeOf(relation)} TO ${role};`),
  ],
};

/** Keys are compared byte by byte: two keys that differ in any character are two keys. */
function typeOf({ kind, room }: InterfaceColumn): string {
  return kind === "key" ? `varchar(${room}) COLLATE "C"` : `varchar(${room})`;
}

function placeOf({ name, schema }: Relation): string {
  return `${schema}.${name}`;
}

function comments(kind: "TABLE" | "VIEW", relation: Relation): readonly string[] {
  const place = placeOf(relation);
  return [
    `COMMENT ON ${kind} ${place} IS ${quoted(relation.commentZh)};`,
    ...relation.columns.map(
      ({ commentZh, name }) => `COMMENT ON COLUMN ${place}.${name} IS ${quoted(commentZh)};`,
    ),
  ];
}
