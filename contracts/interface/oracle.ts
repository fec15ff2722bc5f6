import type { InterfaceColumn } from "./columns.ts";
import { columnLines, type Dialect, emptySelect, indexName, quoted, type Relation } from "./dialect.ts";

/** Of our column names, those that Oracle keeps for itself. */
const reserved: ReadonlySet<string> = new Set(["level"]);

/**
 * Oracle 11g and newer: names of thirty bytes at most. Words are NVARCHAR2, which holds every character whatever the
 * database's own character set is; a ZHS16GBK database would turn a rare one in a VARCHAR2 into a question mark.
 */
export const oracleDialect: Dialect = {
  engine: "oracle",
  comment: (text) => `-- ${text}`,
  name: (column) => (reserved.has(column) ? `"${column.toUpperCase()}"` : column),
  type: typeOf,
  literal: (text) => (text === null ? "NULL" : literal(text)),
  opening: (schema) => [
    "SET DEFINE OFF",
    `-- CREATE USER ${schema} IDENTIFIED BY "********" DEFAULT TABLESPACE users QUOTA UNLIMITED ON users;`,
  ],
  table: (relation) => {
    const place = placeOf(relation);
    const index = (column: string) => `${relation.schema}.${indexName(relation.name, column)}`;
    return [
      `CREATE TABLE ${place} (`,
      ...columnLines(oracleDialect, relation.columns),
      `  CONSTRAINT ${relation.name}_pk PRIMARY KEY (source_key)`,
      ");",
      ...comments(relation),
      ...relation.indexed.map((column) => `CREATE INDEX ${index(column)} ON ${place} (${column});`),
    ];
  },
  view: (relation) => [
    `CREATE OR REPLACE VIEW ${placeOf(relation)} AS`,
    "SELECT",
    ...emptySelect(oracleDialect, relation.columns, (column) => `CAST(NULL AS ${typeOf(column)})`),
    "FROM DUAL",
    "WHERE 1 = 0;",
    ...comments(relation),
  ],
  insert: (relation, columns, values) =>
    `INSERT INTO ${placeOf(relation)} (${columns.map(oracleDialect.name).join(", ")})\nVALUES (${values.map(oracleDialect.literal).join(", ")});`,
  grants: (relations, _schema, role) => [
    `-- CREATE USER ${role} IDENTIFIED BY "********";`,
    `GRANT CREATE SESSION TO ${role};`,
    ...relations.map((relation) => `GRANT SELECT ON ${placeOf(relation)} TO ${role};`),
  ],
};

function typeOf({ kind, room }: InterfaceColumn): string {
  return kind === "words" ? `NVARCHAR2(${room})` : `VARCHAR2(${room} CHAR)`;
}

/** `N'…'` only where it is needed: the plain form is read in the client's character set, which ASCII does not depend on. */
function literal(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return /^[\u0020-\u007e]*$/.test(text) ? quoted(text) : `N${quoted(text)}`;
}

function placeOf({ name, schema }: Relation): string {
  return `${schema}.${name}`;
}

/** Oracle says TABLE of views too. */
function comments(relation: Relation): readonly string[] {
  const place = placeOf(relation);
  return [
    `COMMENT ON TABLE ${place} IS ${quoted(relation.commentZh)};`,
    ...relation.columns.map(
      ({ commentZh, name }) =>
        `COMMENT ON COLUMN ${place}.${oracleDialect.name(name)} IS ${quoted(commentZh)};`,
    ),
  ];
}
