import { type ByteRange, isByteRange } from "../contracts/byte-range.ts";
import { stagingBookkeepingColumns } from "../contracts/ddl.ts";
import type { EntityName } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import { type EntityContract, entityContract } from "../contracts/registry.ts";
import { copyNew } from "./copy-new.ts";
import { type CopyBytes, copyPieces, copyToTemporary, copyValue } from "./copy-text.ts";
import type { Store, StoreClient } from "./store.ts";

/** One finding of a record, as it is kept. `value` is a source code, never a person's data. */
export interface KeptFinding {
  readonly code: string;
  readonly field: string;
  readonly rule: string;
  readonly value: string | null;
}

export interface LandingRow {
  readonly key: string;
  readonly hash: string;
  readonly county: string | null;
  readonly op: "upsert" | "delete";
  /** SHA-256 of the mapped record in hex; null where it did not pass. */
  readonly wireDigest: string | null;
  readonly agreedNationalVersion: string | null;
  /** Raw text per contract field, contract order; or a line of COPY text in the order of `Landing.lineFields`. */
  readonly raw: readonly (string | null)[] | ByteRange;
  /** Only for a release or replay: the batch whose parked row this replaces. */
  readonly parkedIn: string | null;
  /** Its value in the contract's identifier field, where others refer to this entity by it and the record passed. */
  readonly identifier: string | null;
}

export interface LandingException {
  readonly ordinal: number;
  readonly key: string | null;
  readonly hash: string;
  readonly county: string | null;
  readonly code: string;
  readonly field: string | null;
  readonly findings: readonly KeptFinding[];
  /** Only where staging can't hold the row (key missing or doubled) or a value was unreadable. */
  readonly raw: Readonly<Record<string, string | null>> | null;
}

export interface LandingBatch {
  readonly batchId: bigint;
  /** Rows with a key of their own; the first `wireCount` are on the wire in this order. */
  readonly rows: readonly LandingRow[];
  readonly wireCount: number;
  /** Rows and key-less or doubled rows together. */
  readonly recordCount: number;
  readonly exceptions: readonly LandingException[];
  readonly message: { readonly headers: Readonly<Record<string, string>>; readonly bytes: Buffer } | null;
}

export type LandingOrigin =
  | "chunk"
  | "release"
  | "replay"
  | "absence"
  | "recall-delete"
  | "recall-prior"
  | "recall-parked";

export interface Landing {
  readonly runId: string;
  readonly province: string;
  readonly entity: EntityName;
  readonly contractVersion: number;
  readonly mappingVersion: string;
  readonly origin: LandingOrigin;
  readonly traceId: string;
  /** The leased chunk; null for releases and replays. */
  readonly chunk: { readonly segment: number; readonly token: string } | null;
  /** Nothing of this key range was ever landed: no earlier rows can exist. */
  readonly isFirst: boolean;
  readonly readCount: number;
  readonly unchangedCount: number;
  readonly warnings: Readonly<Record<string, number>>;
  readonly counties: ReadonlyMap<string, { read: number; quarantined: number }>;
  /** Contract fields, by index, in the order of the lines of `raw`; all others have no column in the source. */
  readonly lineFields: readonly number[];
  readonly batches: readonly LandingBatch[];
}

/**
 * Lands one unit of work in one transaction: staging rows, exceptions, batches with their exact signed bytes, the chunk's
 * state. Throws, with nothing kept, LEASE_LOST when the chunk went to another process, LOAD_STATE_WRONG when the run is
 * being recalled. Rows that may be there already are sorted by key, so that two landings can't deadlock; a newer row in
 * staging is never overwritten by an older batch.
 */
export async function land(store: Store, landing: Landing): Promise<void> {
  await store.transaction(async (client) => {
    // Where rows may be there already they are sorted by key: a chunk of them in memory, not in a file.
    await client.query("SET LOCAL synchronous_commit = on; SET LOCAL work_mem = '32MB'");
    await requireNotRecalled(client, landing.runId);
    if (landing.chunk !== null) await closeChunk(client, landing, landing.chunk);
    const landingId = await insertLanding(client, landing);
    for (const batch of landing.batches) await insertBatch(client, landing, landingId, batch);
    if (landing.chunk === null) await requireStillParked(client, landing);
    await landRows(client, landing);
    for (const batch of landing.batches) await insertExceptions(client, landing, batch);
  });
}

/** A recall that begins waits for this transaction; one that has begun lets nothing more into its run. */
async function requireNotRecalled(client: StoreClient, runId: string): Promise<void> {
  const found = await client.query<{ state: string }>(
    "SELECT state FROM exchange.run WHERE run_id = $1 FOR SHARE",
    [runId],
  );
  const state = found.rows[0]?.state ?? "unknown";
  if (state === "recalling" || state === "recalled")
    throw new DuijieError("LOAD_STATE_WRONG", { runId, state });
}

async function closeChunk(
  client: StoreClient,
  landing: Landing,
  chunk: { segment: number; token: string },
): Promise<void> {
  const closed = await client.query(
    `UPDATE exchange.chunk SET state = 'landed', lease_until = NULL
     WHERE run_id = $1 AND entity = $2 AND segment = $3 AND token = $4 AND state = 'leased'`,
    [landing.runId, landing.entity, chunk.segment, chunk.token],
  );
  if (closed.rowCount !== 1) {
    throw new DuijieError("LEASE_LOST", {
      runId: landing.runId,
      entity: landing.entity,
      segment: chunk.segment,
    });
  }
  if (landing.isFirst) {
    await client.query(
      "UPDATE exchange.segment SET is_landed = true WHERE province = $1 AND entity = $2 AND segment = $3",
      [landing.province, landing.entity, chunk.segment],
    );
  }
}

/**
 * A parked row was read outside of this transaction: where a chunk landed newer content meanwhile, the older content must
 * not take its place under a higher version. Throws STORE_CONFLICT; reading again finds the newer row.
 */
async function requireStillParked(client: StoreClient, landing: Landing): Promise<void> {
  const { table } = entityContract(landing.entity);
  const rows = landing.batches.flatMap((batch) => batch.rows);
  const found = await client.query<{ isParked: boolean }>(
    `SELECT s.batch_id = w.batch_id AS "isParked" FROM unnest($2::text[], $3::bigint[]) AS w(source_key, batch_id)
     JOIN staging.${table} s ON s.province = $1 AND s.source_key = w.source_key ORDER BY s.source_key FOR UPDATE OF s`,
    [landing.province, rows.map((row) => row.key), rows.map((row) => row.parkedIn)],
  );
  if (found.rows.length !== rows.length || found.rows.some((row) => !row.isParked)) {
    throw new DuijieError("STORE_CONFLICT", { entity: landing.entity, table: `staging.${table}` });
  }
}

async function insertLanding(client: StoreClient, landing: Landing): Promise<string> {
  const inserted = await client.query<{ id: string }>(
    `INSERT INTO exchange.landing (run_id, province, entity, segment, origin, read_count, unchanged_count, warnings, trace_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING landing_id AS id`,
    [
      landing.runId,
      landing.province,
      landing.entity,
      landing.chunk?.segment ?? null,
      landing.origin,
      landing.readCount,
      landing.unchangedCount,
      JSON.stringify(landing.warnings),
      landing.traceId,
    ],
  );
  const id = inserted.rows[0]?.id;
  if (id === undefined) throw new DuijieError("INVARIANT_BROKEN", { what: "landing not inserted" });
  const counties = [...landing.counties].map(([county, count]) => ({ county, ...count }));
  await client.query(
    `INSERT INTO exchange.landing_county (landing_id, run_id, province, entity, county, read_count, quarantined_count)
     SELECT $1, $2, $3, $4, county, read, quarantined FROM jsonb_to_recordset($5::jsonb) AS c(county text, read integer, quarantined integer)`,
    [id, landing.runId, landing.province, landing.entity, JSON.stringify(counties)],
  );
  return id;
}

async function insertBatch(
  client: StoreClient,
  landing: Landing,
  landingId: string,
  batch: LandingBatch,
): Promise<void> {
  // A batch with nothing on the wire has no receipt to wait for.
  const state = batch.message === null ? "settled" : "sealed";
  await client.query(
    `INSERT INTO exchange.batch (batch_id, landing_id, run_id, province, entity, contract_version, mapping_version,
       record_count, wire_count, state, trace_id, county_counts, settled_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, CASE WHEN $10 = 'settled' THEN now() END)`,
    [
      String(batch.batchId),
      landingId,
      landing.runId,
      landing.province,
      landing.entity,
      landing.contractVersion,
      landing.mappingVersion,
      batch.recordCount,
      batch.wireCount,
      state,
      landing.traceId,
      JSON.stringify(wireCountByCounty(batch)),
    ],
  );
  if (batch.message === null) return;
  await client.query(
    "INSERT INTO exchange.batch_payload (batch_id, province, headers, bytes) VALUES ($1, $2, $3, $4)",
    [String(batch.batchId), landing.province, JSON.stringify(batch.message.headers), batch.message.bytes],
  );
}

/** Of the records on the wire, how many each county has; those without a county stand under the empty name. */
function wireCountByCounty({ rows, wireCount }: LandingBatch): Record<string, number> {
  const counts = new Map<string, number>();
  for (let ordinal = 0; ordinal < wireCount; ordinal++) {
    const county = rows[ordinal]?.county ?? "";
    counts.set(county, (counts.get(county) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}

async function landRows(client: StoreClient, landing: Landing): Promise<void> {
  const contract = entityContract(landing.entity);
  if (landing.batches.every((batch) => batch.rows.length === 0)) return;
  const fields = stagedFields(landing, contract.fields.length);
  const columns = [...stagingBookkeepingColumns, ...fields.map((at) => contract.fields[at]?.column ?? "")];
  const lines = () => stagingLines(landing, fields);
  const table = `staging.${contract.table}`;
  if (!landing.isFirst || !(await copyNew(client, table, columns, lines)))
    await replaceRows(client, contract, columns, lines());
  await insertIdentifiers(client, landing);
}

/** For rows of which some may be there: by way of a table of the session's own. */
async function replaceRows(
  client: StoreClient,
  contract: EntityContract,
  columns: readonly string[],
  lines: Iterable<Buffer>,
): Promise<void> {
  const temp = `landing_${contract.table}`;
  const target = { temporary: temp, table: `staging.${contract.table}` };
  await copyToTemporary(client, target, columns.join(", "), lines);
  await keepEarlier(client, contract.table, temp, contract.entity);
  await upsertRows(client, contract);
}

/** In the order of the lines where there is one; else all, for what staging once held may have no column any more. */
function stagedFields(landing: Landing, width: number): readonly number[] {
  const hasLine = landing.batches.some((batch) => batch.rows.some((row) => isByteRange(row.raw)));
  return hasLine ? landing.lineFields : Array.from({ length: width }, (_, at) => at);
}

async function upsertRows(client: StoreClient, contract: EntityContract): Promise<void> {
  const columns = [...stagingBookkeepingColumns, ...contract.fields.map((field) => field.column)];
  const list = columns.join(", ");
  const updates = columns.filter((column) => column !== "province" && column !== "source_key");
  await client.query(
    `INSERT INTO staging.${contract.table} AS s (${list}) SELECT ${list} FROM landing_${contract.table} ORDER BY source_key
     ON CONFLICT (province, source_key) DO UPDATE SET ${updates.map((column) => `${column} = excluded.${column}`).join(", ")}
     WHERE s.batch_id < excluded.batch_id`,
  );
}

/** What the new rows replace: the earlier row goes to `_prior`, its open exception is superseded. */
async function keepEarlier(
  client: StoreClient,
  table: string,
  temp: string,
  entity: EntityName,
): Promise<void> {
  await client.query(
    // LATERAL with LIMIT: rows by their key. While a load fills staging, statistics call it empty, and a join reads it whole.
    `INSERT INTO staging.${table}_prior SELECT s.* FROM ${temp} t CROSS JOIN LATERAL
       (SELECT * FROM staging.${table} r WHERE r.province = t.province AND r.source_key = t.source_key LIMIT 1) s
     WHERE s.batch_id < t.batch_id ORDER BY s.source_key ON CONFLICT DO NOTHING`,
  );
  await client.query(
    `UPDATE exchange.exception SET outcome = 'superseded' WHERE (batch_id, ordinal) IN (
       SELECT e.batch_id, e.ordinal FROM ${temp} t CROSS JOIN LATERAL
         (SELECT x.batch_id, x.ordinal FROM exchange.exception x
          WHERE x.province = t.province AND x.entity = $1 AND x.source_key = t.source_key AND x.batch_id < t.batch_id
            AND x.outcome IN ('quarantined', 'rejected', 'waiting') OFFSET 0) e)`,
    [entity],
  );
}

/** COPY data of all rows of a landing: bookkeeping, then the contract fields that `fields` names, in its order. */
export function stagingLines(
  landing: Pick<Landing, "province" | "chunk" | "contractVersion" | "mappingVersion" | "origin" | "batches">,
  fields: readonly number[],
): Iterable<Buffer> {
  return copyPieces(stagedRows(landing.batches), stagedLine(landing, fields));
}

interface StagedRow {
  readonly batchId: bigint;
  readonly ordinal: number;
  readonly row: LandingRow;
}

function* stagedRows(batches: readonly LandingBatch[]): Generator<StagedRow> {
  for (const { batchId, rows } of batches) {
    for (const [ordinal, row] of rows.entries()) yield { batchId, ordinal, row };
  }
}

/** In the order of `stagingBookkeepingColumns`. */
function stagedLine(
  landing: Pick<Landing, "province" | "chunk" | "contractVersion" | "mappingVersion" | "origin">,
  fields: readonly number[],
): (staged: StagedRow, to: CopyBytes) => void {
  const segment = landing.chunk?.segment ?? -1;
  const middle = `\t${landing.contractVersion}\t${landing.mappingVersion}\t${landing.origin}\t`;
  return ({ batchId, ordinal, row }, to) => {
    const digest = row.wireDigest === null ? "\\N" : `\\\\x${row.wireDigest}`;
    to.text(
      `${landing.province}\t${copyValue(row.key)}\t${batchId}\t${ordinal}\t${segment}\t${copyValue(row.hash)}\t${digest}${middle}${row.op}\t${row.agreedNationalVersion ?? "\\N"}\t${copyValue(row.county)}`,
    );
    if (isByteRange(row.raw)) to.values(row.raw);
    else for (const at of fields) to.value(row.raw[at] ?? null);
    to.end();
  };
}

async function insertIdentifiers(client: StoreClient, landing: Landing): Promise<void> {
  const pairs = landing.batches.flatMap((batch) =>
    batch.rows.filter((row) => row.identifier !== null).map((row) => ({ i: row.identifier, k: row.key })),
  );
  if (pairs.length === 0) return;
  await client.query(
    `INSERT INTO exchange.identifier (province, entity, identifier, source_key)
     SELECT $1, $2, i, k FROM jsonb_to_recordset($3::jsonb) AS p(i text, k text) ORDER BY 3, 4 ON CONFLICT DO NOTHING`,
    [landing.province, landing.entity, JSON.stringify(pairs)],
  );
}

async function insertExceptions(client: StoreClient, landing: Landing, batch: LandingBatch): Promise<void> {
  if (batch.exceptions.length === 0) return;
  const stageless = batch.exceptions.filter(
    (exception) => exception.code === "KEY_DUPLICATE" || exception.key === null,
  );
  if (stageless.length > 0 && !landing.isFirst) {
    await client.query(
      `UPDATE exchange.exception SET outcome = 'superseded'
       WHERE province = $1 AND entity = $2 AND batch_id < $3 AND outcome = 'quarantined'
         AND (source_key = ANY ($4) OR ($5 AND source_key IS NULL))`,
      [
        landing.province,
        landing.entity,
        String(batch.batchId),
        stageless.map((exception) => exception.key).filter((key) => key !== null),
        stageless.some((exception) => exception.key === null),
      ],
    );
  }
  await client.query(
    `INSERT INTO exchange.exception (batch_id, ordinal, run_id, province, entity, source_key, source_hash, county, on_wire,
       outcome, code, field, findings, raw)
     SELECT $1, ordinal, $2, $3, $4, key, hash, county, false, 'quarantined', code, field, findings, raw
     FROM jsonb_to_recordset($5::jsonb) AS e(ordinal integer, key text, hash text, county text, code text, field text, findings jsonb, raw jsonb)`,
    [
      String(batch.batchId),
      landing.runId,
      landing.province,
      landing.entity,
      JSON.stringify(batch.exceptions),
    ],
  );
}
