import type { MappedRecord } from "../../mappings/record-mapper.ts";
import type { Stage } from "../stage.ts";
import type { CapturedRow, CapturedUnit, MappedRow, MappedUnit } from "../unit.ts";

/** map: raw text in the province's codes → contract values in national codes, or findings. Of a deletion nothing is mapped: its values are null. */
export function mapStage(
  mapRecord: (values: readonly (string | null)[]) => MappedRecord,
): Stage<CapturedUnit, MappedUnit> {
  const mapRow = (row: CapturedRow): MappedRow => {
    if (row.op === "delete") return { row, values: row.raw.map(() => null), findings: [] };
    const { values, findings } = mapRecord(row.raw);
    if (row.unreadable === null) return { row, values, findings };
    const { column } = row.unreadable;
    return {
      row,
      values,
      findings: [{ code: "RECORD_MALFORMED", field: column, rule: "charset", value: null }, ...findings],
    };
  };
  return {
    name: "map",
    run: (captured) => Promise.resolve({ captured, rows: captured.rows.map(mapRow) }),
  };
}
