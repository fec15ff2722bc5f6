import type { EntityName } from "../contracts/entity.ts";
import { entityContract } from "../contracts/registry.ts";
import type { KeptFinding } from "./landing.ts";
import type { Store } from "./store.ts";

/** A parked record with what staging holds of it: all that is needed to map, validate and send it again. */
export interface ParkedRecord {
  readonly batchId: string;
  readonly ordinal: number;
  readonly key: string;
  readonly hash: string;
  readonly county: string | null;
  readonly op: "upsert" | "delete";
  readonly outcome: "quarantined" | "rejected" | "waiting";
  readonly code: string;
  readonly findings: readonly KeptFinding[];
  readonly wireDigest: Buffer | null;
  readonly agreedNationalVersion: string | null;
  readonly raw: readonly (string | null)[];
}

export interface ParkedFilter {
  readonly codes?: readonly string[];
  readonly field?: string;
  readonly value?: string;
  readonly outcomes?: readonly ("quarantined" | "rejected" | "waiting")[];
}

export interface ParkedCursor {
  readonly batchId: string;
  readonly ordinal: number;
}

/**
 * One page of an entity's parked records that staging still holds at the parked version, in batch order after `cursor`.
 * `releasable`: only waiting ones whose parent is now applied by the nation.
 */
export async function parkedPage(
  store: Store,
  province: string,
  entity: EntityName,
  filter: ParkedFilter & { releasable?: boolean },
  cursor: ParkedCursor | null,
  limit: number,
): Promise<readonly ParkedRecord[]> {
  const contract = entityContract(entity);
  const raw = contract.fields.map((field) => `s.${field.column}`).join(", ");
  const released =
    filter.releasable === true ? `AND ${parentApplied(contract.parents.map((parent) => parent.entity))}` : "";
  return await store.query<ParkedRecord>(
    `SELECT e.batch_id AS "batchId", e.ordinal, e.source_key AS key, s.source_hash AS hash, s.county, s.op, e.outcome, e.code,
       e.findings, s.wire_digest AS "wireDigest", s.agreed_national_version AS "agreedNationalVersion", ARRAY[${raw}]::text[] AS raw
     FROM exchange.exception e
     JOIN LATERAL (${stagingRow(contract.table, "e.source_key")}) s ON s.batch_id = e.batch_id
     WHERE e.province = $1 AND e.entity = $2 AND e.outcome IN ('quarantined', 'rejected', 'waiting') AND e.outcome = ANY ($3)
       AND ($4::text[] IS NULL OR e.code = ANY ($4)) AND (e.batch_id, e.ordinal) > ($5::bigint, $6::integer)
       AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM jsonb_array_elements(e.findings) f
            WHERE f ->> 'field' = $7 AND ($8::text IS NULL OR f ->> 'value' = $8))) ${released}
     ORDER BY e.batch_id, e.ordinal LIMIT $9`,
    [
      province,
      entity,
      filter.outcomes ?? ["quarantined", "rejected", "waiting"],
      filter.codes ?? null,
      cursor?.batchId ?? "-1",
      cursor?.ordinal ?? -1,
      filter.field ?? null,
      filter.value ?? null,
      limit,
    ],
  );
}

/** True where a waiting record's parent is applied and not deleted: its row's batch is settled and has no exception for it. */
function parentApplied(parents: readonly EntityName[]): string {
  const branches = parents.map((parent) => {
    const { table, identifier } = entityContract(parent);
    const keys =
      identifier === null
        ? `SELECT e.parent_identifier AS source_key`
        : `SELECT i.source_key FROM exchange.identifier i
           WHERE i.province = e.province AND i.entity = '${parent}' AND i.identifier = e.parent_identifier OFFSET 0`;
    return `(e.parent_entity = '${parent}' AND EXISTS (SELECT 1 FROM (${keys}) k
      CROSS JOIN LATERAL (${stagingRow(table, "k.source_key")}) p JOIN exchange.batch pb
        ON pb.batch_id = p.batch_id AND pb.province = e.province
      WHERE p.wire_digest IS NOT NULL AND p.op = 'upsert' AND pb.state = 'settled'
        AND NOT EXISTS (SELECT 1 FROM exchange.exception pe WHERE pe.batch_id = p.batch_id AND pe.ordinal = p.batch_ordinal
          AND pe.province = e.province)))`;
  });
  return branches.length === 0 ? "false" : `(${branches.join(" OR ")})`;
}

/**
 * The one row of a key. LIMIT forbids to join staging as a whole: while a load fills it, statistics call it empty, and
 * reading all of a province then seems as cheap as one row.
 */
function stagingRow(table: string, key: string): string {
  return `SELECT * FROM staging.${table} r WHERE r.province = e.province AND r.source_key = ${key} LIMIT 1`;
}

/** True while any record of the province waits for a parent. */
export async function hasWaiting(store: Store, province: string): Promise<boolean> {
  const rows = await store.query<{ found: boolean }>(
    "SELECT EXISTS (SELECT 1 FROM exchange.exception WHERE province = $1 AND outcome = 'waiting') AS found",
    [province],
  );
  return rows[0]?.found ?? false;
}

/** What still keeps a parked record, where that changed since it was parked. */
export async function updateFindings(
  store: Store,
  entries: readonly {
    batchId: string;
    ordinal: number;
    code: string;
    field: string | null;
    findings: readonly KeptFinding[];
  }[],
): Promise<void> {
  if (entries.length === 0) return;
  await store.query(
    `UPDATE exchange.exception e SET code = u.code, field = u.field, findings = u.findings
     FROM jsonb_to_recordset($1::jsonb) AS u("batchId" bigint, ordinal integer, code text, field text, findings jsonb)
     WHERE e.batch_id = u."batchId" AND e.ordinal = u.ordinal AND e.outcome = 'quarantined'`,
    [JSON.stringify(entries)],
  );
}

export interface ParkedSummary {
  readonly entity: EntityName;
  readonly outcome: string;
  readonly code: string;
  readonly field: string | null;
  readonly records: number;
}

/** Open exceptions counted by entity, outcome, code and field. */
export async function parkedSummary(store: Store, province: string): Promise<readonly ParkedSummary[]> {
  const rows = await store.query<{
    entity: EntityName;
    outcome: string;
    code: string;
    field: string | null;
    records: string;
  }>(
    `SELECT entity, outcome, code, field, count(*) AS records FROM exchange.exception
     WHERE province = $1 AND outcome IN ('quarantined', 'rejected', 'waiting') GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 5 DESC`,
    [province],
  );
  return rows.map((row) => ({ ...row, records: Number(row.records) }));
}

export interface ParkedEntry {
  readonly entity: EntityName;
  readonly outcome: "quarantined" | "rejected" | "waiting";
  readonly code: string;
  readonly field: string | null;
  /** Of all its findings. */
  readonly rules: readonly string[];
  readonly county: string | null;
  /** As the registry has it; who prints it masks it. */
  readonly key: string | null;
  readonly batchId: string;
  readonly ordinal: number;
}

/** Single open exceptions, the oldest first. */
export async function parkedEntries(
  store: Store,
  province: string,
  filter: { readonly entity: string | null; readonly code: string | null },
  limit: number,
): Promise<readonly ParkedEntry[]> {
  return await store.query<ParkedEntry>(
    `SELECT entity, outcome, code, field, ARRAY(SELECT DISTINCT f ->> 'rule' FROM jsonb_array_elements(findings) f ORDER BY 1) AS rules,
       county, source_key AS key, batch_id AS "batchId", ordinal
     FROM exchange.exception
     WHERE province = $1 AND outcome IN ('quarantined', 'rejected', 'waiting')
       AND ($2::text IS NULL OR entity = $2) AND ($3::text IS NULL OR code = $3)
     ORDER BY batch_id, ordinal LIMIT $4`,
    [province, filter.entity, filter.code, limit],
  );
}

export interface MappingGap {
  readonly entity: EntityName;
  readonly field: string;
  readonly table: string;
  readonly sourceCode: string | null;
  readonly records: number;
}

/** Codes without a mapping, heaviest first. */
export async function mappingGaps(store: Store, province: string): Promise<readonly MappingGap[]> {
  const rows = await store.query<{
    entity: EntityName;
    field: string;
    table: string;
    sourceCode: string | null;
    records: string;
  }>(
    `SELECT entity, field, table_name AS "table", source_code AS "sourceCode", records FROM exchange.mapping_gap
     WHERE province = $1 ORDER BY records DESC, entity, field, source_code`,
    [province],
  );
  return rows.map((row) => ({ ...row, records: Number(row.records) }));
}
