import pg from "pg";
import type { CheckResult } from "./checker.ts";
import type { EntityCheck } from "./checker-nation.ts";
import { type CheckedEntity, checkedEntities } from "./checker-rows.ts";

/** What became of the rows of one entity; read is the sum of all others. */
export interface EntityResult {
  readonly read: number;
  readonly unchanged: number;
  readonly pending: number;
  readonly applied: number;
  readonly quarantined: Readonly<Record<string, number>>;
  readonly rejected: Readonly<Record<string, number>>;
  readonly waiting: number;
  readonly superseded: number;
  readonly withdrawn: number;
  readonly check: Pick<EntityCheck, "rows" | "fields" | "differences">;
}

export type EntityResults = Readonly<Record<CheckedEntity, EntityResult>>;

const counts = ["read", "unchanged", "pending", "applied", "waiting", "superseded", "withdrawn"] as const;

/** Counted by SQL in the exchange-db, for the newest load, with what the checker found beside it. */
export async function demoResult(exchangeUrl: string, check: CheckResult): Promise<EntityResults> {
  const client = new pg.Client({ connectionString: exchangeUrl });
  await client.connect();
  try {
    const newest = "(SELECT max(run_id) FROM exchange.run WHERE kind = 'load')";
    const ledger = await client.query<Record<string, string>>(
      `SELECT entity, ${counts.join(", ")} FROM exchange.ledger WHERE run_id = ${newest}`,
    );
    const codes = await client.query<{ entity: string; outcome: string; code: string; count: string }>(
      `SELECT entity, outcome, code, count(*) FROM exchange.exception
       WHERE run_id = ${newest} AND outcome IN ('quarantined', 'rejected') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    );
    return perEntity((entity) => {
      const line = ledger.rows.find((row) => row["entity"] === entity);
      const count = (name: (typeof counts)[number]) => Number(line?.[name] ?? 0);
      const byCode = (outcome: string) =>
        Object.fromEntries(
          codes.rows
            .filter((row) => row.entity === entity && row.outcome === outcome)
            .map((row) => [row.code, Number(row.count)]),
        );
      return {
        read: count("read"),
        unchanged: count("unchanged"),
        pending: count("pending"),
        applied: count("applied"),
        quarantined: byCode("quarantined"),
        rejected: byCode("rejected"),
        waiting: count("waiting"),
        superseded: count("superseded"),
        withdrawn: count("withdrawn"),
        check: checkOf(entity, check),
      };
    });
  } finally {
    await client.end();
  }
}

function checkOf(entity: CheckedEntity, check: CheckResult): EntityResult["check"] {
  const { rows, fields, differences } = check.entities[entity];
  const more = check.staging[entity].differences + check.exceptions[entity].differences;
  return { rows, fields, differences: differences + more };
}

function perEntity<T>(make: (entity: CheckedEntity) => T): Record<CheckedEntity, T> {
  return {
    region: make("region"),
    school: make("school"),
    campus: make("campus"),
    grade: make("grade"),
    class: make("class"),
    student: make("student"),
    guardian: make("guardian"),
  };
}

export function sumOf(byCode: Readonly<Record<string, number>>): number {
  return Object.values(byCode).reduce((sum, count) => sum + count, 0);
}

/** An entity a row, then the sums: read, and all that it is the sum of. */
export function ledgerRows(results: EntityResults): (readonly (string | number)[])[] {
  const rows = checkedEntities.map((entity) => [entity, ...ledgerCounts(results[entity])] as const);
  const width = rows[0]?.length ?? 1;
  const sums = Array.from({ length: width - 1 }, (_, at) =>
    rows.reduce((sum, row) => sum + Number(row[at + 1]), 0),
  );
  return [...rows, ["", ...sums]];
}

export const ledgerHeads = [
  "read",
  "applied",
  "unchanged",
  "quarantined",
  "rejected",
  "waiting",
  "superseded",
  "pending",
] as const;

function ledgerCounts(result: EntityResult): number[] {
  const { read, applied, unchanged, waiting, superseded, pending } = result;
  return [
    read,
    applied,
    unchanged,
    sumOf(result.quarantined),
    sumOf(result.rejected),
    waiting,
    superseded,
    pending,
  ];
}

/** True where read is the sum of the others in every entity. */
export function addsUp(results: EntityResults): boolean {
  return checkedEntities.every((entity) => {
    const [read, ...others] = ledgerCounts(results[entity]);
    return read === others.reduce((sum, count) => sum + count, results[entity].withdrawn);
  });
}
