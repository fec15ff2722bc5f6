import { join } from "node:path";
import type pg from "pg";
import {
  type CheckedEntity,
  countOf,
  isRecord,
  type JsonRecord,
  mergeByKey,
  type Row,
  readNdjson,
  samplesMax,
  streamRows,
} from "./checker-rows.ts";

export interface OutcomeCheck {
  differences: number;
  /** What did not agree: counts, codes and keys. */
  findings: string[];
}

const outcomes = ["quarantined", "rejected", "waiting"] as const;
const parts = [
  "unchanged",
  "pending",
  "applied",
  "quarantined",
  "rejected",
  "waiting",
  "superseded",
  "withdrawn",
] as const;

/** The truth of one entity, as far as the checker reads it. */
export type TruthEntity = { readonly read: number; readonly applied: number } & Readonly<
  Record<(typeof outcomes)[number], Readonly<Record<string, number>>>
>;

export function note(found: OutcomeCheck, finding: string): void {
  found.differences += 1;
  if (found.findings.length < samplesMax) found.findings.push(finding);
}

/** Open exceptions by outcome and code against the truth, and key by key against the rows that had to end so. */
export async function checkExceptions(
  exchange: pg.ClientBase,
  entity: CheckedEntity,
  province: string,
  folder: string,
  truth: TruthEntity,
): Promise<OutcomeCheck> {
  const found: OutcomeCheck = { differences: 0, findings: [] };
  const open = `FROM exchange.exception WHERE province = $1 AND entity = $2 AND outcome IN ('quarantined', 'rejected', 'waiting')`;
  const counts = new Map<string, number>();
  for await (const [name, count] of streamRows(
    exchange,
    `SELECT outcome || ' ' || code, count(*)::text ${open} GROUP BY 1 ORDER BY 1`,
    [province, entity],
  )) {
    counts.set(name ?? "", Number(count));
  }
  const expected = new Map<string, number>(
    outcomes.flatMap((outcome) =>
      Object.entries(truth[outcome]).map(([code, count]) => [`${outcome} ${code}`, count] as const),
    ),
  );
  for (const name of new Set([...counts.keys(), ...expected.keys()])) {
    const [is, must] = [counts.get(name) ?? 0, expected.get(name) ?? 0];
    if (is !== must) note(found, `${entity}: ${name} ${is}, must be ${must}`);
  }
  const rows = streamRows(
    exchange,
    `SELECT source_key, min(outcome || ' ' || code), max(outcome || ' ' || code), count(*)::text ${open}
       AND source_key IS NOT NULL GROUP BY source_key ORDER BY source_key COLLATE "C"`,
    [province, entity],
  );
  const must = keyed(readNdjson(join(folder, "expected", `${entity}.exceptions.ndjson`)));
  for await (const { key, left, right } of mergeByKey(
    must,
    rows,
    ([first]) => first ?? "",
    ([first]) => first ?? "",
  )) {
    if (left?.join() !== right?.join()) note(found, `${entity}: ${key} ended otherwise`);
  }
  return found;
}

/** In the form of the query's rows; rows without a key can be counted only. */
async function* keyed(records: AsyncIterable<JsonRecord>): AsyncGenerator<Row> {
  for await (const record of records) {
    const key = record["key"];
    if (typeof key !== "string") continue;
    const end = `${String(record["outcome"])} ${String(record["code"])}`;
    yield [key, end, end, String(record["rows"])];
  }
}

/** The last load, what it read of whole entities, and whether it alone made the state that is checked. */
interface LastLoad {
  readonly runId: string;
  readonly isWhole: boolean;
  readonly isAlone: boolean;
}

/**
 * The ledger: in every run read is the sum of the others and nothing is pending; the last load read as many rows as the
 * registry has; and where it was the only one, each sum is the truth's.
 */
export async function checkLedger(
  exchange: pg.ClientBase,
  province: string,
  truths: Readonly<Record<CheckedEntity, TruthEntity>>,
  registryRows: Readonly<Record<CheckedEntity, number>>,
): Promise<OutcomeCheck> {
  const found: OutcomeCheck = { differences: 0, findings: [] };
  const last = await lastLoad(exchange, province);
  if (last === null) {
    note(found, "no load was run");
    return found;
  }
  const { rows } = await exchange.query<Record<string, string>>(
    "SELECT * FROM exchange.ledger WHERE province = $1 ORDER BY run_id, entity",
    [province],
  );
  for (const row of rows) checkSum(found, row);
  for (const [entity, truth] of entries(truths)) {
    const line = rows.find((row) => row["run_id"] === last.runId && row["entity"] === entity);
    if (line === undefined) note(found, `${entity}: the ledger has no line for it`);
    else if (last.isAlone) checkAgainstTruth(found, entity, line, truth);
    if (!last.isWhole) continue;
    const read = await readByChunks(exchange, last.runId, entity);
    if (read !== registryRows[entity] || read !== truth.read) {
      note(
        found,
        `${entity}: read ${read}, the registry has ${registryRows[entity]}, the truth ${truth.read}`,
      );
    }
  }
  return found;
}

function checkSum(found: OutcomeCheck, row: Readonly<Record<string, string>>): void {
  const sum = parts.reduce((total, part) => total + Number(row[part]), 0);
  const where = `run ${row["run_id"]}, ${row["entity"]}`;
  if (sum !== Number(row["read"]))
    note(found, `${where}: read ${row["read"]}, the outcomes add up to ${sum}`);
  if (parts.some((part) => !(Number(row[part]) >= 0))) note(found, `${where}: a count is negative or absent`);
  if (Number(row["pending"]) !== 0) note(found, `${where}: ${row["pending"]} are still pending`);
}

function checkAgainstTruth(
  found: OutcomeCheck,
  entity: CheckedEntity,
  line: Readonly<Record<string, string>>,
  truth: TruthEntity,
): void {
  const must = {
    applied: truth.applied,
    unchanged: 0,
    ...Object.fromEntries(outcomes.map((o) => [o, sumOf(truth[o])])),
  };
  for (const [part, count] of Object.entries(must)) {
    if (Number(line[part]) !== count)
      note(found, `${entity}: ${part} ${line[part]} in the ledger, must be ${count}`);
  }
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function entries<T>(record: Readonly<Record<CheckedEntity, T>>): [CheckedEntity, T][] {
  const list: [CheckedEntity, T][] = [];
  let entity: CheckedEntity;
  for (entity in record) list.push([entity, record[entity]]);
  return list;
}

/** Records that were released or replayed were read from staging, not from the registry. */
async function readByChunks(exchange: pg.ClientBase, runId: string, entity: string): Promise<number> {
  return await countOf(
    exchange,
    `SELECT coalesce(sum(read_count), 0) AS count FROM exchange.landing
     WHERE run_id = $1 AND entity = $2 AND origin = 'chunk'`,
    [runId, entity],
  );
}

async function lastLoad(exchange: pg.ClientBase, province: string): Promise<LastLoad | null> {
  const { rows } = await exchange.query<{ run_id: string; kind: string; scope: unknown }>(
    "SELECT run_id::text, kind, scope FROM exchange.run WHERE province = $1 ORDER BY exchange.run.run_id",
    [province],
  );
  const last = rows.findLast((row) => row.kind === "load");
  if (last === undefined) return null;
  // A vendor's load is all that its system has.
  const isWhole = !isRecord(last.scope) || Object.keys(last.scope).every((part) => part === "load");
  return { runId: last.run_id, isWhole, isAlone: rows.length === 1 };
}
