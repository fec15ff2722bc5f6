import pg from "pg";
import { DuijieError } from "../../contracts/errors.ts";
import { type Charset, encode } from "../charset.ts";
import type { KeyRange, SourceEntity } from "../connector.ts";
import { scopedColumns } from "../used-columns.ts";
import type { ServerCharset } from "./server-charset.ts";
import type { ShapeColumn, SourceShape } from "./source-shape.ts";
import { usedColumns } from "./source-shape.ts";

/** What every statement over a source needs. */
export interface StatementContext {
  readonly source: SourceEntity;
  readonly shape: SourceShape;
  readonly charset: ServerCharset;
  readonly versionNumber: number;
}

const typeId = { bool: 16, bytea: 17, name: 19, text: 25, bpchar: 1042, varchar: 1043 } as const;
const collatable: ReadonlySet<number> = new Set([typeId.name, typeId.text, typeId.bpchar, typeId.varchar]);
/** bool, bytea, int8, int2, int4, oid, date, time, timestamp, timestamptz, uuid: equal hash, equal text. */
const hashedAsTheyAre: ReadonlySet<number> = new Set([16, 17, 20, 21, 23, 26, 1082, 1083, 1114, 1184, 2950]);

/** Columns: those of `usedColumns`, in canonical text, then the hash. */
export function readStatement(context: StatementContext, range: KeyRange): string {
  return copyOut(rangeQuery(context, range), context);
}

/** What `readStatement` copies out. No order: the consumer sorts what it lands, and an order could cost the server a sort. */
export function rangeQuery(context: StatementContext, range: KeyRange): string {
  const columns = usedColumns(context.source).map((name) => canonical(columnOf(context, name)));
  const outputs = [...columns, rowHash(context)].join(", ");
  return `SELECT ${outputs} FROM ${context.shape.from} WHERE ${rangeAndScope(context, range)}`;
}

/** Rows, and the sum of their hashes mod 2^64 as an unsigned number. */
export function hashStatement(context: StatementContext, range: KeyRange): string {
  return `SELECT count(*)::text, mod(mod(coalesce(sum(row_hash), 0), ${modulus}) + ${modulus}, ${modulus})::text
            FROM (SELECT ${rowHash(context)} AS row_hash FROM ${context.shape.from}
                   WHERE ${rangeAndScope(context, range)}) AS hashed`;
}
const modulus = "18446744073709551616";

/** The hash of the first row of the range in the key's order: one way down the key's index, one row of the table. */
export function probeStatement(context: StatementContext, range: KeyRange): string {
  const keys = keyColumns(context).map(quoted).join(", ");
  return `SELECT ${rowHash(context)}::text FROM ${context.shape.from} WHERE ${rangeCondition(context, range)} ORDER BY ${keys} LIMIT 1`;
}

export function countStatement(context: StatementContext): string {
  return `SELECT count(*)::text FROM ${context.shape.from} WHERE ${scopeCondition(context)}`;
}

/** Canonical text of each county with its rows. */
export function countiesStatement(context: StatementContext, countyColumn: string): string {
  const county = canonical(columnOf(context, countyColumn));
  return copyOut(
    `SELECT ${county}, count(*) FROM ${context.shape.from} WHERE ${scopeCondition(context)} GROUP BY 1 ORDER BY 1`,
    context,
  );
}

/**
 * Every `rowsPerRange`-th key in the key's own order: one pass over the key's index. A boundary is a key, never a
 * place between equal keys, and DISTINCT ON compares by the key's collation: so a run of equal keys, however long
 * and however spelled, stays in one range.
 */
export function boundariesStatement(context: StatementContext, rowsPerRange: number): string {
  const columns = keyColumns(context);
  const aliases = columns.map((_, index) => `key_${index + 1}`);
  const named = columns.map((column, index) => `${quoted(column)} AS ${aliases[index]}`).join(", ");
  const keys = columns.map(quoted).join(", ");
  // Without a name of its own the text would be called like the key, and ORDER BY would sort by text.
  const texts = aliases.map((alias) => `${boundText(alias, context)} AS bound_of_${alias}`).join(", ");
  const step = Math.max(1, Math.trunc(rowsPerRange));
  return `SELECT DISTINCT ON (${aliases.join(", ")}) ${texts}
            FROM (SELECT ${named}, row_number() OVER (ORDER BY ${keys}) AS place
                    FROM ${context.shape.from} WHERE ${withoutNullKey(context)}) AS numbered
           WHERE place > 1 AND mod(place - 1, ${step}) = 0
           ORDER BY ${aliases.join(", ")}`;
}

export function nullKeysStatement(context: StatementContext): string {
  return `SELECT count(*)::text FROM ${context.shape.from} WHERE ${withNullKey(context)}`;
}

/** The first rows as the table gives them. */
export function sampleStatement(context: StatementContext, rows: number): string {
  const columns = usedColumns(context.source).map((name) => canonical(columnOf(context, name)));
  return copyOut(`SELECT ${columns.join(", ")} FROM ${context.shape.from} LIMIT ${rows}`, context);
}

/** Whether an index gives the key's order, asked of the planner: with sorting made dear, a Sort in the plan says that none does. */
export function keyOrderExplain(context: StatementContext): string {
  const keys = keyColumns(context).map(quoted).join(", ");
  return `EXPLAIN (FORMAT JSON) SELECT ${keys} FROM ${context.shape.from} ORDER BY ${keys} LIMIT 1`;
}

/**
 * The server sends bytes as they are stored: a server that converts would stop a whole range at its first bad byte.
 * From UTF8 there is nothing to convert.
 */
function copyOut(select: string, context: StatementContext): string {
  return `COPY (${select}) TO STDOUT WITH (FORMAT text, ENCODING '${context.charset.serverEncoding}')`;
}

/**
 * A 64-bit digest of all used columns. `hash_record_extended` hashes each column by itself and mixes in its place,
 * so NULL is not '' and text does not shift between columns. Text is hashed under "C" (a case-insensitive collation
 * would hide a change of case), and types whose equal values have several texts (1.0 and 1.00) as text.
 * Measured, 49 columns of 500 bytes: 2.5 µs a row; `hashtextextended(row::text)` 8.5, md5 of it 10. Before
 * PostgreSQL 14 md5 has to do. The two differ: a registry that moves across 14 shows every row as changed once.
 */
export function rowHash(context: StatementContext): string {
  const columns = usedColumns(context.source).map((name) => columnOf(context, name));
  if (context.versionNumber >= 140_000)
    return `hash_record_extended(ROW(${columns.map(hashed).join(", ")}), 0)`;
  const record = `ROW(${columns.map(quoted).join(", ")})::text`;
  // md5 wants text; bytes of a SQL_ASCII database pass as they are.
  return `('x' || left(md5(${record}), 16))::bit(64)::bigint`;
}

function hashed(column: ShapeColumn): string {
  if (collatable.has(column.typeId)) return `${quoted(column)} COLLATE "C"`;
  return hashedAsTheyAre.has(column.typeId) ? quoted(column) : `${quoted(column)}::text COLLATE "C"`;
}

/** One text for one value: booleans 1 and 0, bytes as plain hex, char(n) without its padding (as PostgreSQL casts it to text). */
function canonical(column: ShapeColumn): string {
  if (column.typeId === typeId.bool) return `${quoted(column)}::int`;
  if (column.typeId === typeId.bytea) return `encode(${quoted(column)}, 'hex')`;
  if (column.typeId === typeId.bpchar) return `${quoted(column)}::text`;
  return quoted(column);
}

/** A bound as it leaves the database: its text, or its bytes in hex where the text is not Unicode. */
function boundText(alias: string, { charset }: StatementContext): string {
  if (charset.isUnicode) return `${alias}::text`;
  return `encode(convert_to(${alias}::text, '${charset.serverEncoding}'), 'hex')`;
}

function boundLiteral(bound: string, column: ShapeColumn, { charset }: StatementContext): string {
  return charset.isUnicode ? literal(bound, column) : bytesLiteral(bound, column, charset);
}

/** Cast to the column's own type, without COLLATE: the column's collation then decides, and its index is used. */
function literal(text: string, column: ShapeColumn): string {
  return `${pg.escapeLiteral(text)}::${column.type}`;
}

function bytesLiteral(hex: string, column: ShapeColumn, charset: ServerCharset): string {
  return `convert_from(${pg.escapeLiteral(`\\x${hex}`)}::bytea, '${charset.serverEncoding}')::${column.type}`;
}

function scopeLiteral(value: string, column: ShapeColumn, { charset }: StatementContext): string {
  if (charset.isUnicode) return literal(value, column);
  return bytesLiteral(encodeScope(value, charset.charset).toString("hex"), column, charset);
}

function encodeScope(value: string, charset: Charset): Buffer {
  const bytes = encode(value, charset);
  if (bytes === null) throw new DuijieError("CONFIG_INVALID", { setting: "scope", charset });
  return bytes;
}

function rangeAndScope(context: StatementContext, range: KeyRange): string {
  return `${rangeCondition(context, range)} AND ${scopeCondition(context)}`;
}

function rangeCondition(context: StatementContext, range: KeyRange): string {
  if (range.nullKeys) return withNullKey(context);
  // Needed also beside bounds: `(a, b) >= (1, 2)` is true for a = 3 whatever b is, NULL too.
  const parts = [withoutNullKey(context)];
  if (range.lower !== null) parts.push(`${keyRow(context)} >= ${boundRow(context, range.lower)}`);
  if (range.upper !== null) parts.push(`${keyRow(context)} < ${boundRow(context, range.upper)}`);
  return parts.join(" AND ");
}

function keyRow(context: StatementContext): string {
  return rowOf(keyColumns(context).map(quoted));
}

function boundRow(context: StatementContext, bounds: readonly string[]): string {
  const columns = keyColumns(context);
  if (bounds.length !== columns.length) {
    throw new DuijieError("SOURCE_CHANGED", { entity: context.source.entity, keyColumns: columns.length });
  }
  return rowOf(columns.map((column, index) => boundLiteral(bounds[index] ?? "", column, context)));
}

function rowOf(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? "") : `(${parts.join(", ")})`;
}

function withoutNullKey(context: StatementContext): string {
  return keyColumns(context)
    .map((column) => `${quoted(column)} IS NOT NULL`)
    .join(" AND ");
}

function withNullKey(context: StatementContext): string {
  return `(${keyColumns(context)
    .map((column) => `${quoted(column)} IS NULL`)
    .join(" OR ")})`;
}

function scopeCondition(context: StatementContext): string {
  const parts = scopedColumns(context.source).map(({ column: name, values }) => {
    const column = columnOf(context, name);
    return `${quoted(column)} IN (${values.map((value) => scopeLiteral(value, column, context)).join(", ")})`;
  });
  return parts.length === 0 ? "true" : parts.join(" AND ");
}

function keyColumns(context: StatementContext): readonly ShapeColumn[] {
  return context.source.key.map((name) => columnOf(context, name));
}

function columnOf({ source, shape }: StatementContext, name: string): ShapeColumn {
  const column = shape.columns.get(name);
  if (column === undefined) throw new DuijieError("SOURCE_CHANGED", { entity: source.entity, column: name });
  return column;
}

function quoted(column: ShapeColumn): string {
  return pg.escapeIdentifier(column.name);
}
