import { wireDigest } from "../contracts/digest.ts";
import type { FieldValue } from "../contracts/entity.ts";
import type { KeptFinding } from "../exchange-db/landing.ts";
import type { EarlierParkedRow, EarlierRow } from "../exchange-db/recall-rows.ts";
import type { RecordMapper } from "../mappings/record-mapper.ts";
import { capturedAgain } from "./captured-again.ts";
import type { SentValues } from "./sent-values.ts";
import type { MappedRow } from "./unit.ts";

const inexact: KeptFinding = { code: "RECALL_INEXACT", field: "", rule: "RECALL_INEXACT", value: null };

/**
 * An earlier row as it was sent before: mapped from what staging kept, or read from the bytes that were sent. The digest
 * proves it. A row of which neither gives the same gets a finding: nobody may guess what the nation held.
 */
export async function asSentBefore(
  earlier: EarlierRow,
  mapRecord: RecordMapper,
  sent: SentValues,
): Promise<MappedRow> {
  const row = capturedAgain(earlier, earlier.standingIn);
  if (earlier.op === "delete") return { row, values: nothing(earlier), findings: [] };
  const values = await exactValues(earlier, mapRecord, sent);
  if (values === null) return { row, values: nothing(earlier), findings: [inexact] };
  return { row, values, findings: [] };
}

/** A row that was parked, with the findings that it was parked for. */
export function asParkedBefore(earlier: EarlierParkedRow): MappedRow {
  const [unreadable] = Object.entries(earlier.unreadable ?? {});
  const row = capturedAgain(earlier, earlier.standingIn);
  const { findings } = earlier;
  if (unreadable === undefined) return { row, values: nothing(earlier), findings };
  const [column, hex] = unreadable;
  return {
    row: { ...row, unreadable: { column, hex: hex.replace(/^hex:/, "") } },
    values: nothing(earlier),
    findings,
  };
}

async function exactValues(
  row: EarlierRow,
  mapRecord: RecordMapper,
  sent: SentValues,
): Promise<readonly FieldValue[] | null> {
  const isExact = (values: readonly FieldValue[]) => row.wireDigest?.equals(wireDigest(values)) === true;
  const { findings, values } = mapRecord(row.raw);
  if (findings.length === 0 && isExact(values)) return values;
  const kept = await sent(row.batchId, row.ordinal, row.key);
  return kept !== null && isExact(kept) ? kept : null;
}

function nothing(earlier: EarlierRow): readonly FieldValue[] {
  return earlier.raw.map(() => null);
}
