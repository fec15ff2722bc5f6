import { stagingBookkeepingColumns } from "../contracts/ddl.ts";
import type { EntityName } from "../contracts/entity.ts";
import { entityContract } from "../contracts/registry.ts";
import type { KeptFinding } from "./landing.ts";
import type { OpenRecall } from "./recall.ts";
import { compensableRows, leftRows, reparkableRows, withdrawableRows } from "./recall-sql.ts";
import type { Store, StoreClient } from "./store.ts";

/** An earlier row that is brought back over the one that stands in staging now. */
export interface EarlierRow {
  readonly key: string;
  /** Of the row in staging: it may only replace exactly that. */
  readonly standingIn: string;
  readonly agreedNationalVersion: string | null;
  readonly op: "upsert" | "delete";
  readonly hash: string;
  readonly county: string | null;
  readonly mappingVersion: string;
  readonly wireDigest: Buffer | null;
  readonly raw: readonly (string | null)[];
  /** Where its exact bytes are, as long as they are kept. */
  readonly batchId: string | null;
  readonly ordinal: number | null;
}

export interface EarlierParkedRow extends EarlierRow {
  readonly isOnWire: boolean;
  readonly findings: readonly KeptFinding[];
  /** A column that the source could not decode, as `hex:…`. */
  readonly unreadable: Readonly<Record<string, string>> | null;
}

const columnsOf = (entity: EntityName, row: string) =>
  `${row}.op, ${row}.source_hash AS hash, ${row}.county, ${row}.mapping_version AS "mappingVersion",
   ${row}.wire_digest AS "wireDigest", ${row}.batch_id AS "batchId", ${row}.batch_ordinal AS ordinal,
   ARRAY[${entityContract(entity)
     .fields.map(({ column }) => `${row}.${column}`)
     .join(", ")}]::text[] AS raw`;

/** What the nation held before, of keys of which it holds the recalled run's version; one page in key order after `after`. */
export async function compensationPage(
  store: Store,
  { recalled }: OpenRecall,
  entity: EntityName,
  kind: "delete" | "prior",
  after: string,
  limit: number,
): Promise<readonly EarlierRow[]> {
  const rows = await store.query<EarlierRow & { isDeletion: boolean; op: EarlierRow["op"] | null }>(
    `SELECT s.source_key AS key, s.batch_id AS "standingIn", h.version AS "agreedNationalVersion", ${columnsOf(entity, "n")}
     ${compensableRows(entity)} AND s.source_key > $3 AND j.is_deletion = $4 ORDER BY s.source_key LIMIT $5`,
    [recalled.province, recalled.runId, after, kind === "delete", limit],
  );
  if (kind === "prior") return rows;
  const raw = entityContract(entity).fields.map(() => null);
  return rows.map(({ key, standingIn, agreedNationalVersion }) => ({
    key,
    standingIn,
    agreedNationalVersion,
    op: "delete",
    hash: "",
    county: null,
    mappingVersion: recalled.mappingVersion,
    wireDigest: null,
    raw,
    batchId: null,
    ordinal: null,
  }));
}

/** Parked rows over which this recall restored what the nation held before: they are parked again. */
export async function reparkPage(
  store: Store,
  { recalled, recall }: OpenRecall,
  entity: EntityName,
  after: string,
  limit: number,
): Promise<readonly EarlierParkedRow[]> {
  return await store.query<EarlierParkedRow>(
    `SELECT s.source_key AS key, s.batch_id AS "standingIn", s.batch_id AS "agreedNationalVersion", ${columnsOf(entity, "p")},
       pe.on_wire AS "isOnWire", pe.findings, pe.raw AS unreadable
     ${reparkableRows(entity)} AND pe.batch_id IS NOT NULL AND s.source_key > $4 ORDER BY s.source_key LIMIT $5`,
    [recalled.province, recalled.runId, recall.runId, after, limit],
  );
}

interface Withdrawable {
  readonly key: string;
  readonly prior: string | null;
}

/**
 * Takes back, here alone, one page of rows that the nation never applied: the row that each replaced stands in staging
 * again as it was, with its exception. Returns the last key, null when there are no more.
 */
export async function withdrawPage(
  store: Store,
  { recalled }: OpenRecall,
  entity: EntityName,
  after: string,
  limit: number,
): Promise<string | null> {
  return await store.transaction(async (client) => {
    const found = await client.query<Withdrawable>(
      `SELECT s.source_key AS key, p.batch_id AS prior ${withdrawableRows(entity)} AND s.source_key > $3
       ORDER BY s.source_key LIMIT $4 FOR UPDATE OF s`,
      [recalled.province, recalled.runId, after, limit],
    );
    const last = found.rows.at(-1);
    if (last === undefined) return null;
    await forgetIdentifiers(client, recalled.province, entity, found.rows);
    await putBack(client, recalled.province, entity, found.rows);
    await forgetRows(client, recalled.province, recalled.runId, entity, found.rows);
    await reopen(client, found.rows, entity);
    return last.key;
  });
}

const unnested = `unnest($2::text[], $3::bigint[]) AS w(source_key, prior)`;
const valuesOf = (province: string, rows: readonly Withdrawable[]) => [
  province,
  rows.map((row) => row.key),
  rows.map((row) => row.prior),
];

/** Parents are looked up by identifier: one that only the withdrawn row had is no longer theirs. */
async function forgetIdentifiers(
  client: StoreClient,
  province: string,
  entity: EntityName,
  rows: readonly Withdrawable[],
): Promise<void> {
  const { fields, identifier, table } = entityContract(entity);
  const column = fields.find((field) => field.name === identifier)?.column;
  if (column === undefined) return;
  await client.query(
    `DELETE FROM exchange.identifier i USING ${unnested}
       JOIN staging.${table} s ON s.province = $1 AND s.source_key = w.source_key
       LEFT JOIN staging.${table}_prior p ON p.province = $1 AND p.source_key = w.source_key AND p.batch_id = w.prior
     WHERE i.province = $1 AND i.entity = '${entity}' AND i.source_key = w.source_key
       AND (w.prior IS NULL OR (i.identifier = s.${column} AND s.${column} IS DISTINCT FROM p.${column}))`,
    valuesOf(province, rows),
  );
}

async function putBack(
  client: StoreClient,
  province: string,
  entity: EntityName,
  rows: readonly Withdrawable[],
): Promise<void> {
  const { fields, table } = entityContract(entity);
  const columns = [...restored, ...fields.map(({ column }) => column)];
  await client.query(
    `UPDATE staging.${table} s SET ${columns.map((column) => `${column} = p.${column}`).join(", ")}
     FROM ${unnested} JOIN staging.${table}_prior p ON p.province = $1 AND p.source_key = w.source_key AND p.batch_id = w.prior
     WHERE s.province = $1 AND s.source_key = w.source_key`,
    valuesOf(province, rows),
  );
  await client.query(
    `DELETE FROM staging.${table} s USING ${unnested} WHERE s.province = $1 AND s.source_key = w.source_key AND w.prior IS NULL`,
    valuesOf(province, rows),
  );
}

/** All of a staging row's bookkeeping but its key. */
const restored = stagingBookkeepingColumns.filter(
  (column) => column !== "province" && column !== "source_key",
);

/** Earlier rows of the recalled run, and those that were put back. */
async function forgetRows(
  client: StoreClient,
  province: string,
  runId: string,
  entity: EntityName,
  rows: readonly Withdrawable[],
): Promise<void> {
  const { table } = entityContract(entity);
  await client.query(
    `DELETE FROM staging.${table}_prior x USING ${unnested}, exchange.batch b
     WHERE x.province = $1 AND x.source_key = w.source_key AND b.batch_id = x.batch_id AND (x.batch_id = w.prior OR b.run_id = $4)`,
    [...valuesOf(province, rows), runId],
  );
}

/** What an exception was before it was superseded follows from its code. */
const reopened = `CASE WHEN NOT x.on_wire THEN 'quarantined' WHEN x.code = 'PARENT_MISSING' THEN 'waiting' ELSE 'rejected' END`;

async function reopen(client: StoreClient, rows: readonly Withdrawable[], entity: EntityName): Promise<void> {
  const { table } = entityContract(entity);
  const back = rows.filter((row) => row.prior !== null);
  await client.query(
    `UPDATE exchange.exception x SET outcome = ${reopened}
     FROM unnest($1::text[], $2::bigint[]) AS w(source_key, prior)
     JOIN staging.${table} s ON s.source_key = w.source_key AND s.batch_id = w.prior
     WHERE x.batch_id = w.prior AND x.ordinal = s.batch_ordinal AND x.province = s.province
       AND x.outcome = 'superseded' AND x.code <> 'VERSION_SUPERSEDED'`,
    [back.map((row) => row.key), back.map((row) => row.prior)],
  );
}

/**
 * Closes what is still open of the recalled run's exceptions, and opens again those without a staging row (key doubled or
 * missing) that they had superseded.
 */
export async function closeExceptions(
  store: Store,
  { recalled }: OpenRecall,
  entity: EntityName,
): Promise<void> {
  const { province, runId } = recalled;
  const { table } = entityContract(entity);
  await store.transaction(async (client) => {
    await client.query(
      `UPDATE exchange.exception SET outcome = 'withdrawn'
       WHERE run_id = $1 AND entity = $2 AND outcome IN ('quarantined', 'rejected', 'waiting')`,
      [runId, entity],
    );
    await client.query(
      `UPDATE exchange.exception x SET outcome = 'quarantined'
       FROM (SELECT k.source_key, k.before, max(e.batch_id) AS batch_id
             FROM (SELECT source_key, min(batch_id) AS before FROM exchange.exception
                   WHERE run_id = $1 AND entity = $2 AND outcome = 'withdrawn' AND NOT on_wire
                     AND (code = 'KEY_DUPLICATE' OR source_key IS NULL) GROUP BY source_key) k
             JOIN exchange.exception e ON e.province = $3 AND e.entity = $2 AND e.source_key IS NOT DISTINCT FROM k.source_key
               AND e.batch_id < k.before AND (e.code = 'KEY_DUPLICATE' OR e.source_key IS NULL)
             JOIN exchange.run r ON r.run_id = e.run_id AND r.state NOT IN ('recalling', 'recalled')
             GROUP BY k.source_key, k.before) last
       WHERE x.batch_id = last.batch_id AND x.source_key IS NOT DISTINCT FROM last.source_key AND x.outcome = 'superseded'
         AND (x.code = 'KEY_DUPLICATE' OR x.source_key IS NULL)
         AND NOT EXISTS (SELECT 1 FROM exchange.exception n WHERE n.province = x.province AND n.entity = x.entity
           AND n.source_key IS NOT DISTINCT FROM x.source_key AND n.batch_id > x.batch_id
           AND n.outcome IN ('quarantined', 'rejected', 'waiting'))
         AND NOT EXISTS (SELECT 1 FROM staging.${table} s WHERE s.province = x.province AND s.source_key = x.source_key
           AND s.op = 'upsert' AND s.batch_id > x.batch_id)`,
      [runId, entity, province],
    );
  });
}

/** Records whose identifiers were landed by what is taken back: those of the rows that come back are noted anew. */
export async function forgetIdentifiersOf(
  store: Store,
  province: string,
  entity: EntityName,
  keys: readonly string[],
): Promise<void> {
  if (entityContract(entity).identifier === null) return;
  await store.query(
    "DELETE FROM exchange.identifier WHERE province = $1 AND entity = $2 AND source_key = ANY ($3)",
    [province, entity, keys],
  );
}

/** Counts, once, the keys that newer runs replaced: they stay as they are. */
export async function countLeft(store: Store, open: OpenRecall, entity: EntityName): Promise<void> {
  const { recalled, recall } = open;
  await store.query(
    `INSERT INTO exchange.landing (run_id, province, entity, origin, read_count, unchanged_count, trace_id)
     SELECT $3::bigint, $1, $4, 'recall-left', n, n, '' FROM (SELECT count(*)::integer AS n ${leftRows(entity)}) l
     WHERE n > 0 AND NOT EXISTS (SELECT 1 FROM exchange.landing WHERE run_id = $3 AND entity = $4 AND origin = 'recall-left')`,
    [recalled.province, recalled.runId, recall.runId, entity],
  );
}
