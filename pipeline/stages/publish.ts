import { claimSending, markPublished } from "../../exchange-db/batches.ts";
import type { Store } from "../../exchange-db/store.ts";
import type { Broker, OutgoingMessage } from "../broker/broker.ts";
import type { Stage } from "../stage.ts";
import { topicName } from "../topics.ts";

export interface PublishOptions {
  readonly store: Store;
  readonly broker: Broker;
  readonly province: string;
  /** Of the data topic. */
  readonly partitions: number;
}

export interface PublishableBatch {
  readonly batchId: bigint;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** publish: landed bytes → messages; of withdrawn batches none. Durable when the broker acknowledged; sending the same bytes again is harmless. */
export function publishStage(options: PublishOptions): Stage<readonly PublishableBatch[], readonly bigint[]> {
  return {
    name: "publish",
    async run(batches) {
      if (batches.length === 0) return [];
      const all = batches.map((batch) => batch.batchId);
      const claimed = await claimSending(options.store, all);
      const sendable = batches.filter((batch) => claimed.has(batch.batchId));
      if (sendable.length === 0) return [];
      await options.broker.send(sendable.map((batch) => messageOf(options, batch)));
      const ids = sendable.map((batch) => batch.batchId);
      await markPublished(options.store, ids);
      return ids;
    },
  };
}

/** Spread by batch number: order comes from the nation's version fence alone. */
function messageOf(options: PublishOptions, batch: PublishableBatch): OutgoingMessage {
  return {
    topic: topicName(options.province, "up", "data"),
    partition: Number(batch.batchId % BigInt(options.partitions)),
    headers: batch.headers,
    value: batch.bytes,
  };
}
