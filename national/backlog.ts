import { DuijieError } from "../contracts/errors.ts";
import type { StoreClient } from "../exchange-db/store.ts";
import type { Broker } from "../pipeline/broker/broker.ts";
import { topicName } from "../pipeline/topics.ts";

/**
 * The welcome tells the highest batch number that was seen. What lies unread in the data topic may have higher ones: a
 * province that was restored from a backup would use them again. So a hello is answered when all is applied that was
 * sent before it; where the topic ended is asked once for each hello, or a running load would put the answer off for ever.
 */
export class Backlog {
  readonly #broker: Pick<Broker, "topics" | "watermarks">;
  readonly #ends = new Map<string, ReadonlyMap<number, bigint>>();

  constructor(broker: Pick<Broker, "topics" | "watermarks">) {
    this.#broker = broker;
  }

  /** Throws BACKLOG_UNREAD, to be asked again, while something is not applied. */
  async requireRead(client: StoreClient, consumer: string, province: string, nonce: string): Promise<void> {
    const topic = topicName(province, "up", "data");
    const ends = this.#ends.get(nonce) ?? (await this.#endsOf(topic));
    this.#ends.set(nonce, ends);
    const read = await client.query<{ partition: number; next: string }>(
      "SELECT partition, next_offset AS next FROM national.consumer_position WHERE consumer = $1 AND topic = $2",
      [consumer, topic],
    );
    const next = new Map(read.rows.map((row) => [row.partition, BigInt(row.next)]));
    const unread = [...ends].filter(([partition, end]) => (next.get(partition) ?? 0n) < end);
    if (unread.length > 0) throw new DuijieError("BACKLOG_UNREAD", { topic, partitions: unread.length });
    this.#ends.delete(nonce);
  }

  async #endsOf(topic: string): Promise<ReadonlyMap<number, bigint>> {
    const partitions = (await this.#broker.topics([topic])).get(topic) ?? 0;
    const ends = Array.from({ length: partitions }, async (_, partition) => {
      const { high } = await this.#broker.watermarks(topic, partition);
      return [partition, high] as const;
    });
    return new Map(await Promise.all(ends));
  }
}
