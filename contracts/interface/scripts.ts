import { type EntityName, entityNames } from "../entity.ts";
import { entityContract } from "../entity-contract.ts";
import { profile } from "../profile.ts";
import {
  type InterfaceColumn,
  type InterfaceEngine,
  interfaceColumns,
  interfaceSchema,
  interfaceTable,
  lookedUpColumns,
} from "./columns.ts";
import type { Dialect, Relation } from "./dialect.ts";
import { type ExampleRow, exampleRows } from "./example-rows.ts";
import { mssqlDialect } from "./mssql.ts";
import { mysqlDialect } from "./mysql.ts";
import { oracleDialect } from "./oracle.ts";
import { postgresDialect } from "./postgres.ts";

const dialects: Readonly<Record<InterfaceEngine, Dialect>> = {
  postgres: postgresDialect,
  mysql: mysqlDialect,
  mssql: mssqlDialect,
  oracle: oracleDialect,
};

export function dialectOf(engine: InterfaceEngine): Dialect {
  return dialects[engine];
}

export interface ScriptOptions {
  readonly engine: InterfaceEngine;
  /** Which fields the comments call required. */
  readonly profile: string;
  /** Lines that the script begins with, as comments. */
  readonly head: readonly string[];
}

/** The table or view of an entity, as every engine has it. */
export function interfaceRelation(entity: EntityName, profileName: string): Relation {
  return {
    schema: interfaceSchema,
    name: interfaceTable(entity),
    commentZh: `学籍对接接口：${entityContract(entity).titleZh}（一行一条）`,
    columns: interfaceColumns(entity, profile(profileName).required[entity]),
    indexed: lookedUpColumns(entity),
  };
}

/** DDL of all tables, parents before children. */
export function tablesScript(options: ScriptOptions): string {
  const dialect = dialectOf(options.engine);
  return script(options, [
    dialect.opening(interfaceSchema),
    ...relations(options).map((relation) => dialect.table(relation)),
  ]);
}

/** The same as views without rows. */
export function viewsScript(options: ScriptOptions): string {
  const dialect = dialectOf(options.engine);
  return script(options, [
    dialect.opening(interfaceSchema),
    ...relations(options).map((relation) => dialect.view(relation)),
  ]);
}

export function grantsScript(options: ScriptOptions, role: string): string {
  const dialect = dialectOf(options.engine);
  return script(options, [dialect.grants(relations(options), interfaceSchema, role)]);
}

/** INSERTs of the example, parents before children; it ends with a commit where the engine waits for one. */
export function exampleScript(options: ScriptOptions, province: string): string {
  const dialect = dialectOf(options.engine);
  const rows = exampleRows(province);
  const opening = dialect.opening(interfaceSchema).filter((line) => line.startsWith("SET "));
  const parts = entityNames.map((entity) => {
    const relation = interfaceRelation(entity, options.profile);
    return rows[entity].map((row) => insertOf(dialect, relation, row));
  });
  const ending = options.engine === "oracle" ? [["COMMIT;"]] : [];
  return script(options, [opening, ...parts, ...ending]);
}

/** Only columns that have a value, so that the example is readable. */
function insertOf(dialect: Dialect, relation: Relation, row: ExampleRow): string {
  const filled = relation.columns.filter((column) => valueOf(column, row) !== null);
  return dialect.insert(
    relation,
    filled.map(({ name }) => name),
    filled.map((column) => valueOf(column, row)),
  );
}

function valueOf({ field, name }: InterfaceColumn, row: ExampleRow): string | null {
  return row[field === null ? (name === "source_key" ? "key" : name) : field.name] ?? null;
}

function relations(options: ScriptOptions): readonly Relation[] {
  return entityNames.map((entity) => interfaceRelation(entity, options.profile));
}

function script(options: ScriptOptions, parts: readonly (readonly string[])[]): string {
  const dialect = dialectOf(options.engine);
  const head = options.head.map((line) => dialect.comment(line));
  return `${[head, ...parts]
    .map((lines) => lines.join("\n"))
    .filter((text) => text !== "")
    .join("\n\n")}\n`;
}
