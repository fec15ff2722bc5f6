import type { FieldValue } from "../contracts/entity.ts";
import { sentMessage } from "../exchange-db/batches.ts";
import type { Store } from "../exchange-db/store.ts";
import { parseValue } from "./control.ts";
import { recordHead } from "./wire-record.ts";

/** One record's values as they were once sent; null where the bytes are no longer kept. */
export type SentValues = (
  batchId: string | null,
  ordinal: number | null,
  key: string,
) => Promise<readonly FieldValue[] | null>;

/** Reads records back from the bytes of batches, the last batch kept at hand: neighbours ask for the same one. */
export function sentValues(store: Store): SentValues {
  let last: { readonly batchId: string; readonly records: readonly unknown[] } | null = null;
  return async (batchId, ordinal, key) => {
    if (batchId === null || ordinal === null) return null;
    if (last?.batchId !== batchId) last = { batchId, records: await recordsOf(store, batchId) };
    const record = last.records[ordinal];
    if (!Array.isArray(record) || record[1] !== key) return null;
    const values: readonly unknown[] = record.slice(recordHead.length);
    return isValues(values) ? values : null;
  };
}

async function recordsOf(store: Store, batchId: string): Promise<readonly unknown[]> {
  const bytes = await sentMessage(store, batchId);
  const value = bytes === null ? null : parseValue(bytes);
  if (typeof value !== "object" || value === null || !("records" in value)) return [];
  return Array.isArray(value.records) ? value.records : [];
}

function isValues(values: readonly unknown[]): values is readonly FieldValue[] {
  return values.every((value) => value === null || typeof value === "string");
}
