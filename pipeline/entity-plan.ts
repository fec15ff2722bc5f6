import type { KeyRange, SourceEntity, SourceRow } from "../connectors/connector.ts";
import { type ByteRange, isByteRange } from "../contracts/byte-range.ts";
import type { EntityName } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import { type EntityContract, entityContract } from "../contracts/registry.ts";
import { copyFields } from "../exchange-db/copy-text.ts";
import type { FieldMapping } from "../mappings/record-mapper.ts";

/** How one entity of one registry is read and mapped, made once from configuration. */
export interface EntityPlan {
  readonly entity: EntityName;
  readonly contract: EntityContract;
  readonly source: SourceEntity;
  /** `column` counts the values of `rawOf`, so that what was read and what staging kept are mapped alike. */
  readonly mappings: readonly FieldMapping[];
  /** Per contract field the index of its source column; null where no column feeds it. */
  readonly columnOfField: readonly (number | null)[];
  /** Per source column the index of the contract field that it feeds. */
  readonly fieldOfColumn: readonly number[];
}

/** `mappings` come with `column` counting `source.columns`, as configuration has them. */
export function entityPlan(
  source: SourceEntity,
  mappings: readonly FieldMapping[],
  contractVersion: number,
): EntityPlan {
  const contract = entityContract(source.entity, contractVersion);
  const columnOfField = contract.fields.map((field) => {
    const index = source.columns.findIndex((column) => column.field === field.name);
    return index === -1 ? null : index;
  });
  const onRaw = mappings.map((mapping) => {
    if (!("column" in mapping.from)) return mapping;
    const column = columnOfField.indexOf(mapping.from.column);
    if (column === -1)
      throw new DuijieError("CONFIG_INVALID", { entity: source.entity, field: mapping.field });
    return { ...mapping, from: { column } };
  });
  const fieldOfColumn = source.columns.map(({ field }) => contract.indexOf(field));
  return { entity: source.entity, contract, source, mappings: onRaw, columnOfField, fieldOfColumn };
}

/** The source's values in contract order: what staging keeps and the mapper reads. */
export function rawOf(plan: EntityPlan, row: SourceRow): (string | null)[] {
  const { columnOfField } = plan;
  // Of its length from the start: an array that grows is copied again and again.
  // oxlint-disable-next-line no-new-array
  const raw = new Array<string | null>(columnOfField.length);
  for (let at = 0; at < columnOfField.length; at += 1) {
    const column = columnOfField[at] ?? null;
    raw[at] = column === null ? null : (row.values[column] ?? null);
  }
  return raw;
}

/** Raw text per contract field, contract order, of a row that was kept as the line that it came in. */
export function rawValues(
  plan: EntityPlan,
  raw: readonly (string | null)[] | ByteRange,
): readonly (string | null)[] {
  if (!isByteRange(raw)) return raw;
  const fields = copyFields(raw);
  return plan.columnOfField.map((column) => (column === null ? null : (fields[column] ?? null)));
}

/** Boundaries stay valid as long as relation and key do; the scope only narrows what is read within them. */
export function sourceFingerprint(source: SourceEntity): string {
  return JSON.stringify([source.from, source.key]);
}

export function rangeOf(segment: {
  lower: KeyRange["lower"];
  upper: KeyRange["upper"];
  nullKeys: boolean;
}): KeyRange {
  return { lower: segment.lower, upper: segment.upper, nullKeys: segment.nullKeys };
}

export function planOf(plans: ReadonlyMap<EntityName, EntityPlan>, entity: EntityName): EntityPlan {
  const plan = plans.get(entity);
  if (plan === undefined) throw new DuijieError("INVARIANT_BROKEN", { what: "no plan", entity });
  return plan;
}
