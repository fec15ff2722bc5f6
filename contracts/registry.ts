/** The public face of the contracts: what an entity consists of, and whether a record keeps its contract. */
export type { EntityContract, FieldContract } from "./entity-contract.ts";
export { contractVersions, entityContract } from "./entity-contract.ts";
export type { Profile } from "./profile.ts";
export { profile, profileNames } from "./profile.ts";
export type { Rule, RuleContext } from "./rules.ts";
export type { RecordFinding, Validation, ValidatorOptions } from "./validator.ts";
export { recordValidator } from "./validator.ts";
export type { FieldType } from "./value-check.ts";
