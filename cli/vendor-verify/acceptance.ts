import type { EntityName } from "../../contracts/entity.ts";
import type { EntityContract } from "../../contracts/registry.ts";
import { lumpedRows } from "../../pipeline/review/entity-tally.ts";
import type { ReportedColumn, ReportedEntity, Reviewed } from "./report.ts";

export interface Place {
  readonly entity: EntityName;
  readonly field: string;
  readonly column: string | null;
}

/** The acceptance of the own system's adaptation, as far as its data shows it. */
export interface Acceptance {
  /** Required fields exist. */
  readonly VA1: {
    readonly passed: boolean;
    readonly present: number;
    readonly required: number;
    readonly absent: readonly Place[];
  };
  /** Codes in use are national or mapped. */
  readonly VA2: {
    readonly passed: boolean;
    readonly mapped: number;
    readonly inUse: number;
    readonly toOther: readonly Place[];
  };
  /** Checks pass. */
  readonly VA3: { readonly passed: boolean; readonly passing: number; readonly all: number };
}

/** Above this share of a field's values, several codes mapped to "other" hide what should have been mapped. */
const toOtherMax = 0.005;

export function acceptanceOf(reviewed: readonly Reviewed[], entities: readonly ReportedEntity[]): Acceptance {
  return {
    VA1: fieldsExist(reviewed, entities),
    VA2: codesMapped(reviewed, entities),
    VA3: checks(reviewed, entities),
  };
}

type Named = readonly (readonly [ReportedEntity, ReportedColumn])[];

function columnsOf(entities: readonly ReportedEntity[]): Named {
  return entities.flatMap((entity) => entity.columns.map((column) => [entity, column] as const));
}

function placesOf(named: Named): readonly Place[] {
  return named.map(([{ entity }, { column, field }]) => ({ entity, field, column }));
}

/** A column that is there and empty in every row is a field that the system does not have. */
function fieldsExist(reviewed: readonly Reviewed[], entities: readonly ReportedEntity[]): Acceptance["VA1"] {
  const required = columnsOf(entities).filter(([, column]) => column.required);
  const absent = required.filter(([entity, { column, faults, field, filled }]) => {
    if (!entity.read) return true;
    if (faults.some(({ kind }) => kind === "COLUMN_MISSING")) return true;
    if (column === null) return !isConstant(reviewed, entity.entity, field);
    return entity.rows > 0 && filled === 0;
  });
  return {
    passed: required.length > 0 && absent.length === 0,
    present: required.length - absent.length,
    required: required.length,
    absent: placesOf(absent),
  };
}

function isConstant(reviewed: readonly Reviewed[], entity: EntityName, field: string): boolean {
  const plan = reviewed.find((one) => one.plan.entity === entity)?.plan;
  return plan?.mappings.some((mapping) => mapping.field === field && "constant" in mapping.from) === true;
}

function codesMapped(reviewed: readonly Reviewed[], entities: readonly ReportedEntity[]): Acceptance["VA2"] {
  const columns = columnsOf(entities);
  const sum = (count: (column: ReportedColumn) => number | null) =>
    columns.reduce((total, [, column]) => total + (count(column) ?? 0), 0);
  const inUse = sum(({ codesInUse }) => codesInUse);
  const mapped = sum((column) => column.codesMapped);
  const toOther = columns.filter(([{ entity }, { field, filled }]) => {
    const tally = reviewed.find(({ plan }) => plan.entity === entity)?.tally;
    const codes = tally?.columns.find((one) => one.field.name === field)?.codes;
    return codes !== undefined && codes !== null && lumpedRows(codes) > filled * toOtherMax;
  });
  const passed = inUse > 0 && mapped === inUse && toOther.length === 0;
  return { passed, mapped, inUse, toOther: placesOf(toOther) };
}

/** Each thing that is checked of an entity's rows counts once, however many rows fail it. */
function checks(reviewed: readonly Reviewed[], entities: readonly ReportedEntity[]): Acceptance["VA3"] {
  let all = 0;
  let failing = 0;
  for (const [at, entity] of entities.entries()) {
    const { contract } = reviewed[at]?.plan ?? {};
    if (contract === undefined) continue;
    const count = checkCount(contract, entity);
    all += count;
    failing += entity.read ? failingChecks(entity) : count;
  }
  const passing = Math.max(0, all - failing);
  return { passed: all > 0 && failing === 0, passing, all };
}

/** The table; key there and single; the identifier single; each field's form; what is required; codes; parents; rules. */
function checkCount(contract: EntityContract, { columns }: ReportedEntity): number {
  const identifiers = contract.identifier === null ? 0 : 1;
  const coded = columns.filter(({ codesInUse }) => codesInUse !== null).length;
  const required = columns.filter((column) => column.required).length;
  const rules = contract.rules.filter(({ severity }) => severity === "error").length;
  return 3 + identifiers + columns.length + required + coded + contract.parents.length + rules;
}

const formKinds: ReadonlySet<string> = new Set([
  "TOO_LONG",
  "FORM",
  "CHARACTERS",
  "UNREADABLE",
  "COLUMN_MISSING",
]);

function failingChecks({ columns, faults }: ReportedEntity): number {
  const ofRows = new Set(faults.map(({ kind }) => kind)).size;
  const ofColumns = columns.flatMap((column) => {
    const errors = column.faults.filter(({ severity }) => severity === "error");
    return [
      ...new Set(errors.map(({ kind, rule }) => (formKinds.has(kind) ? "form" : `${kind} ${rule ?? ""}`))),
    ];
  });
  return ofRows + ofColumns.length;
}
