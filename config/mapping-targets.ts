import type { EntityName } from "../contracts/entity.ts";
import { entityContract } from "../contracts/registry.ts";
import type { ProvinceConfig } from "./config.ts";

/**
 * What the codes of a field are: a national code table, `region`, `region-any` or `school`; undefined for a field
 * whose values are no codes, so that a mapping table makes no sense for it.
 */
export function codeKindOf(entity: EntityName, field: string): string | undefined {
  const contract = entityContract(entity).fields.find(({ name }) => name === field);
  if (contract?.codeTable !== undefined) return contract.codeTable;
  return contract?.name === "schoolId" ? "school" : undefined;
}

/** The kind of a table that feeds fields of both kinds; undefined where no table can serve both. */
export function commonKind(one: string, other: string): string | undefined {
  if (one === other) return one;
  // Every region in force is also a region of some year.
  const kinds = [one, other].toSorted();
  return kinds[0] === "region" && kinds[1] === "region-any" ? "region" : undefined;
}

/** The mapping tables that a configuration uses, and what each has to map to. */
export function mappingTargets(config: ProvinceConfig): ReadonlyMap<string, string> {
  const targets = new Map<string, string>();
  for (const { entity, codes, field } of codedFields(config)) {
    const kind = codeKindOf(entity, field);
    const before = targets.get(codes);
    const common = before === undefined || kind === undefined ? kind : commonKind(before, kind);
    if (common !== undefined) targets.set(codes, common);
  }
  return targets;
}

function codedFields(
  config: ProvinceConfig,
): readonly { entity: EntityName; field: string; codes: string }[] {
  return Object.entries(config.registry.entities).flatMap(([, entity]) =>
    entity.fields.flatMap(({ field, codes }) =>
      codes === undefined ? [] : [{ entity: entity.entity, field, codes }],
    ),
  );
}
