import type { Store } from "./store.ts";

export interface StoredMessage {
  readonly batchId: bigint;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** Batch numbers to be used by one landing. Taken after the lease and before the read, so that a later read has higher ones. */
export async function takeBatchIds(store: Store, count: number): Promise<bigint[]> {
  const rows = await store.query<{ id: string }>(
    "SELECT nextval('exchange.batch_id_seq') AS id FROM generate_series(1, $1)",
    [count],
  );
  return rows.map((row) => BigInt(row.id));
}

/** Lets the sequence go on above what the nation has seen: a restored exchange-db never sends old versions. */
export async function raiseBatchIds(store: Store, highestSeen: bigint): Promise<void> {
  await store.query("SELECT exchange.raise_batch_ids($1)", [String(highestSeen)]);
}

/**
 * What was unsent in a backup may have been sent since: where the nation has seen more than this exchange-db knows,
 * nothing of it counts as certainly unsent, nor as withdrawn for that. Asked before numbers are raised.
 */
export async function doubtUnsent(store: Store, province: string, highestSeen: bigint): Promise<void> {
  await store.query(
    `UPDATE exchange.batch b SET state = 'sealed', send_begun_at = now()
     WHERE b.province = $1 AND $2::bigint > (SELECT max(n.batch_id) FROM exchange.batch n WHERE n.province = $1)
       AND (b.state = 'sealed' AND b.send_begun_at IS NULL OR b.state = 'withdrawn'
         AND EXISTS (SELECT 1 FROM exchange.batch_payload p WHERE p.province = b.province AND p.batch_id = b.batch_id))`,
    [province, String(highestSeen)],
  );
}

/**
 * Notes that these batches are about to be sent, and gives those that may be: a withdrawn one never is. What was not
 * claimed was certainly never sent, whoever died in between.
 */
export async function claimSending(store: Store, batchIds: readonly bigint[]): Promise<ReadonlySet<bigint>> {
  const rows = await store.query<{ id: string }>(
    `UPDATE exchange.batch SET send_begun_at = coalesce(send_begun_at, now())
     WHERE batch_id = ANY ($1) AND state IN ('sealed', 'published') RETURNING batch_id AS id`,
    [batchIds.map(String)],
  );
  return new Set(rows.map((row) => BigInt(row.id)));
}

export async function markPublished(store: Store, batchIds: readonly bigint[]): Promise<void> {
  await store.query(
    `UPDATE exchange.batch SET state = 'published', published_at = now() WHERE batch_id = ANY ($1) AND state IN ('sealed', 'published')`,
    [batchIds.map(String)],
  );
}

/**
 * Batches that nobody seems to be sending: sealed longer ago than `sealedSeconds` (their process died before it sent
 * them), or published longer ago than `overdueSeconds` without a receipt. Sending twice is harmless, so a timer decides. What
 * was sent in vain waits as long again as it has waited already, eight times `overdueSeconds` at most: each copy gets its
 * receipt again, and where receipts come late already, copies at a steady pace would make them come ever later.
 */
export async function unsentBatches(
  store: Store,
  province: string,
  limits: { sealedSeconds: number; overdueSeconds: number; batchesMax: number },
): Promise<readonly StoredMessage[]> {
  const rows = await store.query<{ id: string; headers: Record<string, string>; bytes: Buffer }>(
    `SELECT b.batch_id AS id, p.headers, p.bytes FROM exchange.batch b JOIN exchange.batch_payload p USING (batch_id, province)
     WHERE b.province = $1 AND ((b.state = 'sealed' AND b.sealed_at <= now() - make_interval(secs => $2))
       OR (b.state = 'published' AND b.published_at <= now() - least(greatest(b.published_at - b.sealed_at,
         make_interval(secs => $3)), 8 * make_interval(secs => $3))))
     ORDER BY b.batch_id LIMIT $4`,
    [province, limits.sealedSeconds, limits.overdueSeconds, limits.batchesMax],
  );
  return rows.map((row) => ({ batchId: BigInt(row.id), headers: row.headers, bytes: row.bytes }));
}

/** The oldest batch without a receipt, in seconds since it was sealed; null when all are settled. */
export async function oldestUnsettledSeconds(store: Store, runId: string): Promise<number | null> {
  const rows = await store.query<{ age: string | null }>(
    "SELECT extract(epoch FROM now() - min(sealed_at)) AS age FROM exchange.batch WHERE run_id = $1 AND state IN ('sealed', 'published')",
    [runId],
  );
  const age = rows[0]?.age;
  return age === null || age === undefined ? null : Number(age);
}

/** Drops the bytes of batches settled longer ago than their retention. Returns how many. */
export async function dropSettledPayloads(
  store: Store,
  province: string,
  retentionHours: number,
): Promise<number> {
  const rows = await store.query(
    `DELETE FROM exchange.batch_payload p USING exchange.batch b
     WHERE b.batch_id = p.batch_id AND b.province = p.province AND b.province = $1 AND b.state = 'settled' AND b.settled_at < now() - make_interval(hours => $2)
     RETURNING p.batch_id`,
    [province, retentionHours],
  );
  return rows.length;
}

/** The exact bytes of a batch that was sent; null once they were dropped. */
export async function sentMessage(store: Store, batchId: string): Promise<Buffer | null> {
  const rows = await store.query<{ bytes: Buffer }>(
    "SELECT bytes FROM exchange.batch_payload WHERE batch_id = $1",
    [batchId],
  );
  return rows[0]?.bytes ?? null;
}
