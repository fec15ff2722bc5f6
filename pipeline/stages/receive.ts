import { type EntityName, type FieldValue } from "../../contracts/entity.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { entityContract, type Validation } from "../../contracts/registry.ts";
import { type BatchForm, BatchTextReader, type FaultOf, type OpenedRecord } from "../batch-text.ts";
import type { IncomingMessage } from "../broker/broker.ts";
import { parseText, unzipped } from "../control.ts";
import { batchEntity, type Envelope, parseHeaders, parseType } from "../envelope.ts";
import type { Verdict, VerifiedBatch, WireRecord } from "../registry-port.ts";
import { type Keyring, verifyMessage } from "../signing.ts";
import type { Stage } from "../stage.ts";
import { recordHead, wireRecord } from "../wire-record.ts";

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
  const contract = entityContract(entity, version);
  const batchId = batchIdOf(received.envelope.id);
  const value = unzipped(received.message.value);
  const validate = validatorOf(entity, version);
  const faultOf: FaultOf = (values) => validate(values).errors[0]?.field ?? null;
  const form = { province: received.province, contract, batchId, faultOf };
  const records = BatchTextReader.read(value, form) ?? parsedRecords(value, form);
  if (records.length !== received.envelope.recordCount) throw malformedFrame();
  requireSingleKeys(records);
  const { good, refused } = sift(records);
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

/** Any JSON of the published form. */
function parsedRecords(
  value: Buffer,
  { batchId, contract, faultOf, province }: BatchForm,
): readonly OpenedRecord[] {
  const frame = frameOf(parseText(value));
  if (frame.province !== province) throw new DuijieError("PROVINCE_FOREIGN", { source: province });
  const fields = [...recordHead, ...contract.fields.map((field) => field.name)];
  const isExpected =
    frame.entity === contract.entity &&
    frame.contractVersion === contract.version &&
    JSON.stringify(frame.fields) === JSON.stringify(fields);
  if (!isExpected) throw malformedFrame();
  return frame.records.map((one, ordinal) => {
    const record = wireRecord(one, ordinal, contract.fields.length, batchId);
    return { record, fault: record.op === "delete" ? null : faultOf(record.values) };
  });
}

interface BatchFrame {
  readonly province: unknown;
  readonly entity: unknown;
  readonly contractVersion: unknown;
  readonly fields: unknown;
  readonly records: readonly unknown[];
}

function frameOf(value: unknown): BatchFrame {
  if (typeof value === "object" && value !== null && Object.keys(value).length === 5) {
    const { province, entity, contractVersion, fields, records } = value as Record<string, unknown>;
    if (Array.isArray(records)) return { province, entity, contractVersion, fields, records };
  }
  throw malformedFrame();
}

function malformedFrame(): DuijieError {
  return new DuijieError("MESSAGE_MALFORMED", { what: "batch frame" });
}

function requireSingleKeys(records: readonly OpenedRecord[]): void {
  if (new Set(records.map(({ record }) => record.key)).size !== records.length) {
    throw new DuijieError("MESSAGE_MALFORMED", { what: "key twice" });
  }
}

function sift(records: readonly OpenedRecord[]): { good: WireRecord[]; refused: Verdict[] } {
  const good: WireRecord[] = [];
  const refused: Verdict[] = [];
  for (const { fault, record } of records) {
    const { key, ordinal } = record;
    const code = "CONTRACT_VIOLATION";
    if (fault === null) good.push(record);
    else refused.push({ ordinal, key, outcome: "rejected", code, field: fault, parent: null });
  }
  return { good, refused };
}
