import type { InterfaceColumn } from "./columns.ts";
import { type Dialect, emptySelect, indexName, type Relation } from "./dialect.ts";

const charset = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

/** MySQL 5.7 and newer, MariaDB and what speaks their protocol. Keys are compared byte by byte. */
export const mysqlDialect: Dialect = {
  engine: "mysql",
  comment: (text) => `-- ${text}`,
  name: (column) => column,
  type: ({ room }) => `varchar(${room})`,
  literal: (text) => (text === null ? "NULL" : literal(text)),
  opening: (schema) => ["SET NAMES utf8mb4;", `CREATE DATABASE IF NOT EXISTS ${schema} ${charset};`],
  table: (relation) => [
    `CREATE TABLE ${placeOf(relation)} (`,
    ...relation.columns.map((column, at) => columnLine(column, at === 0)),
    ...relation.indexed.map((column) => `  KEY ${indexName(relation.name, column)} (${column}),`),
    "  PRIMARY KEY (source_key)",
    `) ENGINE=InnoDB DEFAULT ${charset} COMMENT=${literal(relation.commentZh)};`,
  ],
  // A view has no comments of its own here: what belongs in a column stands behind it.
  view: (relation) => [
    `CREATE OR REPLACE VIEW ${placeOf(relation)} AS`,
    "SELECT",
    ...emptySelect(mysqlDialect, relation.columns, ({ room }) => `CAST(NULL AS CHAR(${room}))`),
    "FROM DUAL",
    "WHERE 1 = 0;",
  ],
  insert: (relation, columns, values) =>
    `INSERT INTO ${placeOf(relation)} (${columns.join(", ")})\nVALUES (${values.map(mysqlDialect.literal).join(", ")});`,
  grants: (relations, _schema, role) => [
    `-- CREATE USER '${role}'@'%' IDENTIFIED BY '********';`,
    ...relations.map((relation) => `GRANT SELECT ON ${placeOf(relation)} TO '${role}'@'%';`),
  ],
};

function columnLine(column: InterfaceColumn, isKey: boolean): string {
  const { commentZh, name, room } = column;
  return `  ${name} varchar(${room})${isKey ? " NOT NULL" : ""} COMMENT ${literal(commentZh)},`;
}

/** A backslash begins an escape here. */
function literal(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

function placeOf({ name, schema }: Relation): string {
  return `${schema}.${name}`;
}
