import type { EntityName } from "../contracts/entity.ts";
import { entityContract } from "../contracts/registry.ts";
import type { StoreClient } from "./store.ts";

export interface SettledVerdict {
  readonly ordinal: number;
  readonly key: string;
  readonly outcome: "rejected" | "waiting" | "superseded";
  readonly code: string;
  readonly field: string | null;
  readonly parent: { readonly entity: EntityName; readonly identifier: string } | null;
}

export interface ReceivedReceipt {
  readonly batchId: bigint;
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly verdicts: readonly SettledVerdict[];
}

/** What a receipt is held against before it settles anything. */
export async function batchOfReceipt(
  client: StoreClient,
  province: string,
  batchId: bigint,
): Promise<{ entity: EntityName; wireCount: number; state: string } | null> {
  const found = await client.query<{ entity: EntityName; wireCount: number; state: string }>(
    `SELECT entity, wire_count AS "wireCount", state FROM exchange.batch WHERE batch_id = $1 AND province = $2 FOR UPDATE`,
    [String(batchId), province],
  );
  return found.rows[0] ?? null;
}

/**
 * Settles a batch in the caller's transaction: the receipt is kept, each record that was not applied gets its exception.
 * A record that was landed again meanwhile is already superseded, whatever this older verdict says.
 */
export async function settleBatch(
  client: StoreClient,
  province: string,
  entity: EntityName,
  receipt: ReceivedReceipt,
): Promise<void> {
  const { table } = entityContract(entity);
  await client.query(
    `INSERT INTO exchange.receipt (batch_id, province, message_id, headers, bytes) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
    [String(receipt.batchId), province, receipt.messageId, JSON.stringify(receipt.headers), receipt.bytes],
  );
  await client.query(
    "UPDATE exchange.batch SET state = 'settled', settled_at = now() WHERE batch_id = $1 AND province = $2",
    [String(receipt.batchId), province],
  );
  if (receipt.verdicts.length === 0) return;
  const verdicts = receipt.verdicts.map((verdict) => ({
    ordinal: verdict.ordinal,
    key: verdict.key,
    outcome: verdict.outcome,
    code: verdict.code,
    field: verdict.field,
    parent_entity: verdict.parent?.entity ?? null,
    parent_identifier: verdict.parent?.identifier ?? null,
  }));
  await client.query(
    `INSERT INTO exchange.exception (batch_id, ordinal, run_id, province, entity, source_key, source_hash, county, on_wire,
       outcome, code, field, findings, parent_entity, parent_identifier)
     SELECT b.batch_id, v.ordinal, b.run_id, b.province, b.entity, v.key, s.source_hash, s.county, true,
       CASE WHEN s.batch_id > b.batch_id THEN 'superseded' ELSE v.outcome END, v.code, v.field,
       jsonb_build_array(jsonb_build_object('code', v.code, 'field', v.field, 'rule', v.code, 'value', NULL)),
       v.parent_entity, v.parent_identifier
     FROM jsonb_to_recordset($3::jsonb) AS v(ordinal integer, key text, outcome text, code text, field text, parent_entity text, parent_identifier text)
     JOIN exchange.batch b ON b.batch_id = $2 AND b.province = $1
     -- LIMIT: one row by its key; joined as a whole, staging would be read whole while a load fills it.
     LEFT JOIN LATERAL (SELECT * FROM staging.${table} r WHERE r.province = $1 AND r.source_key = v.key LIMIT 1) s ON true
     ON CONFLICT (batch_id, ordinal, province) DO NOTHING`,
    [province, String(receipt.batchId), JSON.stringify(verdicts)],
  );
}

/** The exact bytes of a batch that were sent; null once they were dropped. */
export async function sentBytes(
  client: StoreClient,
  province: string,
  batchId: bigint,
): Promise<Buffer | null> {
  const found = await client.query<{ bytes: Buffer }>(
    "SELECT bytes FROM exchange.batch_payload WHERE batch_id = $1 AND province = $2",
    [String(batchId), province],
  );
  return found.rows[0]?.bytes ?? null;
}
