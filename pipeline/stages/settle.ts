import { DuijieError } from "../../contracts/errors.ts";
import { batchOfReceipt, type SettledVerdict, sentBytes, settleBatch } from "../../exchange-db/settling.ts";
import type { StoreClient } from "../../exchange-db/store.ts";
import { parseControl, parseValue, type ReceiptMessage } from "../control.ts";
import type { ReceivedMessage } from "./receive.ts";

/**
 * settle: a verified receipt → its batch settled and an exception for each record that was not applied, in the caller's
 * transaction. A receipt that comes again changes nothing, nor does that of an unknown batch: `isSettled` is false. Throws MESSAGE_MALFORMED for a receipt that does not fit its
 * batch. Returns the number of records that wait or were refused.
 */
export async function settle(
  client: StoreClient,
  received: ReceivedMessage,
): Promise<{ batchId: bigint; verdicts: number; isSettled: boolean }> {
  const receipt = parseControl("receipt", received.message.value);
  const batchId = BigInt(receipt.batchId);
  const batch = await batchOfReceipt(client, received.province, batchId);
  // A database restored from a backup does not know its newest batches: their receipts are evidence of nothing here.
  if (batch === null) return { batchId, verdicts: 0, isSettled: false };
  if (batch.state === "settled" || batch.state === "withdrawn")
    return { batchId, verdicts: 0, isSettled: false };
  const verdicts =
    receipt.refusal === null
      ? receipt.verdicts
      : await refuseAll(client, received.province, batchId, receipt);
  const fits = receipt.entity === batch.entity && receipt.wireCount === batch.wireCount;
  if (!fits || verdicts.some((verdict) => verdict.ordinal >= batch.wireCount)) {
    throw new DuijieError("MESSAGE_MALFORMED", {
      what: "receipt does not fit its batch",
      batchId: receipt.batchId,
    });
  }
  await settleBatch(client, received.province, batch.entity, {
    batchId,
    messageId: received.envelope.id,
    headers: received.message.headers,
    bytes: received.message.value,
    verdicts,
  });
  return { batchId, verdicts: verdicts.length, isSettled: true };
}

/** A batch refused as a whole: each of its records, read back from the bytes that were sent, is rejected with its code. */
async function refuseAll(
  client: StoreClient,
  province: string,
  batchId: bigint,
  receipt: ReceiptMessage,
): Promise<SettledVerdict[]> {
  const sent = await sentBytes(client, province, batchId);
  const value = sent === null ? null : parseValue(sent);
  const records = typeof value === "object" && value !== null && "records" in value ? value.records : null;
  if (!Array.isArray(records))
    throw new DuijieError("INVARIANT_BROKEN", {
      what: "bytes of an unsettled batch",
      batchId: receipt.batchId,
    });
  const code = receipt.refusal ?? "MESSAGE_MALFORMED";
  return records.map((record: unknown, ordinal) => ({
    ordinal,
    key: Array.isArray(record) ? String(record[1]) : "",
    outcome: "rejected",
    code,
    field: null,
    parent: null,
  }));
}
