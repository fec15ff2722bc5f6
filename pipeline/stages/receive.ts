import { type EntityName, type FieldValue } from "../../contracts/entity.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { entityContract, type Validation } from "../../contracts/registry.ts";
import type { IncomingMessage } from "../broker/broker.ts";
import { parseValue } from "../control.ts";
import { batchEntity, type Envelope, parseHeaders, parseType } from "../envelope.ts";
import type { Verdict, VerifiedBatch, WireRecord } from "../registry-port.ts";
import { type Keyring, verifyMessage } from "../signing.ts";
import type { Stage } from "../stage.ts";
import { recordHead } from "./seal.ts";

export interface ReceivedMessage {
  readonly message: IncomingMessage;
  readonly envelope: Envelope;
  readonly province: string;
  /** `student.batch`, `hello`, … and its version. */
  readonly type: { readonly name: string; readonly version: number };
}

/**
 * receive: a message → one whose sender is proven: signature, then source = topic's province = key's province, then the
 * envelope's form. The value is not parsed yet. Throws SIGNATURE_INVALID, PROVINCE_FOREIGN, MESSAGE_MALFORMED.
 */
export function receiveStage(ring: Keyring): Stage<IncomingMessage, ReceivedMessage> {
  return {
    name: "receive",
    run: (message) => {
      const { province } = verifyMessage(message, ring);
      const envelope = parseHeaders(message.headers);
      return Promise.resolve({ message, envelope, province, type: parseType(envelope.type) });
    },
  };
}

export interface CheckedBatch {
  readonly batch: VerifiedBatch;
  /** Records that break their contract: the nation believes no sender's validation. */
  readonly refused: readonly Verdict[];
}

export type ValidatorOf = (
  entity: EntityName,
  version: number,
) => (values: readonly FieldValue[]) => Validation;

/** The entity of a batch message. Throws MESSAGE_TYPE_UNKNOWN for a message that is no batch. */
export function entityOfBatch(received: ReceivedMessage): EntityName {
  const entity = batchEntity(received.type.name);
  if (entity === null) throw new DuijieError("MESSAGE_TYPE_UNKNOWN", { type: received.envelope.type });
  return entity;
}

/**
 * Opens a batch: contract version, frame, then each record. Throws CONTRACT_VERSION_UNKNOWN, PROVINCE_FOREIGN for a
 * record of another province, MESSAGE_MALFORMED for anything that is not exactly the published form.
 */
export function openBatch(
  received: ReceivedMessage,
  accepted: readonly number[],
  validatorOf: ValidatorOf,
): CheckedBatch {
  const entity = entityOfBatch(received);
  const { version } = received.type;
  if (!accepted.includes(version)) throw new DuijieError("CONTRACT_VERSION_UNKNOWN", { entity, version });
  const frame = batchFrame(parseValue(received.message.value));
  if (frame.province !== received.province)
    throw new DuijieError("PROVINCE_FOREIGN", { source: received.province });
  const contract = entityContract(entity, version);
  const fields = [...recordHead, ...contract.fields.map((field) => field.name)];
  const batchId = batchIdOf(received.envelope.id);
  const isExpected =
    frame.entity === entity &&
    frame.contractVersion === version &&
    frame.records.length === received.envelope.recordCount &&
    JSON.stringify(frame.fields) === JSON.stringify(fields);
  if (!isExpected) throw new DuijieError("MESSAGE_MALFORMED", { what: "batch frame" });
  const records = frame.records.map((record, ordinal) => wireRecord(record, ordinal, fields.length, batchId));
  requireSingleKeys(records);
  const { good, refused } = sift(records, contract.fields.length, validatorOf(entity, version));
  const mappingVersion = received.envelope.mappingVersion ?? 0;
  return {
    batch: {
      province: received.province,
      batchId,
      entity,
      contractVersion: version,
      mappingVersion,
      records: good,
    },
    refused,
  };
}

export function batchIdOf(id: string): bigint {
  if (!/^[1-9][0-9]{0,15}$/.test(id)) throw new DuijieError("MESSAGE_MALFORMED", { header: "ce_id" });
  return BigInt(id);
}

interface BatchFrame {
  readonly province: unknown;
  readonly entity: unknown;
  readonly contractVersion: unknown;
  readonly fields: unknown;
  readonly records: readonly unknown[];
}

function batchFrame(value: unknown): BatchFrame {
  if (typeof value === "object" && value !== null && Object.keys(value).length === 5) {
    const { province, entity, contractVersion, fields, records } = value as Record<string, unknown>;
    if (Array.isArray(records)) return { province, entity, contractVersion, fields, records };
  }
  throw new DuijieError("MESSAGE_MALFORMED", { what: "batch frame" });
}

function wireRecord(record: unknown, ordinal: number, width: number, batchId: bigint): WireRecord {
  if (!Array.isArray(record) || record.length !== width) throw malformed(ordinal);
  const cells: readonly unknown[] = record;
  const [op, key, previousKey, version, base, epoch] = cells;
  if (op !== "upsert" && op !== "delete") throw malformed(ordinal);
  if (typeof key !== "string" || key === "" || !key.isWellFormed()) throw malformed(ordinal);
  if (previousKey !== null && typeof previousKey !== "string") throw malformed(ordinal);
  // A batch is one version: a record that claims another could pass the fence of a batch that never was.
  if (!isCount(version) || version !== Number(batchId)) throw malformed(ordinal);
  if (base !== null && !isCount(base)) throw malformed(ordinal);
  if (!isCount(epoch)) throw malformed(ordinal);
  const values = cells.slice(recordHead.length);
  if (!isValues(values)) throw malformed(ordinal);
  return {
    ordinal,
    op,
    key,
    previousKey,
    version: batchId,
    baseNationalVersion: base === null ? null : BigInt(base),
    custodyEpoch: epoch,
    values,
  };
}

function isValues(values: readonly unknown[]): values is FieldValue[] {
  return values.every((value) => value === null || typeof value === "string");
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function requireSingleKeys(records: readonly WireRecord[]): void {
  if (new Set(records.map((record) => record.key)).size !== records.length) {
    throw new DuijieError("MESSAGE_MALFORMED", { what: "key twice" });
  }
}

function sift(
  records: readonly WireRecord[],
  width: number,
  validate: (values: readonly FieldValue[]) => Validation,
): { good: WireRecord[]; refused: Verdict[] } {
  const good: WireRecord[] = [];
  const refused: Verdict[] = [];
  for (const record of records) {
    const first =
      record.op === "delete" || record.values.length !== width
        ? undefined
        : validate(record.values).errors[0];
    if (first === undefined) good.push(record);
    else {
      const { ordinal, key } = record;
      refused.push({
        ordinal,
        key,
        outcome: "rejected",
        code: "CONTRACT_VIOLATION",
        field: first.field,
        parent: null,
      });
    }
  }
  return { good, refused };
}

function malformed(ordinal: number): DuijieError {
  return new DuijieError("MESSAGE_MALFORMED", { what: "record", ordinal });
}
