import { loadTable } from "../contracts/ddl.ts";
import type { EntityName } from "../contracts/entity.ts";
import { entityContract } from "../contracts/registry.ts";
import type { Run } from "./runs.ts";
import type { Store } from "./store.ts";

/** Living records of an entity that a complete load lacks. */
export interface AbsenceCount {
  readonly entity: EntityName;
  readonly living: number;
  readonly absent: number;
}

export interface AbsentRow {
  readonly key: string;
  /** The version that is deleted: a newer one that lands meanwhile is left alone. */
  readonly batchId: string;
  readonly county: string | null;
  readonly agreedNationalVersion: string | null;
}

const lacks = (entity: EntityName) =>
  `NOT EXISTS (SELECT 1 FROM ${loadTable(entity)} r WHERE r.province = s.province AND r.load_id = $2 AND r.source_key = s.source_key)`;

/** The load of a run that says of itself to be complete; null where absence means nothing. */
export async function completeLoadOf(store: Store, runId: string): Promise<string | null> {
  const rows = await store.query<{ loadId: string }>(
    `SELECT load_id AS "loadId" FROM staging.vendor_load WHERE run_id = $1 AND is_complete`,
    [runId],
  );
  return rows[0]?.loadId ?? null;
}

export async function countAbsent(
  store: Store,
  province: string,
  entity: EntityName,
  loadId: string,
): Promise<AbsenceCount> {
  const { table } = entityContract(entity);
  const rows = await store.query<{ living: string; absent: string }>(
    `SELECT (SELECT count(*) FROM staging.${table} WHERE province = $1 AND op = 'upsert') AS living,
       (SELECT count(*) FROM staging.${table} s WHERE s.province = $1 AND s.op = 'upsert' AND ${lacks(entity)}) AS absent`,
    [province, loadId],
  );
  return { entity, living: Number(rows[0]?.living ?? 0), absent: Number(rows[0]?.absent ?? 0) };
}

/** In the order of keys, after `after`. */
export async function absentPage(
  store: Store,
  province: string,
  entity: EntityName,
  loadId: string,
  page: { readonly after: string | null; readonly rows: number },
): Promise<readonly AbsentRow[]> {
  const { table } = entityContract(entity);
  return await store.query<AbsentRow>(
    `SELECT s.source_key AS key, s.batch_id AS "batchId", s.county,
       CASE WHEN b.state = 'settled' AND s.wire_digest IS NOT NULL AND e.batch_id IS NULL THEN s.batch_id
            ELSE s.agreed_national_version END AS "agreedNationalVersion"
     FROM staging.${table} s
     LEFT JOIN exchange.batch b ON b.province = s.province AND b.batch_id = s.batch_id
     LEFT JOIN exchange.exception e ON e.province = s.province AND e.batch_id = s.batch_id AND e.ordinal = s.batch_ordinal
     WHERE s.province = $1 AND s.op = 'upsert' AND ($3::text IS NULL OR s.source_key > $3) AND ${lacks(entity)}
     ORDER BY s.source_key LIMIT $4`,
    [province, loadId, page.after, page.rows],
  );
}

/**
 * Closes exceptions of rows that staging can't hold, once a load says that they are over: a doubled key that now has one
 * row; where the load is complete also a key that has none, and rows without a key where it has no such row.
 */
export async function closeKeyless(
  store: Store,
  province: string,
  entity: EntityName,
  load: { readonly loadId: string; readonly isComplete: boolean },
): Promise<void> {
  const rows = `(SELECT count(*) FROM ${loadTable(entity)} r WHERE r.province = $1 AND r.load_id = $2 AND r.source_key`;
  await store.query(
    `UPDATE exchange.exception x SET outcome = 'superseded'
     WHERE x.province = $1 AND x.entity = $3 AND x.outcome = 'quarantined'
       AND CASE WHEN x.source_key IS NULL THEN $4 AND ${rows} IS NULL) = 0
                WHEN x.code = 'KEY_DUPLICATE' THEN CASE ${rows} = x.source_key) WHEN 0 THEN $4 WHEN 1 THEN true ELSE false END
                ELSE false END`,
    [province, load.loadId, entity, load.isComplete],
  );
}

/**
 * Closes exceptions of rows without a key once a run has read the range of such rows and found none. Where the run is of
 * some counties only theirs; of a run of some phases nobody can tell.
 */
export async function closeMissingKeys(store: Store, run: Run, entity: EntityName): Promise<void> {
  const { counties, phases } = run.scope;
  if (phases !== undefined) return;
  await store.query(
    `UPDATE exchange.exception x SET outcome = 'superseded'
     WHERE x.province = $1 AND x.entity = $2 AND x.source_key IS NULL AND x.outcome = 'quarantined'
       AND ($4::text[] IS NULL OR x.county = ANY ($4))
       AND (SELECT sum(l.read_count) FROM exchange.landing l
            JOIN exchange.segment s ON s.province = l.province AND s.entity = l.entity AND s.segment = l.segment
            WHERE l.run_id = $3 AND l.province = $1 AND l.entity = $2 AND l.origin = 'chunk' AND s.null_keys) = 0`,
    [run.province, entity, run.runId, counties ?? null],
  );
}
