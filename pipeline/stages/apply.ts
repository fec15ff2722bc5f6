import { createHash } from "node:crypto";
import type { EntityName } from "../../contracts/entity.ts";
import { DuijieError, type ErrorCode } from "../../contracts/errors.ts";
import type { StoreClient } from "../../exchange-db/store.ts";
import { controlMessage, type ReceiptMessage, type SignedMessage } from "../control.ts";
import type { RegistryPort, Verdict } from "../registry-port.ts";
import { type SigningKey, signedBytes } from "../signing.ts";
import {
  batchIdOf,
  type CheckedBatch,
  entityOfBatch,
  openBatch,
  type ReceivedMessage,
  type ValidatorOf,
} from "./receive.ts";

export interface ApplyOptions {
  readonly registry: RegistryPort<StoreClient>;
  readonly key: SigningKey;
  readonly accepted: (entity: EntityName) => readonly number[];
  readonly validatorOf: ValidatorOf;
}

/** What one message did to the nation: answers to send, and the code it was refused with, if it was. */
export interface AppliedMessage {
  readonly answers: readonly string[];
  readonly refusal: ErrorCode | null;
  /** Of its own span, where it has one: the answer hangs below it. */
  readonly traceParent?: string;
}

/**
 * apply: a received batch → national registry, inbox and receipt, all in the caller's transaction. A batch number seen
 * before gets its stored receipt again; with other bytes it is refused. A batch that can't be opened is answered too, so
 * that its province does not wait for ever.
 */
export async function applyBatch(
  client: StoreClient,
  options: ApplyOptions,
  received: ReceivedMessage,
): Promise<AppliedMessage> {
  const entity = entityOfBatch(received);
  const batchId = batchIdOf(received.envelope.id);
  const digest = messageDigest(received);
  const earlier = await repeat(client, received.province, batchId);
  if (earlier !== null) {
    if (!earlier.equals(digest)) return { answers: [], refusal: "MESSAGE_ID_REUSED" };
    await unsend(client, received.province, batchId);
    return { answers: [receiptId(received.province, batchId)], refusal: null };
  }
  const receipt = await judged(client, options, received, entity, batchId);
  return await keepReceipt(client, options, received, receipt);
}

async function judged(
  client: StoreClient,
  options: ApplyOptions,
  received: ReceivedMessage,
  entity: EntityName,
  batchId: bigint,
): Promise<ReceiptMessage> {
  let checked: CheckedBatch;
  try {
    checked = openBatch(received, options.accepted(entity), options.validatorOf);
  } catch (error) {
    if (!(error instanceof DuijieError) || error.disposition !== "refuse") throw error;
    const wireCount = received.envelope.recordCount ?? 0;
    return {
      batchId: String(batchId),
      entity,
      wireCount,
      appliedCount: 0,
      refusal: error.code,
      verdicts: [],
    };
  }
  const verdicts: Verdict[] = [...checked.refused, ...(await options.registry.apply(client, checked.batch))];
  verdicts.sort((one, other) => one.ordinal - other.ordinal);
  const wireCount = checked.batch.records.length + checked.refused.length;
  const appliedCount = wireCount - verdicts.length;
  return { batchId: String(batchId), entity, wireCount, appliedCount, refusal: null, verdicts };
}

export function receiptId(province: string, batchId: bigint): string {
  return `receipt-${province}-${batchId}`;
}

async function repeat(client: StoreClient, province: string, batchId: bigint): Promise<Buffer | null> {
  const seen = await client.query<{ digest: Buffer }>(
    "UPDATE national.inbox SET repeats = repeats + 1 WHERE province = $1 AND batch_id = $2 RETURNING digest",
    [province, String(batchId)],
  );
  return seen.rows[0]?.digest ?? null;
}

async function unsend(client: StoreClient, province: string, batchId: bigint): Promise<void> {
  await client.query("UPDATE national.answer SET sent_at = NULL WHERE province = $1 AND message_id = $2", [
    province,
    receiptId(province, batchId),
  ]);
}

/** The outbox: what is answered leaves only from here, after the commit, and again after a crash. */
export async function keepAnswer(
  client: StoreClient,
  province: string,
  inReplyTo: string,
  answer: SignedMessage,
): Promise<void> {
  await client.query(
    `INSERT INTO national.answer (province, message_id, in_reply_to, headers, bytes) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (province, message_id) DO UPDATE SET sent_at = NULL`,
    [province, answer.id, inReplyTo, JSON.stringify(answer.headers), answer.bytes],
  );
}

/** Refuses a batch that failed again and again for no reason of its own form, so that it does not stop its partition. */
export async function refuseBatch(
  client: StoreClient,
  options: ApplyOptions,
  received: ReceivedMessage,
): Promise<AppliedMessage> {
  const entity = entityOfBatch(received);
  const batchId = batchIdOf(received.envelope.id);
  const wireCount = received.envelope.recordCount ?? 0;
  const receipt: ReceiptMessage = {
    batchId: String(batchId),
    entity,
    wireCount,
    appliedCount: 0,
    refusal: "INVARIANT_BROKEN",
    verdicts: [],
  };
  return await keepReceipt(client, options, received, receipt);
}

async function keepReceipt(
  client: StoreClient,
  options: ApplyOptions,
  received: ReceivedMessage,
  receipt: ReceiptMessage,
): Promise<AppliedMessage> {
  await client.query(
    `INSERT INTO national.inbox (province, batch_id, entity, digest, wire_count, applied_count, refusal_code)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      received.province,
      receipt.batchId,
      receipt.entity,
      messageDigest(received),
      receipt.wireCount,
      receipt.appliedCount,
      receipt.refusal,
    ],
  );
  const answer = controlMessage("receipt", receipt, {
    id: receiptId(received.province, BigInt(receipt.batchId)),
    source: "nation",
    key: options.key,
    traceParent: received.envelope.traceParent,
    recordCount: receipt.wireCount,
  });
  await keepAnswer(client, received.province, received.envelope.id, answer);
  return { answers: [answer.id], refusal: receipt.refusal };
}

/** Of all that was signed: two messages with one number are the same only if this is. */
function messageDigest(received: ReceivedMessage): Buffer {
  return createHash("sha256").update(signedBytes(received.message.headers, received.message.value)).digest();
}
