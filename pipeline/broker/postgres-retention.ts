import type { PartitionName } from "./assigned-partitions.ts";
import { numberOf, offsetOf, textOf } from "./postgres-rows.ts";
import type { Ask } from "./postgres-session.ts";

/** Kafka's default for a topic without `retention.ms`; -1 means for ever, as there. */
const retentionDefaultMs = 7 * 24 * 3_600_000;
/** Short transactions: writers wait for the partition's row meanwhile. */
const portion = 1_000n;

interface Overdue extends PartitionName {
  readonly low: bigint;
  readonly keepFrom: bigint;
}

/**
 * Drops what `retention.ms` and `retention.bytes` of the topics no longer keep, oldest first; always whole beginnings
 * of the log, by the database's clock. Several processes may do it at once. Returns how many messages went.
 */
export async function purge(ask: Ask): Promise<number> {
  let gone = 0;
  for (const overdue of await overdueParts(ask)) {
    for (let from = overdue.low; from < overdue.keepFrom; from += portion) {
      const upTo = from + portion < overdue.keepFrom ? from + portion : overdue.keepFrom;
      gone += await drop(ask, overdue, upTo);
    }
  }
  return gone;
}

/** Of each partition the first offset to keep: the first young enough, or within the newest `retention.bytes`. */
async function overdueParts(ask: Ask): Promise<readonly Overdue[]> {
  const rows = await ask(
    `SELECT * FROM (
       SELECT p.topic, p.partition, p.low_offset::text AS low, greatest(
         CASE WHEN limits.ms < 0 THEN 0 ELSE coalesce((
           SELECT min(m.message_offset) FROM broker.message m
           WHERE m.topic = p.topic AND m.partition = p.partition
             AND m.appended_at >= clock_timestamp() - limits.ms * interval '1 millisecond'), p.next_offset) END,
         CASE WHEN limits.bytes < 0 THEN 0 ELSE coalesce((
           SELECT min(message_offset) FROM (
             SELECT message_offset, sum(bytes) OVER (ORDER BY message_offset DESC) - bytes AS newer
             FROM broker.message m WHERE m.topic = p.topic AND m.partition = p.partition) sized
           WHERE newer < limits.bytes), p.next_offset) END)::text AS keep_from
       FROM broker.partition p JOIN broker.topic t USING (topic), LATERAL (
         SELECT coalesce((t.config ->> 'retention.ms')::bigint, $1) AS ms,
           coalesce((t.config ->> 'retention.bytes')::bigint, -1) AS bytes) limits) judged
     WHERE keep_from::bigint > low::bigint`,
    [retentionDefaultMs],
  );
  return rows.map((row) => ({
    topic: textOf(row, "topic"),
    partition: numberOf(row, "partition"),
    low: offsetOf(row, "low"),
    keepFrom: offsetOf(row, "keep_from"),
  }));
}

async function drop(ask: Ask, { topic, partition }: PartitionName, upTo: bigint): Promise<number> {
  const rows = await ask(
    `WITH moved AS (UPDATE broker.partition SET low_offset = greatest(low_offset, $3)
         WHERE topic = $1 AND partition = $2 RETURNING topic, partition),
     gone AS (DELETE FROM broker.message m USING moved
         WHERE m.topic = moved.topic AND m.partition = moved.partition AND m.message_offset < $3 RETURNING 1)
     SELECT count(*)::integer AS gone FROM gone`,
    [topic, partition, String(upTo)],
  );
  return numberOf(rows[0], "gone");
}
