import { createHash } from "node:crypto";
import type { ErrorCode } from "../contracts/errors.ts";
import type { StoreClient } from "./store.ts";

export interface RefusedMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer;
}

/** Records a refused message by digest and size, never its content; the same offset twice is one refusal. */
export async function recordRefusal(
  client: StoreClient,
  schema: "exchange" | "national",
  message: RefusedMessage,
  code: ErrorCode,
): Promise<void> {
  await client.query(
    `INSERT INTO ${schema}.refusal (topic, partition, message_offset, code, message_id, key_id, digest, size_bytes)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
    [
      message.topic,
      message.partition,
      String(message.offset),
      code,
      claimed(message.headers["ce_id"]),
      claimed(message.headers["ce_keyid"]),
      createHash("sha256").update(message.value).digest(),
      message.value.length,
    ],
  );
}

/** A stranger's header may hold anything: only a short plain word of it is kept. */
function claimed(value: string | undefined): string | null {
  return value !== undefined && /^[\w./:-]{1,100}$/.test(value) ? value : null;
}
