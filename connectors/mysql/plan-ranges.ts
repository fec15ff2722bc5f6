import type { KeyRange } from "../connector.ts";
import { boundText } from "./key-bounds.ts";
import type { RawRow, Session } from "./session.ts";
import {
  allKeysStatement,
  keyColumns,
  keyOrderExplain,
  nextKeyStatement,
  type StatementContext,
} from "./statements.ts";

/**
 * Every `rowsPerRange`-th key in the key's own order, without window functions, which MySQL 5.7 lacks. Along an index
 * by leaps; without one, where each leap would be a sort, by one sort whose keys are counted as they come. No two keys
 * are compared here: a boundary is a key, and a run of equal ones falls behind it as a whole.
 */
export async function planRanges(
  session: Session,
  context: StatementContext,
  rowsPerRange: number,
  stallMs: number,
): Promise<readonly KeyRange[]> {
  const step = Math.max(1, Math.trunc(rowsPerRange));
  const leaps = (await hasKeyIndex(session, context)) ? await byLeaps(session, context, step) : null;
  return rangesBetween(leaps ?? (await byCounting(session, context, step, stallMs)));
}

export async function hasKeyIndex(session: Session, context: StatementContext): Promise<boolean> {
  const rows = await session.rows(keyOrderExplain(context));
  return !rows.flat().some((cell) => /filesort|temporary/i.test(cell?.toString("latin1") ?? ""));
}

/** Null where a key that can be no bound stands at a boundary. */
async function byLeaps(
  session: Session,
  context: StatementContext,
  step: number,
): Promise<readonly (readonly string[])[] | null> {
  const bounds: (readonly string[])[] = [];
  for (let last: readonly string[] | null = null; ; ) {
    // Behind a boundary its own row is passed already.
    const rows = await session.rows(nextKeyStatement(context, last, last === null ? step : step - 1));
    const [row] = rows;
    if (row === undefined) return bounds;
    last = boundOf(row, context);
    if (last === null) return null;
    bounds.push(last);
  }
}

async function byCounting(
  session: Session,
  context: StatementContext,
  step: number,
  stallMs: number,
): Promise<readonly (readonly string[])[]> {
  const bounds: (readonly string[])[] = [];
  let since = 0;
  for await (const rows of session.stream(allKeysStatement(context), 1000, stallMs)) {
    for (const row of rows) {
      if (since >= step) {
        const bound = boundOf(row, context);
        if (bound !== null) {
          if (bounds.at(-1)?.join("\0") !== bound.join("\0")) bounds.push(bound);
          since = 0;
        }
      }
      since += 1;
    }
  }
  return bounds;
}

function boundOf(row: RawRow, context: StatementContext): readonly string[] | null {
  const bound: string[] = [];
  for (const [at, column] of keyColumns(context).entries()) {
    const text = boundText(row[at] ?? null, column, context.declared);
    if (text === null) return null;
    bound.push(text);
  }
  return bound;
}

/** First and last open, each boundary closing one and opening the next; rows with a NULL in the key last. */
export function rangesBetween(boundaries: readonly (readonly string[])[]): readonly KeyRange[] {
  const lowers = [null, ...boundaries];
  const ranges = lowers.map((lower, index) => ({ lower, upper: boundaries[index] ?? null, nullKeys: false }));
  return [...ranges, { lower: null, upper: null, nullKeys: true }];
}
