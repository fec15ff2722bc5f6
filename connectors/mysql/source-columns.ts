import type { SourceEntity } from "../connector.ts";
import type { ColumnState } from "../used-columns.ts";
import { usedColumns } from "../used-columns.ts";
import { notNullFlag } from "./column-kind.ts";
import { relationParts } from "./names.ts";
import type { FieldDescription, Session } from "./session.ts";
import { errno, isServerError } from "./source-error.ts";
import { fromItem, probe } from "./source-shape.ts";

/**
 * State of every configured column, each asked for by itself: the server names a missing or refused column only in
 * the words of its message, in its own language. The driver's error where the table itself is not to be had.
 */
export async function columnStates(session: Session, source: SourceEntity): Promise<readonly ColumnState[]> {
  const names = usedColumns(source);
  const fields = await fieldsOrNull(session, source, names);
  if (fields !== null) return fields.map((field, at) => stateOf(names[at] ?? field.name, field));
  const states: ColumnState[] = [];
  for (const column of names) states.push(await columnState(session, source, column));
  return states;
}

async function columnState(session: Session, source: SourceEntity, column: string): Promise<ColumnState> {
  try {
    const [field] = await session.fields(probe(fromItem(source), [column]));
    return stateOf(column, field);
  } catch (error) {
    if (isColumnDenied(error)) return { column, exists: true, isReadable: false, isNotNull: false };
    if (!isNoColumn(error)) throw error;
    return { column, exists: false, isReadable: false, isNotNull: false };
  }
}

function stateOf(column: string, field: FieldDescription | undefined): ColumnState {
  const isNotNull = field !== undefined && (field.flags & notNullFlag) !== 0;
  return { column, exists: true, isReadable: true, isNotNull };
}

async function fieldsOrNull(
  session: Session,
  source: SourceEntity,
  names: readonly string[],
): Promise<readonly FieldDescription[] | null> {
  try {
    return await session.fields(probe(fromItem(source), names));
  } catch (error) {
    if (isNoColumn(error) || isColumnDenied(error)) return null;
    throw error;
  }
}

/** An account with rights on single columns is refused also a column that is not there, and nothing tells it which. */
function isColumnDenied(error: unknown): boolean {
  return isServerError(error) && error.errno === errno.columnDenied;
}

/** Also a syntax error: an empty name is one. */
function isNoColumn(error: unknown): boolean {
  return isServerError(error) && (error.errno === errno.noColumn || error.errno === errno.syntax);
}

/**
 * Whether a refused table is there at all; null where this role can't know. The catalogue shows a role what it has
 * rights on: of a database where it has any, all tables; else none but those.
 */
export async function isTableThere(session: Session, source: SourceEntity): Promise<boolean | null> {
  if (!("relation" in source.from)) return null;
  const rows = await session.rows(
    `SELECT COUNT(*) FROM information_schema.TABLES WHERE ${placeOf(source.from.relation)}`,
  );
  return numberOf(rows) > 0 ? true : await absentOrUnknown(session, source.from.relation);
}

async function absentOrUnknown(session: Session, relation: string): Promise<false | null> {
  const rows = await session.rows(
    `SELECT (SELECT COUNT(*) FROM information_schema.SCHEMA_PRIVILEGES WHERE ${databaseOf(relation)} LIKE TABLE_SCHEMA)
          + (SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE <> 'USAGE')`,
  );
  return numberOf(rows) > 0 ? false : null;
}

function placeOf(relation: string): string {
  const parts = relationParts(relation);
  return `TABLE_SCHEMA = ${databaseOf(relation)} AND TABLE_NAME = ${hexText(parts[1] ?? parts[0])}`;
}

function databaseOf(relation: string): string {
  const [first, second] = relationParts(relation);
  return second === undefined ? "DATABASE()" : hexText(first);
}

function hexText(text: string): string {
  return `_utf8mb4 X'${Buffer.from(text, "utf8").toString("hex")}'`;
}

function numberOf(rows: readonly (readonly (Buffer | null)[])[]): number {
  return Number(rows[0]?.[0]?.toString("latin1") ?? 0);
}
