import { randomUUID } from "node:crypto";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { entityContract } from "../../contracts/registry.ts";
import type { Store, StoreClient } from "../../exchange-db/store.ts";
import type { Broker } from "../broker/broker.ts";
import { controlMessage, parseControl } from "../control.ts";
import type { Party } from "../envelope.ts";
import type { SigningKey } from "../signing.ts";
import { topicName } from "../topics.ts";
import type { ReceivedMessage } from "./receive.ts";

export interface ReconcileOptions {
  readonly store: Store;
  readonly broker: Broker;
  readonly province: Party;
  readonly key: SigningKey;
}

export interface Reconciliation {
  readonly entity: EntityName;
  readonly provinceRows: number;
  readonly nationRows: number | null;
  /** Same count and same sum of digests on both sides; null until the nation has answered. */
  readonly isEqual: boolean | null;
}

/**
 * reconcile: what the province believes to be applied is counted and summed, the nation is asked for the same of its own
 * columns. A difference is a finding, never a silent fix. Gives the request's id.
 */
export async function askDigests(
  options: ReconcileOptions,
  runId: string,
  entities: readonly EntityName[],
): Promise<string> {
  const askedId = randomUUID();
  for (const entity of entities)
    await recordProvinceSide(options.store, options.province, runId, askedId, entity);
  const request = controlMessage(
    "digest-request",
    { askedId },
    { id: askedId, source: options.province, key: options.key, traceParent: null, recordCount: null },
  );
  const topic = topicName(options.province, "up", "control");
  await options.broker.send([{ topic, partition: 0, headers: request.headers, value: request.bytes }]);
  return askedId;
}

/**
 * Per key the nation holds the newest version it applied: the staging row where that one was applied, else the agreed
 * earlier one, whose digest stands in `_prior`. What was deleted last is not held.
 */
async function recordProvinceSide(
  store: Store,
  province: string,
  runId: string,
  askedId: string,
  entity: EntityName,
): Promise<void> {
  const { table } = entityContract(entity);
  await store.query(
    `INSERT INTO exchange.reconciliation (run_id, province, entity, asked_id, province_rows, province_sum)
     SELECT $2, $1, $3, $4, count(*), coalesce(sum(('x' || encode(substring(digest FROM 1 FOR 7), 'hex'))::bit(56)::bigint), 0)
     FROM (SELECT CASE WHEN b.state = 'settled' AND s.wire_digest IS NOT NULL AND e.batch_id IS NULL
                       THEN CASE s.op WHEN 'upsert' THEN s.wire_digest END
                       ELSE CASE p.op WHEN 'upsert' THEN p.wire_digest END END AS digest
           FROM staging.${table} s
           JOIN exchange.batch b ON b.batch_id = s.batch_id AND b.province = s.province
           LEFT JOIN exchange.exception e
             ON e.batch_id = s.batch_id AND e.ordinal = s.batch_ordinal AND e.province = s.province
           LEFT JOIN staging.${table}_prior p
             ON p.province = s.province AND p.source_key = s.source_key AND p.batch_id = s.agreed_national_version
           WHERE s.province = $1) held
     WHERE digest IS NOT NULL`,
    [province, runId, entity, askedId],
  );
}

/** Keeps the nation's side of a request in the caller's transaction. */
export async function recordDigests(client: StoreClient, received: ReceivedMessage): Promise<void> {
  const { askedId, digests } = parseControl("digest", received.message.value);
  await client.query(
    `UPDATE exchange.reconciliation r SET nation_rows = d.rows, nation_sum = d.sum, answered_at = now()
     FROM jsonb_to_recordset($2::jsonb) AS d(entity text, rows bigint, sum numeric)
     WHERE r.asked_id::text = $1 AND r.entity = d.entity`,
    [askedId, JSON.stringify(digests)],
  );
}

/** The lines of one request, in the order of entities. */
export async function reconciliationOf(store: Store, askedId: string): Promise<readonly Reconciliation[]> {
  return await reconciliations(store, "asked_id = $1", askedId);
}

/** The newest comparison of each entity that was made for a run; empty before any was asked for. */
export async function reconciliationOfRun(store: Store, runId: string): Promise<readonly Reconciliation[]> {
  return await reconciliations(store, "run_id = $1", runId);
}

async function reconciliations(
  store: Store,
  condition: "asked_id = $1" | "run_id = $1",
  value: string,
): Promise<readonly Reconciliation[]> {
  const rows = await store.query<{
    entity: EntityName;
    provinceRows: string;
    nationRows: string | null;
    isEqual: boolean | null;
  }>(
    `SELECT DISTINCT ON (entity) entity, province_rows AS "provinceRows", nation_rows AS "nationRows",
       province_rows = nation_rows AND province_sum = nation_sum AS "isEqual"
     FROM exchange.reconciliation WHERE ${condition} ORDER BY entity, asked_at DESC`,
    [value],
  );
  return entityNames.flatMap((entity) => {
    const row = rows.find((one) => one.entity === entity);
    if (row === undefined) return [];
    return [
      {
        entity,
        provinceRows: Number(row.provinceRows),
        nationRows: row.nationRows === null ? null : Number(row.nationRows),
        isEqual: row.isEqual,
      },
    ];
  });
}
