import { type EntityName, entityNames } from "../contracts/entity.ts";
import { type Profile, profile } from "../contracts/registry.ts";
import type { ProvinceConfig } from "./config.ts";

export interface MissingField {
  readonly entity: EntityName;
  readonly field: string;
  readonly profile: string;
}

/**
 * Fields that the profile requires and that no column or constant fills: every record of that entity would be parked.
 * Entities that are not configured at all are not listed.
 */
export function missingRequiredFields(
  config: ProvinceConfig,
  required: Profile = profile(config.load.profile),
): readonly MissingField[] {
  return entityNames.flatMap((entity) => {
    const configured = config.registry.entities[entity];
    if (configured === undefined) return [];
    const filled = new Set(configured.fields.map(({ field }) => field));
    return required.required[entity]
      .filter((field) => !filled.has(field))
      .map((field) => ({ entity, field, profile: required.id }));
  });
}
