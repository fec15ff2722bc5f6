import type { EntityName, FieldValue } from "./entity.ts";

/** What a rule may know besides the record. Nothing here reads a clock: the caller hands in the reference day. */
export interface RuleContext {
  /** The reference day, `YYYYMMDD`: nothing may lie after it that has already happened. */
  readonly today: string;
}

/** A rule over the fields of one record that a schema can't express. Rules over several records belong to the nation. */
export interface Rule {
  /** Stable; texts `rules.<id>.title` and `rules.<id>.fix` explain it. */
  readonly id: string;
  readonly entity: EntityName;
  /** An error parks the record, a warning is only counted. */
  readonly severity: "error" | "warning";
  /** Who can set it right. */
  readonly owner: "school" | "county" | "province";
  /** The fields it reads; the first is the one reported. */
  readonly fields: readonly [string, ...string[]];
  /** Law, standard or form that it rests on; "design" where it is our own choice. */
  readonly source: string;
  /** True is fine. Only called when every field it reads is null or meets the schema. Values are in contract order. */
  check(values: readonly FieldValue[], context: RuleContext): boolean;
}
