import type { FieldValue } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import type { WireRecord } from "./registry-port.ts";

/** Columns that stand before the contract fields in every record of every batch, from the first version on. */
export const recordHead = [
  "op",
  "key",
  "previousKey",
  "version",
  "baseNationalVersion",
  "custodyEpoch",
] as const;

/** A parsed record in the published form, `width` contract fields after its head. Throws MESSAGE_MALFORMED. */
export function wireRecord(record: unknown, ordinal: number, width: number, batchId: bigint): WireRecord {
  if (!Array.isArray(record) || record.length !== recordHead.length + width) throw malformed(ordinal);
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

function malformed(ordinal: number): DuijieError {
  return new DuijieError("MESSAGE_MALFORMED", { what: "record", ordinal });
}
