import type { InterfaceColumn } from "./columns.ts";
import { columnLines, type Dialect, emptySelect, indexName, quoted, type Relation } from "./dialect.ts";

/** SQL Server 2012 and newer. All text is nvarchar: a varchar of another collation would turn names into question marks. */
export const mssqlDialect: Dialect = {
  engine: "mssql",
  comment: (text) => `-- ${text}`,
  name: (column) => column,
  type: typeOf,
  literal: (text) => (text === null ? "NULL" : national(text)),
  opening: (schema) => [
    `IF SCHEMA_ID(${national(schema)}) IS NULL EXEC (${national(`CREATE SCHEMA ${schema}`)});`,
    "GO",
  ],
  table: (relation) => {
    const place = placeOf(relation);
    return [
      `CREATE TABLE ${place} (`,
      ...columnLines(mssqlDialect, relation.columns),
      `  CONSTRAINT ${relation.name}_pk PRIMARY KEY (source_key)`,
      ");",
      ...relation.indexed.map(
        (column) => `CREATE INDEX ${indexName(relation.name, column)} ON ${place} (${column});`,
      ),
      "GO",
      ...descriptions("TABLE", relation),
      "GO",
    ];
  },
  view: (relation) => [
    `CREATE VIEW ${placeOf(relation)} AS`,
    "SELECT",
    ...emptySelect(mssqlDialect, relation.columns, ({ room }) => `CAST(NULL AS nvarchar(${room}))`),
    "FROM (SELECT 1 AS nothing) AS source",
    "WHERE 1 = 0;",
    "GO",
    ...descriptions("VIEW", relation),
    "GO",
  ],
  insert: (relation, columns, values) =>
    `INSERT INTO ${placeOf(relation)} (${columns.join(", ")})\nVALUES (${values.map(mssqlDialect.literal).join(", ")});`,
  grants: (relations, _schema, role) => [
    `-- CREATE LOGIN ${role} WITH PASSWORD = N'********';`,
    `IF DATABASE_PRINCIPAL_ID(${national(role)}) IS NULL CREATE USER ${role} FOR LOGIN ${role};`,
    ...relations.map((relation) => `GRANT SELECT ON ${placeOf(relation)} TO ${role};`),
    "GO",
  ],
};

/** Keys are compared by code points: under a usual collation `a` and `A` would be one key. */
function typeOf({ kind, room }: InterfaceColumn): string {
  return kind === "key" ? `nvarchar(${room}) COLLATE Latin1_General_BIN2` : `nvarchar(${room})`;
}

function national(text: string): string {
  return `N${quoted(text)}`;
}

function placeOf({ name, schema }: Relation): string {
  return `${schema}.${name}`;
}

function descriptions(kind: "TABLE" | "VIEW", relation: Relation): readonly string[] {
  const level = `N'SCHEMA', ${national(relation.schema)}, N'${kind}', ${national(relation.name)}`;
  const described = (text: string, rest: string) =>
    `EXEC sys.sp_addextendedproperty N'MS_Description', ${national(text)}, ${level}${rest};`;
  return [
    described(relation.commentZh, ""),
    ...relation.columns.map(({ commentZh, name }) => described(commentZh, `, N'COLUMN', ${national(name)}`)),
  ];
}
