import type { FieldValue } from "../contracts/entity.ts";
import type { EntityContract } from "../contracts/entity-contract.ts";
import { DuijieError } from "../contracts/errors.ts";
import type { Regions } from "../contracts/regions.ts";
import type { FieldMapping, MapFinding } from "./field-mapper.ts";
import { compileField } from "./field-mapper.ts";
import type { MappingTables } from "./mapping-tables.ts";

export type { FieldMapping, MapFinding } from "./field-mapper.ts";

export interface MappedRecord {
  /** Contract order. A field with a finding is null here: the record has to be parked, never sent. */
  readonly values: FieldValue[];
  readonly findings: readonly MapFinding[];
}

export type RecordMapper = (values: readonly (string | null)[]) => MappedRecord;

const noFindings: readonly MapFinding[] = Object.freeze([]);

/**
 * Compiles the mapping of one entity. A contract field that no mapping names becomes null: whether it may is for the
 * profile to say. The mapper is total and reports everything that is wrong with a record, not the first fault only.
 */
export function createRecordMapper(
  contract: EntityContract,
  mappings: readonly FieldMapping[],
  tables: MappingTables,
  regions: Regions,
): RecordMapper {
  const fields = contract.fields.map((field) => {
    const named = mappings.filter((mapping) => mapping.field === field.name);
    if (named.length > 1)
      throw new DuijieError("CONFIG_INVALID", { entity: contract.entity, field: field.name });
    return compileField(field, named[0], tables, regions);
  });
  for (const mapping of mappings) contract.indexOf(mapping.field);
  const width = Math.max(0, ...mappings.map(({ from }) => ("column" in from ? from.column + 1 : 0)));
  return (row) => {
    // A column that is not there would otherwise become null in silence.
    if (row.length < width)
      throw new DuijieError("INVARIANT_BROKEN", { entity: contract.entity, columns: row.length });
    // oxlint-disable-next-line no-new-array
    const values = new Array<FieldValue>(fields.length);
    let findings: MapFinding[] | undefined;
    for (let at = 0; at < fields.length; at += 1) {
      const result = fields[at]?.(row) ?? null;
      if (typeof result === "object" && result !== null) {
        findings ??= [];
        findings.push(result);
        values[at] = null;
      } else {
        values[at] = result;
      }
    }
    return { values, findings: findings ?? noFindings };
  };
}
