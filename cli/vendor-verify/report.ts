import type { EntityName } from "../../contracts/entity.ts";
import { profile } from "../../contracts/registry.ts";
import type { VendorLoadState } from "../../exchange-db/vendor-loads.ts";
import type { EntityPlan } from "../../pipeline/entity-plan.ts";
import type { ColumnTally, EntityTally } from "../../pipeline/review/entity-tally.ts";
import type { Fault, FaultKind } from "../../pipeline/review/fault.ts";
import { type Acceptance, acceptanceOf } from "./acceptance.ts";

export interface ReportedFault extends Omit<Fault, "field"> {
  /** Of a table that could not be read. */
  readonly code?: string;
}

export interface ReportedColumn {
  readonly field: string;
  readonly column: string | null;
  readonly nameZh: string;
  readonly required: boolean;
  readonly filled: number;
  readonly codesInUse: number | null;
  readonly codesMapped: number | null;
  readonly faults: readonly ReportedFault[];
}

export interface ReportedEntity {
  readonly entity: EntityName;
  readonly relation: string;
  readonly read: boolean;
  readonly rows: number;
  readonly soundRows: number;
  readonly columns: readonly ReportedColumn[];
  readonly faults: readonly ReportedFault[];
}

/** `contracts/vendor-report.v1.schema.json`. */
export interface VendorReport {
  readonly format: "duijie.vendor-report.v1";
  readonly verifiedAt: string;
  readonly province: string;
  readonly profile: string;
  readonly referenceDay: string;
  readonly source: {
    readonly engine: string;
    readonly load: string | null;
    readonly loadState: VendorLoadState | null;
  };
  readonly mappingVersion: string | null;
  readonly clean: boolean;
  readonly rows: number;
  readonly soundRows: number;
  readonly entities: readonly ReportedEntity[];
  readonly acceptance: Acceptance;
}

/** One entity with what was read of it; `tally` is null where it could not be read. */
export interface Reviewed {
  readonly plan: EntityPlan;
  readonly relation: string;
  readonly tally: EntityTally | null;
  /** Of the table itself. */
  readonly faults: readonly ReportedFault[];
  /** Columns that are configured and not there, by field. */
  readonly missing: ReadonlyMap<string, string>;
}

export type ReportHead = Omit<
  VendorReport,
  "format" | "clean" | "rows" | "soundRows" | "entities" | "acceptance"
>;

export function reportOf(head: ReportHead, reviewed: readonly Reviewed[]): VendorReport {
  const entities = reviewed.map((one) => entityReport(one, head.profile));
  const acceptance = acceptanceOf(reviewed, entities);
  const sum = (count: (entity: ReportedEntity) => number) =>
    entities.reduce((total, entity) => total + count(entity), 0);
  return {
    format: "duijie.vendor-report.v1",
    ...head,
    clean: entities.every((entity) => faultsOf(entity).every(({ severity }) => severity === "warning")),
    rows: sum(({ rows }) => rows),
    soundRows: sum(({ soundRows }) => soundRows),
    entities,
    acceptance,
  };
}

export function faultsOf({ columns, faults }: ReportedEntity): readonly ReportedFault[] {
  return [...faults, ...columns.flatMap((column) => column.faults)];
}

function entityReport(reviewed: Reviewed, profileName: string): ReportedEntity {
  const { plan, relation, tally } = reviewed;
  const required = new Set(profile(profileName).required[plan.entity]);
  const found = tally?.faults.all() ?? [];
  const ofRows = found.filter(({ field }) => field === null).map(reported);
  const columns = plan.contract.fields.map((field, at) =>
    columnReport(reviewed, found, tally?.columns[at] ?? null, {
      field: field.name,
      nameZh: field.titleZh,
      required: required.has(field.name),
    }),
  );
  return {
    entity: plan.entity,
    relation,
    read: tally !== null,
    rows: tally?.rows ?? 0,
    soundRows: tally?.sound ?? 0,
    columns,
    faults: [...reviewed.faults, ...ofRows],
  };
}

function columnReport(
  { missing, plan }: Reviewed,
  found: readonly Fault[],
  tally: ColumnTally | null,
  head: Pick<ReportedColumn, "field" | "nameZh" | "required">,
): ReportedColumn {
  const lost = missing.get(head.field);
  const column = lost ?? plan.source.columns.find(({ field }) => field === head.field)?.column ?? null;
  const codes = tally?.codes ?? null;
  return {
    field: head.field,
    column,
    nameZh: head.nameZh,
    required: head.required,
    filled: tally?.filled ?? 0,
    codesInUse: codes === null ? null : codes.mapped.size + codes.unmapped.size,
    codesMapped: codes === null ? null : codes.mapped.size,
    faults: [
      ...(lost === undefined ? [] : [plainFault("COLUMN_MISSING")]),
      ...found.filter(({ field }) => field === head.field).map(reported),
    ],
  };
}

export function plainFault(kind: FaultKind, more: Partial<ReportedFault> = {}): ReportedFault {
  return { kind, severity: "error", rule: null, rows: 0, keys: [], ...more };
}

function reported({ field: _place, keys, ...fault }: Fault): ReportedFault {
  return { ...fault, keys: keys.map(shownKey) };
}

/** A registry may use an ID or phone number as its key; such a one is not written down. */
function shownKey(key: string): string {
  return key.replaceAll(/\d{17}[\dXx]|\d{15}|1[3-9]\d{9}/g, "***");
}
