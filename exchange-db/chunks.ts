import type { EntityName } from "../contracts/entity.ts";
import type { Store } from "./store.ts";

/** A half-open range of source keys, stored as the source database's own text of its bounds. */
export interface Segment {
  readonly segment: number;
  readonly lower: readonly string[] | null;
  readonly upper: readonly string[] | null;
  readonly nullKeys: boolean;
  /** Some run landed rows of it: only then can there be earlier rows to compare with. */
  readonly isLanded: boolean;
}

export interface LeasedChunk extends Segment {
  readonly entity: EntityName;
  /** Checked at landing: a chunk whose lease ran out and went to another process can't be landed here. */
  readonly token: string;
}

interface SegmentRow {
  segment: number;
  lower: string[] | null;
  upper: string[] | null;
  nullKeys: boolean;
  isLanded: boolean;
}

const segmentColumns = `s.segment, s.lower_key AS lower, s.upper_key AS upper, s.null_keys AS "nullKeys", s.is_landed AS "isLanded"`;

/** Stored boundaries of an entity; empty where none exist or the source's fingerprint changed. */
export async function storedSegments(
  store: Store,
  province: string,
  entity: EntityName,
  source: string,
): Promise<readonly Segment[]> {
  return await store.query<SegmentRow>(
    `SELECT ${segmentColumns} FROM exchange.segment s WHERE province = $1 AND entity = $2 AND source = $3 ORDER BY segment`,
    [province, entity, source],
  );
}

/** Keeps boundaries for this and later runs. A changed source replaces them; what was landed under others counts as landed. */
export async function storeSegments(
  store: Store,
  province: string,
  entity: EntityName,
  source: string,
  ranges: readonly { lower: readonly string[] | null; upper: readonly string[] | null; nullKeys: boolean }[],
): Promise<void> {
  await store.transaction(async (client) => {
    await client.query("SELECT pg_advisory_xact_lock(hashtext('duijie.segment.' || $1 || $2))", [
      province,
      entity,
    ]);
    const same = await client.query(
      "SELECT 1 FROM exchange.segment WHERE province = $1 AND entity = $2 AND source = $3 LIMIT 1",
      [province, entity, source],
    );
    if (same.rowCount !== 0) return;
    const earlier = await client.query<{ landed: boolean | null }>(
      "SELECT bool_or(is_landed) AS landed FROM exchange.segment WHERE province = $1 AND entity = $2",
      [province, entity],
    );
    await client.query("DELETE FROM exchange.segment WHERE province = $1 AND entity = $2", [
      province,
      entity,
    ]);
    await client.query(
      `INSERT INTO exchange.segment (province, entity, source, segment, lower_key, upper_key, null_keys, is_landed)
       SELECT $1, $2, $3, r.segment, r.lower_key, r.upper_key, r.null_keys, $5
       FROM jsonb_to_recordset($4::jsonb) AS r(segment integer, lower_key jsonb, upper_key jsonb, null_keys boolean)`,
      [
        province,
        entity,
        source,
        JSON.stringify(
          ranges.map((range, segment) => ({
            segment,
            lower_key: range.lower,
            upper_key: range.upper,
            null_keys: range.nullKeys,
          })),
        ),
        earlier.rows[0]?.landed ?? false,
      ],
    );
  });
}

/** One open chunk per stored segment; asking again adds nothing. */
export async function createChunks(
  store: Store,
  runId: string,
  province: string,
  entity: EntityName,
): Promise<void> {
  await store.query(
    `INSERT INTO exchange.chunk (run_id, province, entity, segment)
     SELECT $1, province, entity, segment FROM exchange.segment WHERE province = $2 AND entity = $3
     ON CONFLICT DO NOTHING`,
    [runId, province, entity],
  );
}

/**
 * Leases one chunk of an entity: an open one, or one whose lease ran out (database clock). Null when there is none, the
 * run does not go on, or `concurrentMax` leases of the run are live: that many readers may burden the source at once.
 */
export async function leaseChunk(
  store: Store,
  wanted: {
    runId: string;
    province: string;
    entity: EntityName;
    owner: string;
    leaseSeconds: number;
    concurrentMax: number;
  },
): Promise<LeasedChunk | null> {
  return await store.transaction(async (client) => {
    await client.query("SELECT pg_advisory_xact_lock(hashtext('duijie.lease.' || $1))", [wanted.runId]);
    const leased = await client.query<SegmentRow & { entity: EntityName; token: string }>(
      // MATERIALIZED: as a plain subquery it may run once per row of a join, and lease as many chunks.
      `WITH free AS MATERIALIZED (
         SELECT segment FROM exchange.chunk
         WHERE run_id = $1 AND entity = $3 AND (state = 'open' OR (state = 'leased' AND lease_until < now()))
           AND EXISTS (SELECT 1 FROM exchange.run WHERE run_id = $1 AND state = 'running')
           AND (SELECT count(*) FROM exchange.chunk WHERE run_id = $1 AND state = 'leased' AND lease_until >= now()) < $6
         ORDER BY segment LIMIT 1 FOR UPDATE SKIP LOCKED)
       UPDATE exchange.chunk c SET state = 'leased', owner = $4, token = gen_random_uuid(), leases = leases + 1,
         lease_until = now() + make_interval(secs => $5)
       FROM free JOIN exchange.segment s ON s.province = $2 AND s.entity = $3 AND s.segment = free.segment
       WHERE c.run_id = $1 AND c.entity = $3 AND c.segment = free.segment
       RETURNING c.entity, c.token, ${segmentColumns}`,
      [wanted.runId, wanted.province, wanted.entity, wanted.owner, wanted.leaseSeconds, wanted.concurrentMax],
    );
    return leased.rows[0] ?? null;
  });
}

/** Prolongs the lease of a chunk still being worked on; false when it was lost. */
export async function renewLease(
  store: Store,
  runId: string,
  chunk: LeasedChunk,
  leaseSeconds: number,
): Promise<boolean> {
  const rows = await store.query(
    `UPDATE exchange.chunk SET lease_until = now() + make_interval(secs => $5)
     WHERE run_id = $1 AND entity = $2 AND segment = $3 AND token = $4 AND state = 'leased' RETURNING segment`,
    [runId, chunk.entity, chunk.segment, chunk.token, leaseSeconds],
  );
  return rows.length > 0;
}

/** Gives a chunk back at once, so that nobody waits for its lease to run out. */
export async function returnChunk(store: Store, runId: string, chunk: LeasedChunk): Promise<void> {
  await store.query(
    `UPDATE exchange.chunk SET state = 'open', token = NULL, lease_until = NULL
     WHERE run_id = $1 AND entity = $2 AND segment = $3 AND token = $4 AND state = 'leased'`,
    [runId, chunk.entity, chunk.segment, chunk.token],
  );
}

/** What is left of an entity in a run. `unlanded`: chunks not landed; `unsettled`: batches without a receipt. */
export async function entityProgress(
  store: Store,
  runId: string,
  entity: EntityName,
): Promise<{ chunks: number; unlanded: number; unsettled: number }> {
  const rows = await store.query<{ chunks: string; unlanded: string; unsettled: string }>(
    `SELECT count(*) AS chunks, count(*) FILTER (WHERE state <> 'landed') AS unlanded,
       (SELECT count(*) FROM exchange.batch WHERE run_id = $1 AND entity = $2 AND state IN ('sealed', 'published')) AS unsettled
     FROM exchange.chunk WHERE run_id = $1 AND entity = $2`,
    [runId, entity],
  );
  const row = rows[0];
  return {
    chunks: Number(row?.chunks ?? 0),
    unlanded: Number(row?.unlanded ?? 0),
    unsettled: Number(row?.unsettled ?? 0),
  };
}
