import type { EntityName } from "../contracts/entity.ts";
import { entityContract } from "../contracts/registry.ts";
import type { Store } from "./store.ts";

/** What the exchange-db knows of a key before it is landed again. */
export interface KnownRow {
  readonly key: string;
  readonly op: "upsert" | "delete";
  readonly hash: string;
  readonly wireDigest: Buffer | null;
  readonly contractVersion: number;
  readonly mappingVersion: string;
  /** The version that both sides hold, derived from the row's batch and exception; null before the first "applied". */
  readonly agreedNationalVersion: string | null;
}

export async function knownRows(
  store: Store,
  province: string,
  entity: EntityName,
  keys: readonly string[],
): Promise<ReadonlyMap<string, KnownRow>> {
  const { table } = entityContract(entity);
  const rows = await store.query<KnownRow>(
    `SELECT s.source_key AS key, s.op, s.source_hash AS hash, s.wire_digest AS "wireDigest",
       s.contract_version AS "contractVersion", s.mapping_version AS "mappingVersion",
       CASE WHEN b.state = 'settled' AND s.wire_digest IS NOT NULL AND e.batch_id IS NULL THEN s.batch_id
            ELSE s.agreed_national_version END AS "agreedNationalVersion"
     FROM staging.${table} s
     LEFT JOIN exchange.batch b ON b.batch_id = s.batch_id AND b.province = s.province
     LEFT JOIN exchange.exception e
       ON e.batch_id = s.batch_id AND e.ordinal = s.batch_ordinal AND e.province = s.province
     WHERE s.province = $1 AND s.source_key = ANY ($2)`,
    [province, keys],
  );
  return new Map(rows.map((row) => [row.key, row]));
}

/** Hashes of rows parked without a staging row (key doubled or missing), by key; the empty key stands for "missing". */
export async function parkedHashes(
  store: Store,
  province: string,
  entity: EntityName,
  keys: readonly string[],
  withMissing: boolean,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await store.query<{ key: string | null; hashes: string[] }>(
    `SELECT source_key AS key, array_agg(source_hash ORDER BY source_hash COLLATE "C") AS hashes FROM exchange.exception
     WHERE province = $1 AND entity = $2 AND outcome = 'quarantined' AND source_hash IS NOT NULL
       AND ((code = 'KEY_DUPLICATE' AND source_key = ANY ($3)) OR ($4 AND source_key IS NULL))
     GROUP BY source_key`,
    [province, entity, keys, withMissing],
  );
  return new Map(rows.map((row) => [row.key ?? "", row.hashes]));
}
