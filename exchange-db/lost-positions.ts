import type { Store } from "./store.ts";

/** How far a consumer of ours has read one partition. */
export interface ConsumerPosition {
  readonly consumer: string;
  readonly topic: string;
  readonly partition: number;
  readonly next: bigint;
  readonly lostAt: Date | null;
}

type Schema = "exchange" | "national";

export async function consumerPositions(store: Store, schema: Schema): Promise<readonly ConsumerPosition[]> {
  const rows = await store.query<Omit<ConsumerPosition, "next"> & { next: string }>(
    `SELECT consumer, topic, partition, next_offset AS next, lost_at AS "lostAt" FROM ${schema}.consumer_position ORDER BY 1, 2, 3`,
  );
  return rows.map((row) => ({ ...row, next: BigInt(row.next) }));
}

/**
 * Lets a lost position go on at `first`. The epoch fences out whoever may still hold the partition. False where it is
 * not lost, or moved meanwhile.
 */
export async function acceptPosition(
  store: Store,
  schema: Schema,
  lost: ConsumerPosition,
  first: bigint,
): Promise<boolean> {
  const rows = await store.query(
    `UPDATE ${schema}.consumer_position SET next_offset = $5, lost_at = NULL, epoch = epoch + 1
     WHERE consumer = $1 AND topic = $2 AND partition = $3 AND next_offset = $4 AND lost_at IS NOT NULL RETURNING 1`,
    [lost.consumer, lost.topic, lost.partition, String(lost.next), String(first)],
  );
  return rows.length > 0;
}
