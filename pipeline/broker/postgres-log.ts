import { DuijieError } from "../../contracts/errors.ts";
import type { PartitionName } from "./assigned-partitions.ts";
import type { IncomingMessage, OutgoingMessage, TopicSpec } from "./broker.ts";
import { messageBytes } from "./message-size.ts";
import { bytesOf, headersOf, numberOf, offsetOf, textOf } from "./postgres-rows.ts";
import type { Ask } from "./postgres-session.ts";

/** NOTIFY's channel; a payload is `message:<topic>/<partition>` or `group:<group>`. */
export const channel = "duijie_broker";

/** Kafka's default for a topic without `max.message.bytes`. */
const messageBytesDefault = 1_048_588;
/** What one read of a partition brings at most, unless its first message alone is larger. */
const read = { messages: 100, bytes: 1 << 20 };

/** The next offset to be written of each partition of `topics`. */
export async function partitionEnds(
  ask: Ask,
  topics: readonly string[],
): Promise<readonly (PartitionName & { readonly low: bigint; readonly high: bigint })[]> {
  const rows = await ask(
    `SELECT topic, partition, low_offset::text AS low, next_offset::text AS high FROM broker.partition
     WHERE topic = ANY ($1) ORDER BY topic, partition`,
    [topics],
  );
  return rows.map((row) => ({
    topic: textOf(row, "topic"),
    partition: numberOf(row, "partition"),
    low: offsetOf(row, "low"),
    high: offsetOf(row, "high"),
  }));
}

/**
 * Writes messages of one partition. Their offsets are taken under the lock of the partition's row, which is held until
 * the commit: no offset is given twice or left out, and none is visible before a lower one. Throws TOPIC_MISSING,
 * MESSAGE_TOO_LARGE by the topic's own limit.
 */
export async function append(
  ask: Ask,
  { topic, partition }: PartitionName,
  messages: readonly OutgoingMessage[],
): Promise<void> {
  const sizes = messages.map(messageBytes);
  const values = messages.flatMap(({ headers, value }, at) => [JSON.stringify(headers), value, sizes[at]]);
  const fixed = 6;
  const given = messages.map((_, at) => {
    const first = fixed + at * 3;
    return `(${at}, $${first + 1}::json, $${first + 2}::bytea, $${first + 3}::integer)`;
  });
  const largest = Math.max(...sizes);
  const rows = await ask(
    `WITH place AS (
       UPDATE broker.partition p SET next_offset = p.next_offset + $3 FROM broker.topic t
       WHERE p.topic = $1 AND p.partition = $2 AND t.topic = p.topic
         AND $4::bigint <= coalesce((t.config ->> 'max.message.bytes')::bigint, $5)
       RETURNING p.next_offset - $3 AS first_offset),
     written AS (
       INSERT INTO broker.message (topic, partition, message_offset, headers, value, bytes)
       SELECT $1, $2, place.first_offset + given.at, given.headers, given.value, given.bytes
       FROM place, (VALUES ${given.join(", ")}) AS given (at, headers, value, bytes) RETURNING 1)
     SELECT count(*)::integer AS written, pg_notify('${channel}', $6)::text FROM written`,
    [
      topic,
      partition,
      messages.length,
      largest,
      messageBytesDefault,
      `message:${topic}/${partition}`,
      ...values,
    ],
  );
  if (numberOf(rows[0], "written") === messages.length) return;
  const known = await partitionEnds(ask, [topic]);
  if (!known.some((one) => one.partition === partition))
    throw new DuijieError("TOPIC_MISSING", { topics: topic, partition });
  throw new DuijieError("MESSAGE_TOO_LARGE", { topic, partition, bytes: largest });
}

/** Messages from `offset` on, in order; fewer than there are. */
export async function readFrom(
  ask: Ask,
  { topic, partition }: PartitionName,
  offset: bigint,
): Promise<readonly IncomingMessage[]> {
  const rows = await ask(
    `SELECT m.message_offset::text AS place, m.headers::text AS headers, m.value FROM (
       SELECT message_offset, sum(bytes) OVER (ORDER BY message_offset) - bytes AS before FROM (
         SELECT message_offset, bytes FROM broker.message
         WHERE topic = $1 AND partition = $2 AND message_offset >= $3 ORDER BY message_offset LIMIT $4) few) sized
     JOIN broker.message m ON m.topic = $1 AND m.partition = $2 AND m.message_offset = sized.message_offset
     WHERE sized.before < $5 ORDER BY m.message_offset`,
    [topic, partition, String(offset), read.messages, read.bytes],
  );
  return rows.map((row) => ({
    topic,
    partition,
    offset: offsetOf(row, "place"),
    headers: headersOf(row, "headers"),
    value: bytesOf(row, "value"),
  }));
}

/** Adds the topics that are not there, with their partitions. Two nodes that start at once add each topic once. */
export async function addTopics(ask: Ask, specs: readonly TopicSpec[]): Promise<void> {
  for (const { topic, partitions, config } of specs) {
    await ask(
      `WITH added AS (INSERT INTO broker.topic (topic, partitions, config) VALUES ($1, $2, $3)
         ON CONFLICT (topic) DO NOTHING RETURNING topic)
       INSERT INTO broker.partition (topic, partition) SELECT topic, at FROM added, generate_series(0, $2 - 1) at`,
      [topic, partitions, JSON.stringify(config)],
    );
  }
}

export async function partitionCounts(
  ask: Ask,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await ask("SELECT topic, partitions FROM broker.topic WHERE topic = ANY ($1)", [names]);
  return new Map(rows.map((row) => [textOf(row, "topic"), numberOf(row, "partitions")]));
}
