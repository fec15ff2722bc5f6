import type { Store } from "../../exchange-db/store.ts";
import type { Broker } from "../broker/broker.ts";
import type { Stage } from "../stage.ts";
import { topicName } from "../topics.ts";

export interface AcknowledgeOptions {
  readonly store: Store;
  readonly broker: Broker;
}

interface AnswerRow {
  id: string;
  headers: Record<string, string>;
  bytes: Buffer;
}

export interface AnswerRequest {
  readonly province: string;
  /** Null: whatever was kept and not sent, as after a crash. */
  readonly messageIds: readonly string[] | null;
}

/** acknowledge: kept answers → messages on the province's control topic, then marked as sent. Gives how many. */
export function acknowledgeStage(options: AcknowledgeOptions): Stage<AnswerRequest, number> {
  return {
    name: "acknowledge",
    async run({ province, messageIds }) {
      const rows = await options.store.query<AnswerRow>(
        `SELECT message_id AS id, headers, bytes FROM national.answer
         WHERE province = $1 AND sent_at IS NULL AND ($2::text[] IS NULL OR message_id = ANY ($2)) ORDER BY created_at LIMIT 500`,
        [province, messageIds],
      );
      if (rows.length === 0) return 0;
      const topic = topicName(province, "down", "control");
      await options.broker.send(
        rows.map((row) => ({ topic, partition: 0, headers: row.headers, value: row.bytes })),
      );
      await options.store.query(
        "UPDATE national.answer SET sent_at = now() WHERE province = $1 AND message_id = ANY ($2)",
        [province, rows.map((row) => row.id)],
      );
      return rows.length;
    },
  };
}
