import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type pg from "pg";

/** The checker's own list: it shares no line of code with what it checks, so that a mistake there can't hide here. */
export const checkedEntities = [
  "region",
  "school",
  "campus",
  "grade",
  "class",
  "student",
  "guardian",
] as const;
export type CheckedEntity = (typeof checkedEntities)[number];

export const tables: Readonly<Record<CheckedEntity, string>> = {
  region: "region",
  school: "school",
  campus: "campus",
  grade: "school_grade",
  class: "school_class",
  student: "student",
  guardian: "student_guardian",
};

const pageRows = 2000;

/** A row of any query, as text; the first column is the key. */
export type Row = readonly (string | null)[];

/** Rows of a query in its own order, a page at a time. The client is the caller's and does nothing else meanwhile. */
export async function* streamRows(
  client: pg.ClientBase,
  sql: string,
  values: readonly unknown[] = [],
): AsyncGenerator<Row> {
  await client.query("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    await client.query(`DECLARE checked NO SCROLL CURSOR FOR ${sql}`, [...values]);
    for (;;) {
      const page = await client.query<(string | null)[]>({
        text: `FETCH ${pageRows} FROM checked`,
        rowMode: "array",
      });
      yield* page.rows;
      if (page.rows.length < pageRows) return;
    }
  } finally {
    await client.query("ROLLBACK");
  }
}

/** One record of an NDJSON file. */
export type JsonRecord = Readonly<Record<string, unknown>>;

export async function* readNdjson(path: string): AsyncGenerator<JsonRecord> {
  for await (const line of createInterface({
    input: createReadStream(path),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    const value: unknown = JSON.parse(line);
    if (!isRecord(value)) throw new TypeError(`not an object in ${path}`);
    yield value;
  }
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The order of UTF-8 bytes, as `COLLATE "C"` has it. */
export function compareKeys(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a, "utf8"), Buffer.from(b, "utf8"));
}

export type Side<T> = AsyncIterator<T>;

export interface Merged<L, R> {
  readonly key: string;
  readonly left: L | undefined;
  readonly right: R | undefined;
}

/** Walks two streams in key order side by side. Throws where one is not in order, for then nothing that it says holds. */
export async function* mergeByKey<L, R>(
  left: AsyncIterable<L>,
  right: AsyncIterable<R>,
  leftKey: (item: L) => string,
  rightKey: (item: R) => string,
): AsyncGenerator<Merged<L, R>> {
  const lefts = new Ordered(left, leftKey);
  const rights = new Ordered(right, rightKey);
  await Promise.all([lefts.advance(), rights.advance()]);
  while (lefts.key !== null || rights.key !== null) {
    const order = lefts.key === null ? 1 : rights.key === null ? -1 : compareKeys(lefts.key, rights.key);
    const key = (order <= 0 ? lefts.key : rights.key) ?? "";
    yield { key, left: order <= 0 ? lefts.item : undefined, right: order >= 0 ? rights.item : undefined };
    if (order <= 0) await lefts.advance();
    if (order >= 0) await rights.advance();
  }
}

class Ordered<T> {
  readonly #items: AsyncIterator<T>;
  readonly #keyOf: (item: T) => string;
  item: T | undefined;
  key: string | null = null;

  constructor(items: AsyncIterable<T>, keyOf: (item: T) => string) {
    this.#items = items[Symbol.asyncIterator]();
    this.#keyOf = keyOf;
  }

  async advance(): Promise<void> {
    const next = await this.#items.next();
    const before = this.key;
    this.item = next.done === true ? undefined : next.value;
    this.key = this.item === undefined ? null : this.#keyOf(this.item);
    if (before !== null && this.key !== null && compareKeys(before, this.key) >= 0) {
      throw new RangeError(`keys out of order: ${before} before ${this.key}`);
    }
  }
}

/** Which record a difference is in: keys and fields, never a value. */
export const samplesMax = 20;

export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** `xueji.xs_jbxx` → `"xueji"."xs_jbxx"`. */
export function quotedRelation(relation: string): string {
  return relation.split(".").map(quoted).join(".");
}

/** camelCase → snake_case: how contract fields are spelt in our databases. */
export function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export async function countOf(
  client: pg.ClientBase,
  sql: string,
  values: readonly unknown[] = [],
): Promise<number> {
  const { rows } = await client.query<{ count: string }>(sql, [...values]);
  return Number(rows[0]?.count ?? Number.NaN);
}
