import { DuijieError } from "../contracts/errors.ts";
import type { Figure } from "../contracts/meter.ts";
import { isGaugeName, metrics } from "../contracts/metrics.ts";
import type { Store, StoreClient } from "./store.ts";

/**
 * A statement whose rows are values of gauges: column `metric` names one, `value` is a number, all others are labels.
 * `$1` is the province where the statement has it.
 */
export interface FigureStatement {
  readonly sql: string;
  /** Asked only where the database has it: an older schema lacks its figures, not all of them. */
  readonly table?: string;
  readonly isOfProvince: boolean;
}

/** How many counties are told by name; the rest is summed under `other`, so that no database makes a thousand series. */
export const countiesMax = 20;

/**
 * All figures from one snapshot, so that they agree with one another. Read only and under a time limit of its own: it
 * gives up before it holds up anybody.
 */
export async function readFigures(
  store: Store,
  statements: readonly FigureStatement[],
  { province, timeoutMs }: { readonly province: string | null; readonly timeoutMs: number },
): Promise<readonly Figure[]> {
  return await store.transaction(async (client) => {
    await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await client.query(`SET LOCAL statement_timeout = ${Math.max(1, Math.round(timeoutMs))}`);
    const figures: Figure[] = [];
    for (const { sql, table, isOfProvince } of statements) {
      if (table !== undefined && !(await hasTable(client, table))) continue;
      const { rows } = await client.query<Record<string, unknown>>(sql, isOfProvince ? [province] : []);
      for (const row of rows) figures.push(figureOf(row));
    }
    return figures;
  });
}

async function hasTable(client: StoreClient, table: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>("SELECT to_regclass($1) IS NOT NULL AS found", [
    table,
  ]);
  return rows[0]?.found === true;
}

function figureOf({ metric, value, ...columns }: Record<string, unknown>): Figure {
  const name = String(metric);
  if (!isGaugeName(name)) throw new DuijieError("INVARIANT_BROKEN", { what: "no gauge of this name" });
  const labels = metrics[name].labels.map((label) => [label, labelText(columns[label])] as const);
  return { name, labels: Object.fromEntries(labels), value: Number(value) };
}

/** A value that a registry holds, such as a county, is a label only if it looks like a code. */
function labelText(value: unknown): string {
  const text = typeof value === "string" ? value : "";
  if (text === "") return "none";
  return /^[A-Za-z0-9_.:-]{1,40}$/.test(text) && !/\d{13}/.test(text) ? text : "unlisted";
}
