import { type EntityName, entityNames } from "../contracts/entity.ts";
import type { Store } from "./store.ts";

export interface LedgerLine {
  readonly entity: EntityName;
  readonly read: number;
  readonly unchanged: number;
  readonly pending: number;
  readonly applied: number;
  readonly quarantined: number;
  readonly rejected: number;
  readonly waiting: number;
  readonly superseded: number;
  readonly withdrawn: number;
}

/** The outcomes of one run, an entity a line, parents before children; read is the sum of the others at every committed state. */
export async function ledgerOfRun(store: Store, runId: string): Promise<readonly LedgerLine[]> {
  const rows = await store.query<Record<string, string>>(
    `SELECT entity, read, unchanged, pending, applied, quarantined, rejected, waiting, superseded, withdrawn
     FROM exchange.ledger WHERE run_id = $1`,
    [runId],
  );
  const count = (row: Record<string, string>, name: string) => Number(row[name] ?? 0);
  const lineOf = (entity: EntityName, row: Record<string, string>): LedgerLine => ({
    entity,
    read: count(row, "read"),
    unchanged: count(row, "unchanged"),
    pending: count(row, "pending"),
    applied: count(row, "applied"),
    quarantined: count(row, "quarantined"),
    rejected: count(row, "rejected"),
    waiting: count(row, "waiting"),
    superseded: count(row, "superseded"),
    withdrawn: count(row, "withdrawn"),
  });
  return entityNames.flatMap((entity) =>
    rows.filter((row) => row["entity"] === entity).map((row) => lineOf(entity, row)),
  );
}

/** True where the line's outcomes add up to what was read. */
export function addsUp(line: LedgerLine): boolean {
  const { read, applied, unchanged, pending, quarantined, rejected, waiting, superseded, withdrawn } = line;
  const others = unchanged + pending + quarantined + rejected + waiting + superseded + withdrawn;
  return read === applied + others && applied >= 0;
}
