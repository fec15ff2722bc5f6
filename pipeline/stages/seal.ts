import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { DuijieError } from "../../contracts/errors.ts";
import type { LandingBatch, LandingException } from "../../exchange-db/landing.ts";
import { BatchIdsShort } from "../batch-ids.ts";
import { batchEnd, batchFrame } from "../batch-text.ts";
import { type EntityPlan, rawValues } from "../entity-plan.ts";
import { batchType, buildHeaders, type Party } from "../envelope.ts";
import { type SigningKey, sign } from "../signing.ts";
import type { Stage } from "../stage.ts";
import type { KeylessRow, ParkedRow, PassedRow, SealedUnit, ValidatedUnit } from "../unit.ts";

export interface SealOptions {
  readonly province: Party;
  readonly signingKey: SigningKey;
  readonly mappingVersion: string;
  /** Records in one batch, at most. */
  readonly batchRows: number;
  /** Bytes of one batch before compression, at most; a batch closes at whichever limit it meets first. */
  readonly batchBytes: number;
}

const compress = promisify(gzip);
/** Room for most batches: a result that comes in one piece need not be put together. */
const compressedBytes = 256 * 1024;

/** seal: rows that passed → batches of compressed, signed bytes. A record too large for a message of its own is parked. */
export function sealStage(options: SealOptions, plan: EntityPlan): Stage<ValidatedUnit, SealedUnit> {
  return {
    name: "seal",
    async run(validated) {
      const ids = [...validated.captured.batchIds];
      const { groups, tooLarge } = groupRows(options, plan, validated.passed, ids);
      const parked = [...validated.parked, ...tooLarge.map((row) => parkedAsTooLarge(plan, row))];
      const needed = Math.max(groups.length, parked.length + validated.captured.keyless.length > 0 ? 1 : 0);
      if (needed > validated.captured.batchIds.length) throw new BatchIdsShort(needed);
      const batches: LandingBatch[] = [];
      for (const group of groups) batches.push(await sealGroup(options, plan, validated, group));
      const keyless = validated.captured.keyless;
      if (parked.length + keyless.length > 0) appendParked(plan, batches, ids, parked, keyless);
      countQuarantined(validated, parked, keyless);
      return { validated, batches };
    },
  };
}

interface Group {
  readonly batchId: bigint;
  readonly rows: PassedRow[];
  bytes: number;
}

function groupRows(
  options: SealOptions,
  plan: EntityPlan,
  rows: readonly PassedRow[],
  ids: bigint[],
): { groups: Group[]; tooLarge: PassedRow[] } {
  const groups: Group[] = [];
  const tooLarge: PassedRow[] = [];
  const headBytes = batchFrame(options.province, plan.contract).length + batchEnd.length;
  let open: Group | undefined;
  for (const row of rows) {
    const bytes = recordBytesMax(row);
    if (headBytes + bytes > options.batchBytes) {
      tooLarge.push(row);
      continue;
    }
    if (
      open === undefined ||
      open.rows.length >= options.batchRows ||
      open.bytes + bytes > options.batchBytes
    ) {
      open = { batchId: ids.shift() ?? 0n, rows: [], bytes: headBytes };
      groups.push(open);
    }
    open.rows.push(row);
    open.bytes += bytes;
  }
  return { groups, tooLarge };
}

/** `["upsert",`, `,null,` before the version, a base version and epoch after it, commas, brackets, newline: with room to spare. */
const frameBytesMax = 96;

function recordBytesMax({ record, row }: PassedRow): number {
  // A character of the key takes six bytes where JSON escapes it.
  return row.key.length * 6 + (record.end - record.start) + frameBytesMax;
}

async function sealGroup(
  options: SealOptions,
  plan: EntityPlan,
  validated: ValidatedUnit,
  group: Group,
): Promise<LandingBatch> {
  const { entity, contract } = plan;
  const bytes = await compress(batchValue(options, plan, group), { level: 1, chunkSize: compressedBytes });
  const headers = buildHeaders({
    id: String(group.batchId),
    source: options.province,
    type: batchType(entity, contract.version),
    mappingVersion: Number(options.mappingVersion),
    recordCount: group.rows.length,
    keyId: options.signingKey.id,
    encryptionKeyId: null,
    traceParent: validated.captured.traceParent,
  });
  return {
    batchId: group.batchId,
    rows: group.rows.map(({ row }) => row),
    wireCount: group.rows.length,
    recordCount: group.rows.length,
    exceptions: [],
    message: { headers: sign(headers, bytes, options.signingKey), bytes },
  };
}

/** The value of a batch before compression: the frame, then a record a line. */
function batchValue(options: SealOptions, plan: EntityPlan, group: Group): Buffer {
  const value = Buffer.allocUnsafeSlow(group.bytes);
  let at = value.write(batchFrame(options.province, plan.contract), "utf8");
  let lead = "\n";
  for (const { record, row } of group.rows) {
    const head = `${lead}["${row.op}",${JSON.stringify(row.key)},null,${group.batchId},${row.agreedNationalVersion ?? "null"},0,`;
    at += value.write(head, at, "utf8");
    // The record is an array by itself: its fields follow the head's in one array.
    at += record.bytes.copy(value, at, record.start + 1, record.end);
    lead = ",\n";
  }
  at += value.write(batchEnd, at, "utf8");
  return value.subarray(0, at);
}

/** Parked rows follow the wire's records in the unit's last batch, so that an ordinal below `wireCount` is on the wire. */
function appendParked(
  plan: EntityPlan,
  batches: LandingBatch[],
  ids: bigint[],
  parked: readonly ParkedRow[],
  keyless: readonly KeylessRow[],
): void {
  const last = batches.pop() ?? {
    batchId: ids.shift() ?? 0n,
    rows: [],
    wireCount: 0,
    recordCount: 0,
    exceptions: [],
    message: null,
  };
  const rows = [...last.rows, ...parked.map(({ row }) => row)];
  const exceptions: LandingException[] = parked.map((one, index) =>
    parkedException(one, last.recordCount + index),
  );
  keyless.forEach((row, index) => {
    exceptions.push(keylessException(row, last.recordCount + parked.length + index));
  });
  batches.push({ ...last, rows, exceptions, recordCount: last.recordCount + parked.length + keyless.length });
}

function parkedAsTooLarge(plan: EntityPlan, { row }: PassedRow): ParkedRow {
  const findings = [{ code: "MESSAGE_TOO_LARGE", field: "", rule: "MESSAGE_TOO_LARGE", value: null }];
  const raw = rawValues(plan, row.raw);
  return { row: { ...row, wireDigest: null, identifier: null, raw }, findings, unreadable: null };
}

function parkedException({ row, findings, unreadable }: ParkedRow, ordinal: number): LandingException {
  const first = findings[0];
  if (first === undefined) throw new DuijieError("INVARIANT_BROKEN", { what: "parked without a finding" });
  return {
    ordinal,
    key: row.key,
    hash: row.hash,
    county: row.county,
    code: first.code,
    field: first.field === "" ? null : first.field,
    findings,
    raw: unreadable === null ? null : { [unreadable.column]: `hex:${unreadable.hex}` },
  };
}

function keylessException(row: KeylessRow, ordinal: number): LandingException {
  const findings = [{ code: row.code, field: "", rule: row.code, value: null }];
  return {
    ordinal,
    key: row.key,
    hash: row.hash,
    county: row.county,
    code: row.code,
    field: null,
    findings,
    raw: row.raw,
  };
}

function countQuarantined(
  validated: ValidatedUnit,
  parked: readonly ParkedRow[],
  keyless: readonly KeylessRow[],
): void {
  const { counties } = validated.captured;
  for (const county of [...parked.map(({ row }) => row.county), ...keyless.map((row) => row.county)]) {
    const count = counties.get(county ?? "");
    if (count !== undefined) count.quarantined += 1;
  }
}
