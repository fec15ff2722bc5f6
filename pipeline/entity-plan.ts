import type { KeyRange, SourceEntity, SourceRow } from "../connectors/connector.ts";
import type { EntityName } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import { type EntityContract, entityContract } from "../contracts/registry.ts";
import type { FieldMapping } from "../mappings/record-mapper.ts";

/** How one entity of one registry is read and mapped, made once from configuration. */
export interface EntityPlan {
  readonly entity: EntityName;
  readonly contract: EntityContract;
  readonly source: SourceEntity;
  readonly mappings: readonly FieldMapping[];
  /** Per contract field the index of its source column; null where no column feeds it. */
  readonly columnOfField: readonly (number | null)[];
}

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
  return { entity: source.entity, contract, source, mappings, columnOfField };
}

/** The source's values in contract order: what staging keeps. */
export function rawOf(plan: EntityPlan, row: SourceRow): (string | null)[] {
  return plan.columnOfField.map((column) => (column === null ? null : (row.values[column] ?? null)));
}

/** Back from contract order to source columns: what the mapper reads. */
export function sourceValues(plan: EntityPlan, raw: readonly (string | null)[]): (string | null)[] {
  const values: (string | null)[] = plan.source.columns.map(() => null);
  plan.columnOfField.forEach((column, field) => {
    if (column !== null) values[column] = raw[field] ?? null;
  });
  return values;
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
