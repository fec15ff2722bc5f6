import { DuijieError } from "../../contracts/errors.ts";
import type { Charset } from "../charset.ts";
import type { KeyRange, SourceEntity } from "../connector.ts";
import { scopedColumns, usedColumns } from "../used-columns.ts";
import { columnCharset, hasText } from "./column-charset.ts";
import { isLong } from "./column-kind.ts";
import { boundExpression, boundLiteral, keyExpression } from "./key-bounds.ts";
import { literal } from "./literal.ts";
import { quoted } from "./names.ts";
import type { ShapeColumn, SourceShape } from "./source-shape.ts";

/** What every statement over a source needs. */
export interface StatementContext {
  readonly source: SourceEntity;
  readonly shape: SourceShape;
  /** What the bytes of columns are that don't say it themselves. */
  readonly declared: "auto" | Charset;
}

/**
 * Columns: those of `usedColumns` as they are stored, then the hash. No order: the consumer sorts what it lands, and
 * an order could cost the server a sort.
 */
export function readStatement(context: StatementContext, range: KeyRange): string {
  const columns = usedColumns(context.source).map((name) => stored(columnOf(context, name), context));
  const outputs = [...columns, rowHash(context)].join(", ");
  return `SELECT ${outputs} FROM ${context.shape.from} WHERE ${rangeAndScope(context, range)}`;
}

/** Rows, and the sum of their hashes mod 2^64: the sum is a decimal, which has the digits. */
export function hashStatement(context: StatementContext, range: KeyRange): string {
  return `SELECT COUNT(*), MOD(COALESCE(SUM(row_hash), 0), 18446744073709551616)
            FROM (SELECT ${rowHash(context)} AS row_hash FROM ${context.shape.from}
                   WHERE ${rangeAndScope(context, range)}) AS hashed`;
}

/** The hash of the first row of the range in the key's order: one way down the key's index, one row of the table. */
export function probeStatement(context: StatementContext, range: KeyRange): string {
  const order = keyColumns(context).map(keyExpression).join(", ");
  return `SELECT ${rowHash(context)} FROM ${context.shape.from} WHERE ${rangeCondition(context, range)} ORDER BY ${order} LIMIT 1`;
}

export function countStatement(context: StatementContext): string {
  return `SELECT COUNT(*) FROM ${context.shape.from} WHERE ${scopeCondition(context)}`;
}

/** Each county as it is stored, with its rows: a collation that ignores case would give two counties one name. */
export function countiesStatement(context: StatementContext, countyColumn: string): string {
  const column = columnOf(context, countyColumn);
  const value = stored(column, context);
  const county = hasText(column.kind) ? `CAST(${value} AS BINARY)` : value;
  return `SELECT ${county} AS county, COUNT(*) FROM ${context.shape.from}
           WHERE ${scopeCondition(context)} GROUP BY 1 ORDER BY 1`;
}

/** Keys in their own order, from the first after `after`; `skip` of them are passed over. */
export function nextKeyStatement(
  context: StatementContext,
  after: readonly string[] | null,
  skip: number,
): string {
  const place = after === null ? "" : ` AND ${beyond(context, after, ">")}`;
  return `${keysInOrder(context, place)} LIMIT 1 OFFSET ${Math.trunc(skip)}`;
}

export function allKeysStatement(context: StatementContext): string {
  return keysInOrder(context, "");
}

function keysInOrder(context: StatementContext, place: string): string {
  const columns = keyColumns(context);
  const bounds = columns.map((column) => boundExpression(column, context.declared)).join(", ");
  const order = columns.map(keyExpression).join(", ");
  return `SELECT ${bounds} FROM ${context.shape.from} WHERE ${withoutNullKey(context)}${place} ORDER BY ${order}`;
}

/** Whether an index gives the key's order, asked of the planner. */
export function keyOrderExplain(context: StatementContext): string {
  const keys = keyColumns(context).map(keyExpression).join(", ");
  return `EXPLAIN SELECT ${keys} FROM ${context.shape.from} ORDER BY ${keys} LIMIT 1`;
}

export function nullKeysStatement(context: StatementContext): string {
  return `SELECT COUNT(*) FROM ${context.shape.from} WHERE ${withNullKey(context)}`;
}

/** The first rows of some columns, as they are stored. */
export function sampleStatement(
  context: StatementContext,
  columns: readonly ShapeColumn[],
  rows: number,
): string {
  return `SELECT ${columns.map(({ name }) => quoted(name)).join(", ")} FROM ${context.shape.from} LIMIT ${rows}`;
}

/**
 * The first 64 bits of MD5 over all used columns, each as its length and bytes and NULL as `-`, so that NULL is not ''
 * and text does not shift between columns. Bytes, for a collation would hide a change of case. A value of any length
 * goes in as its own MD5: the whole must not pass `max_allowed_packet`, beyond which the server answers NULL.
 */
export function rowHash(context: StatementContext): string {
  const parts = usedColumns(context.source).map((name) => hashedPart(columnOf(context, name)));
  return `CAST(CONV(LEFT(MD5(CONCAT(${parts.join(", ")})), 16), 16, 10) AS UNSIGNED)`;
}

function hashedPart(column: ShapeColumn): string {
  const name = quoted(column.name);
  if (isLong(column)) return `IFNULL(CAST(MD5(${longBytes(column)}) AS BINARY), '-')`;
  const value = column.kind === "float" ? `(${name} + 0e0)` : name;
  const bytes = `CAST(${value} AS BINARY)`;
  return `IFNULL(CONCAT(LENGTH(${bytes}), ':', ${bytes}), '-')`;
}

function longBytes({ kind, name }: ShapeColumn): string {
  return kind === "json" ? `CAST(${quoted(name)} AS CHAR)` : quoted(name);
}

/** A column as it goes over the wire. */
function stored(column: ShapeColumn, { declared }: StatementContext): string {
  const name = quoted(column.name);
  if (column.kind === "float") return `(${name} + 0e0)`;
  const isConverted = hasText(column.kind) && columnCharset(column, declared).isConverted;
  return isConverted ? `CONVERT(${name} USING utf8mb4)` : name;
}

function rangeAndScope(context: StatementContext, range: KeyRange): string {
  return `${rangeCondition(context, range)} AND ${scopeCondition(context)}`;
}

function rangeCondition(context: StatementContext, range: KeyRange): string {
  if (range.nullKeys) return withNullKey(context);
  const parts = [withoutNullKey(context)];
  if (range.lower !== null) parts.push(beyond(context, range.lower, ">="));
  if (range.upper !== null) parts.push(beyond(context, range.upper, "<"));
  return parts.join(" AND ");
}

/**
 * Key against bound, column by column. Not as rows, `(a, b) >= (1, 2)`: the server finds no range of an index in that.
 * The first column by itself, which follows from the rest, is what it looks up.
 */
function beyond(context: StatementContext, bounds: readonly string[], operator: ">" | ">=" | "<"): string {
  const columns = keyColumns(context);
  if (bounds.length !== columns.length)
    throw new DuijieError("SOURCE_CHANGED", { entity: context.source.entity, keyColumns: columns.length });
  const pairs = columns.map((column, at) => ({
    key: keyExpression(column),
    bound: boundLiteral(bounds[at] ?? "", column, context.declared),
  }));
  const strict = operator === "<" ? "<" : ">";
  const steps = pairs.map(({ key, bound }, at) => {
    const equal = pairs.slice(0, at).map((pair) => `${pair.key} = ${pair.bound}`);
    return [...equal, `${key} ${at === pairs.length - 1 ? operator : strict} ${bound}`].join(" AND ");
  });
  const [first] = pairs;
  if (pairs.length === 1 || first === undefined) return steps.join("");
  return `${first.key} ${strict}= ${first.bound} AND (${steps.map((step) => `(${step})`).join(" OR ")})`;
}

function withoutNullKey(context: StatementContext): string {
  return keyColumns(context)
    .map((column) => `${quoted(column.name)} IS NOT NULL`)
    .join(" AND ");
}

/** `<=>`, for `IS NULL` is also true of the date 0000-00-00 in a column that is NOT NULL: its row would be read twice. */
function withNullKey(context: StatementContext): string {
  return `(${keyColumns(context)
    .map((column) => `${quoted(column.name)} <=> NULL`)
    .join(" OR ")})`;
}

function scopeCondition(context: StatementContext): string {
  const parts = scopedColumns(context.source).map(({ column: name, values }) => {
    const column = columnOf(context, name);
    const literals = values.map((value) => literal(value, column, context.declared));
    return `${quoted(column.name)} IN (${literals.join(", ")})`;
  });
  return parts.length === 0 ? "TRUE" : parts.join(" AND ");
}

export function keyColumns(context: StatementContext): readonly ShapeColumn[] {
  return context.source.key.map((name) => columnOf(context, name));
}

function columnOf({ source, shape }: StatementContext, name: string): ShapeColumn {
  const column = shape.columns.get(name);
  if (column === undefined) throw new DuijieError("SOURCE_CHANGED", { entity: source.entity, column: name });
  return column;
}
