import type { InterfaceColumn, InterfaceEngine } from "./columns.ts";

/** A table or view as a script makes it. */
export interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly commentZh: string;
  readonly columns: readonly InterfaceColumn[];
  /** Columns with an index of their own, besides the key. */
  readonly indexed: readonly string[];
}

/** How one engine writes the same tables. Every method gives whole statements, each with its end. */
export interface Dialect {
  readonly engine: InterfaceEngine;
  /** A line that is a comment for the engine's own client. */
  comment(text: string): string;
  /** A column or table name, quoted where the engine keeps the word for itself. */
  readonly name: (column: string) => string;
  type(column: InterfaceColumn): string;
  readonly literal: (text: string | null) => string;
  /** What a script begins with: the character set, and what is needed once. */
  opening(schema: string): readonly string[];
  table(relation: Relation): readonly string[];
  /** A view of the right shape without rows; the vendor puts its own SELECT in. */
  view(relation: Relation): readonly string[];
  insert(relation: Relation, columns: readonly string[], values: readonly (string | null)[]): string;
  /** What lets `role` read the relations. Lines about a password are comments: the database's own administrator chooses it. */
  grants(relations: readonly Relation[], schema: string, role: string): readonly string[];
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Where `CREATE TABLE` lists columns alone: name, type, and what the key is. */
export function columnLines(dialect: Dialect, columns: readonly InterfaceColumn[]): readonly string[] {
  return columns.map((column, at) => {
    const notNull = at === 0 ? " NOT NULL" : "";
    return `  ${dialect.name(column.name)} ${dialect.type(column)}${notNull},`;
  });
}

/** The select list of a view without rows, a line a column, each with what belongs there. */
export function emptySelect(
  dialect: Dialect,
  columns: readonly InterfaceColumn[],
  cast: (column: InterfaceColumn) => string,
): readonly string[] {
  return columns.map((column, at) => {
    const comma = at === columns.length - 1 ? "" : ",";
    return `  ${cast(column)} AS ${dialect.name(column.name)}${comma} -- ${column.commentZh}`;
  });
}

export function indexName(relation: string, column: string): string {
  return `${relation}_${column}_ix`;
}
