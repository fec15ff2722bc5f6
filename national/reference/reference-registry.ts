import { registryDigestSql } from "../../contracts/ddl.ts";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { type EntityContract, entityContract } from "../../contracts/registry.ts";
import { copyNew } from "../../exchange-db/copy-new.ts";
import { type CopyBytes, copyPieces, copyToTemporary, copyValue } from "../../exchange-db/copy-text.ts";
import type { StoreClient } from "../../exchange-db/store.ts";
import type {
  EntityDigest,
  RegistryPort,
  Verdict,
  VerifiedBatch,
  WireRecord,
} from "../../pipeline/registry-port.ts";
import { orphans, overtakenFirst } from "./orphans.ts";
import { planSettings, verdictSql } from "./verdict-sql.ts";

/** Our own national registry: the tables of schema `registry` in the national database. */
export class ReferenceRegistry implements RegistryPort<StoreClient> {
  readonly adapter = "reference";
  /** By province and entity: after a key was there already, the next batches don't try a plain insert first. */
  readonly #upsertsLeft = new Map<string, number>();

  async apply(session: StoreClient, batch: VerifiedBatch): Promise<readonly Verdict[]> {
    if (batch.records.length === 0) return [];
    const contract = entityContract(batch.entity, batch.contractVersion);
    await session.query(planSettings);
    if (needsWholeVerdict(contract)) return await this.#applyJudged(session, contract, batch);
    const waiting = await orphans(session, contract, batch);
    const good = batch.records.filter((record) => !waiting.has(record.ordinal));
    const late = await this.#write(session, contract, { ...batch, records: good });
    return [...(await overtakenFirst(session, contract, batch, waiting)), ...late];
  }

  /** Regions, schools and what has an identifier of its own are few: one statement judges all that can be wrong with them. */
  async #applyJudged(
    session: StoreClient,
    contract: EntityContract,
    batch: VerifiedBatch,
  ): Promise<readonly Verdict[]> {
    await fillIncoming(session, contract, batch);
    const verdicts = await judge(session, contract, batch.province);
    const applied = await upsert(session, contract, verdicts);
    const expected = batch.records.length - verdicts.length;
    return applied === expected
      ? verdicts
      : [...verdicts, ...(await overtaken(session, contract, batch, verdicts))];
  }

  /** Gives the records that a newer version was there before. While all keys are new, nothing is asked: they are copied. */
  async #write(
    session: StoreClient,
    contract: EntityContract,
    batch: VerifiedBatch,
  ): Promise<readonly Verdict[]> {
    if (batch.records.length === 0) return [];
    const place = `${batch.province}/${batch.entity}`;
    const upserts = this.#upsertsLeft.get(place) ?? 0;
    if (upserts === 0 && (await insertNew(session, contract, batch))) return [];
    this.#upsertsLeft.set(place, upserts === 0 ? upsertsBeforeInsert : upserts - 1);
    await fillIncoming(session, contract, batch);
    const applied = await upsert(session, contract, []);
    return applied === batch.records.length ? [] : await overtaken(session, contract, batch, []);
  }

  async digests(session: StoreClient, province: string): Promise<readonly EntityDigest[]> {
    const digests: EntityDigest[] = [];
    for (const entity of entityNames) {
      const { table } = entityContract(entity);
      const found = await session.query<{ rows: string; sum: string }>(
        `SELECT count(*) AS rows, coalesce(sum(('x' || encode(substring(sha256(convert_to(${registryDigestSql(entity, "r")}, 'UTF8'))
           FROM 1 FOR 7), 'hex'))::bit(56)::bigint), 0)::text AS sum
         FROM registry.${table} r WHERE r.province = $1 AND NOT r.is_deleted`,
        [province],
      );
      const row = found.rows[0];
      digests.push({ entity, rows: Number(row?.rows ?? 0), sum: row?.sum ?? "0" });
    }
    return digests;
  }
}

const upsertsBeforeInsert = 100;

function needsWholeVerdict(contract: EntityContract): boolean {
  return contract.identifier !== null || contract.entity === "region" || contract.entity === "school";
}

const bookkeeping = ["province", "source_key", "version", "batch_id", "is_deleted", "custody_epoch"] as const;

const incoming = (contract: EntityContract) => `incoming_${contract.table}`;
const contractColumns = (contract: EntityContract) => contract.fields.map((field) => field.column);

async function fillIncoming(
  session: StoreClient,
  contract: EntityContract,
  batch: VerifiedBatch,
): Promise<void> {
  const target = {
    temporary: incoming(contract),
    table: `registry.${contract.table}`,
    more: "wire_ordinal integer NOT NULL",
  };
  const columns = [...bookkeeping, "wire_ordinal", ...contractColumns(contract)].join(", ");
  await copyToTemporary(session, target, columns, incomingLines(batch));
}

/** COPY data of a batch's records: bookkeeping, then the contract's values. */
export function registryLines({ batchId, province, records }: VerifiedBatch): Iterable<Buffer> {
  return copyPieces(records, (record, to) => {
    to.text(registryHead(record, batchId, province));
    putValues(record, to);
  });
}

/** The same with each record's ordinal after the bookkeeping. */
function incomingLines({ batchId, province, records }: VerifiedBatch): Iterable<Buffer> {
  return copyPieces(records, (record, to) => {
    to.text(`${registryHead(record, batchId, province)}\t${record.ordinal}`);
    putValues(record, to);
  });
}

/** In the order of `bookkeeping`. */
function registryHead(record: WireRecord, batchId: bigint, province: string): string {
  const { custodyEpoch, key, op, version } = record;
  return `${province}\t${copyValue(key)}\t${version}\t${batchId}\t${op === "delete" ? "t" : "f"}\t${custodyEpoch}`;
}

/** A tombstone keeps the key and the version, and nothing else of the child. */
function putValues(record: WireRecord, to: CopyBytes): void {
  const isDeleted = record.op === "delete";
  if (record.line !== undefined && !isDeleted) to.values(record.line);
  else for (const value of record.values) to.value(isDeleted ? null : value);
  to.end();
}

interface VerdictRow {
  ordinal: number;
  key: string;
  code: Verdict["code"];
  field: string | null;
  parentEntity: EntityName | null;
  parentIdentifier: string | null;
}

async function judge(
  session: StoreClient,
  contract: EntityContract,
  province: string,
): Promise<readonly Verdict[]> {
  const found = await session.query<VerdictRow>(verdictSql(contract), [province]);
  return found.rows.map((row) => ({
    ordinal: row.ordinal,
    key: row.key,
    outcome:
      row.code === "VERSION_SUPERSEDED"
        ? "superseded"
        : row.code === "PARENT_MISSING"
          ? "waiting"
          : "rejected",
    code: row.code,
    field: row.field,
    parent:
      row.parentEntity === null || row.parentIdentifier === null
        ? null
        : { entity: row.parentEntity, identifier: row.parentIdentifier },
  }));
}

/** False, with nothing kept, where a key is there already. */
async function insertNew(
  session: StoreClient,
  contract: EntityContract,
  batch: VerifiedBatch,
): Promise<boolean> {
  const columns = [...bookkeeping, ...contractColumns(contract)];
  return await copyNew(session, `registry.${contract.table}`, columns, () => registryLines(batch));
}

async function upsert(
  session: StoreClient,
  contract: EntityContract,
  verdicts: readonly Verdict[],
): Promise<number> {
  const columns = [...bookkeeping, ...contractColumns(contract)];
  const updates = columns.filter((column) => column !== "province" && column !== "source_key");
  const written = await session.query({
    name: `apply-${contract.entity}`,
    text: `INSERT INTO registry.${contract.table} AS r (${columns.join(", ")})
      SELECT ${columns.join(", ")} FROM ${incoming(contract)} WHERE wire_ordinal <> ALL ($1::integer[]) ORDER BY source_key
      ON CONFLICT (province, source_key) DO UPDATE SET ${updates.map((column) => `${column} = excluded.${column}`).join(", ")}
      WHERE r.version < excluded.version`,
    values: [verdicts.map((verdict) => verdict.ordinal)],
  });
  return written.rowCount ?? 0;
}

/** Records that a newer version overtook between the judgement and the write, in another transaction. */
async function overtaken(
  session: StoreClient,
  contract: EntityContract,
  batch: VerifiedBatch,
  verdicts: readonly Verdict[],
): Promise<readonly Verdict[]> {
  const judged = new Set(verdicts.map((verdict) => verdict.ordinal));
  const found = await session.query<{ ordinal: number; key: string }>(
    `SELECT i.wire_ordinal AS ordinal, i.source_key AS key FROM ${incoming(contract)} i
     JOIN registry.${contract.table} r USING (province, source_key) WHERE r.batch_id <> $1`,
    [String(batch.batchId)],
  );
  return found.rows
    .filter((row) => !judged.has(row.ordinal))
    .map((row) => ({ ...row, outcome: "superseded", code: "VERSION_SUPERSEDED", field: null, parent: null }));
}
