import { codeTable } from "../../contracts/codes.ts";
import type { EntityName, FieldValue } from "../../contracts/entity.ts";
import type { EntityContract, FieldContract, Validation } from "../../contracts/registry.ts";
import { isPlainText, isRegionTable } from "../../contracts/value-check.ts";
import type { MappedRecord } from "../../mappings/record-mapper.ts";
import type { EntityPlan } from "../entity-plan.ts";
import { FaultCounts, type FaultPlace } from "./fault.ts";
import type { IdentifierSet } from "./identifier-set.ts";

/** One row as it was read, whether or not it has a key of its own. */
export interface ReviewedRow {
  readonly key: string | null;
  readonly raw: readonly (string | null)[];
  /** The column that could not be decoded. */
  readonly unreadable: string | null;
}

/** What is known of one column when the entity has been read. */
export interface ColumnTally {
  readonly field: FieldContract;
  /** Rows with a value that is not blank. */
  filled: number;
  /** Different source codes; null where the field holds no codes. */
  readonly codes: CodeTally | null;
}

/** Different codes in use, and rows by source code that a table mapped to "other". */
export interface CodeTally {
  readonly mapped: Set<string>;
  readonly unmapped: Set<string>;
  readonly toOther: Map<string, number>;
}

/** Rows of codes that share "other" with a more frequent one, which may well be the province's own "other". */
export function lumpedRows({ toOther }: CodeTally): number {
  const rows = [...toOther.values()];
  return rows.reduce((sum, one) => sum + one, 0) - Math.max(0, ...rows);
}

export interface Judges {
  readonly map: (raw: readonly (string | null)[]) => MappedRecord;
  readonly validate: (values: readonly FieldValue[]) => Validation;
}

/** What parents there are, by their identifier (of pupils their key); an entity that was not read is not there. */
export type ParentSets = ReadonlyMap<EntityName, IdentifierSet>;

export interface TallyOptions {
  readonly plan: EntityPlan;
  readonly judges: Judges;
  readonly parents: ParentSets;
  /** Filled with what children may refer to. */
  readonly own: IdentifierSet;
  readonly samples: number;
  /** A part of a province: what its rows refer to may have come before. */
  readonly isPartial: boolean;
}

/** Different codes of one column are remembered up to here; regions of a whole province stay far below. */
const codesMax = 50_000;

/** Counts what one entity's rows are like. Each row is judged by itself, whatever is wrong with its key. */
export class EntityTally {
  rows = 0;
  /** Rows without an error. */
  sound = 0;
  readonly columns: readonly ColumnTally[];
  readonly faults: FaultCounts;
  readonly #options: TallyOptions;
  readonly #others: readonly ReadonlySet<string>[];

  constructor(options: TallyOptions) {
    this.#options = options;
    const { contract } = options.plan;
    this.columns = contract.fields.map((field) => ({
      field,
      filled: 0,
      codes: codesOf(options.plan, field),
    }));
    this.#others = contract.fields.map(otherCodes);
    this.faults = new FaultCounts(options.samples);
  }

  /** `keyFault`: the row has no key of its own. True where nothing is wrong with it. */
  add(row: ReviewedRow, keyFault: "KEY_MISSING" | "KEY_DUPLICATE" | "UNREADABLE" | null): boolean {
    this.rows += 1;
    const judged = this.#judge(row, keyFault === null);
    if (keyFault !== null) this.faults.add({ kind: keyFault, field: null }, row.key);
    const isSound = judged && keyFault === null;
    if (isSound) this.sound += 1;
    return isSound;
  }

  /** The first row of a doubled key, which came alone when it was added. */
  takeBack(key: string, wasSound: boolean): void {
    this.faults.add({ kind: "KEY_DUPLICATE", field: null }, key);
    if (wasSound) this.sound -= 1;
  }

  #judge(row: ReviewedRow, hasOwnKey: boolean): boolean {
    const { judges, plan } = this.#options;
    const { findings, values } = judges.map(row.raw);
    const unreadable = fieldOfColumn(plan, row.unreadable);
    const failed = new Set([...findings.map(({ field }) => field), ...(unreadable ?? [])]);
    this.#countValues(row.raw, values);
    const places = [
      ...findings.map((finding) => mapFault(finding)),
      ...(unreadable ?? []).map((field): FaultPlace => ({ kind: "UNREADABLE", field })),
      ...this.#validationFaults(judges.validate(values), values, failed),
    ];
    for (const place of places) this.#count(place, row.key, values);
    const isSound = places.every(({ severity }) => severity === "warning");
    const hasParents = this.#hasParents(row.key, values);
    // Of rows with one key all are named already; naming their identifier too would say it twice.
    const isSingle = this.#isSingle(row.key, values) || !hasOwnKey;
    if (!isSingle)
      this.faults.add({ kind: "IDENTIFIER_DUPLICATE", field: plan.contract.identifier }, row.key);
    return hasParents && isSingle && isSound;
  }

  #countValues(raw: readonly (string | null)[], values: readonly FieldValue[]): void {
    for (const [at, column] of this.columns.entries()) {
      const text = raw[at]?.trim() ?? "";
      const value = values[at] ?? null;
      if (text !== "") column.filled += 1;
      else if (value === null) continue;
      if (column.codes !== null && text !== "") countCode(column.codes, text, value, this.#others[at]);
    }
  }

  /** What mapping could not tell is not judged: neither the field nor a rule that reads it. */
  #validationFaults(
    { errors, warnings }: Validation,
    values: readonly FieldValue[],
    failed: ReadonlySet<string>,
  ): readonly FaultPlace[] {
    const { contract } = this.#options.plan;
    const isJudged = ({ rule, field }: { rule: string; field: string }) => {
      const read = contract.rules.find(({ id }) => id === rule)?.fields ?? [field];
      return !read.some((name) => failed.has(name));
    };
    return [
      ...errors.filter(isJudged).map((one) => validationFault(contract, one, values)),
      ...warnings
        .filter(isJudged)
        .map(({ field, rule }): FaultPlace => ({ kind: "RULE", severity: "warning", field, rule })),
    ];
  }

  #count(place: FaultPlace & { readonly code?: string }, key: string | null, values: readonly FieldValue[]) {
    const { code, ...rest } = place;
    if (code !== undefined) this.faults.addCode(rest, key, code);
    else if (place.kind === "TOO_LONG") this.faults.addLong(place, key, this.#lengthOf(place.field, values));
    else this.faults.add(place, key);
  }

  #lengthOf(field: string | null, values: readonly FieldValue[]): number {
    return field === null ? 0 : Array.from(values[this.#options.plan.contract.indexOf(field)] ?? "").length;
  }

  #hasParents(key: string | null, values: readonly FieldValue[]): boolean {
    const { isPartial, parents, plan } = this.#options;
    let hasAll = true;
    for (const { entity, field } of plan.contract.parents) {
      const known = parents.get(entity);
      const value = values[plan.contract.indexOf(field)] ?? null;
      if (known === undefined || value === null || known.has(value)) continue;
      this.faults.add(
        { kind: "PARENT_MISSING", field, ...(isPartial ? { severity: "warning" as const } : {}) },
        key,
      );
      hasAll &&= isPartial;
    }
    return hasAll;
  }

  /** Rows after the first with one identifier: the nation would take the first and refuse them. */
  #isSingle(key: string | null, values: readonly FieldValue[]): boolean {
    const { own, plan } = this.#options;
    const { contract } = plan;
    if (contract.identifier === null) {
      if (key !== null) own.add(key);
      return true;
    }
    const value = values[contract.indexOf(contract.identifier)] ?? null;
    return value === null || own.add(value);
  }
}

function codesOf(plan: EntityPlan, { codeTable: table, name }: FieldContract): CodeTally | null {
  const mapping = plan.mappings.find(({ field }) => field === name);
  const isCoded = mapping !== undefined && (table !== undefined || mapping.codes !== undefined);
  return isCoded && "column" in mapping.from
    ? { mapped: new Set(), unmapped: new Set(), toOther: new Map() }
    : null;
}

function countCode(
  codes: CodeTally,
  text: string,
  value: string | null,
  others: ReadonlySet<string> | undefined,
): void {
  const known = value === null ? codes.unmapped : codes.mapped;
  if (known.size < codesMax) known.add(text);
  if (value === null || value === text || others?.has(value) !== true) return;
  codes.toOther.set(text, (codes.toOther.get(text) ?? 0) + 1);
}

/** National codes that say "other", by their Chinese name. */
function otherCodes({ codeTable: table }: FieldContract): ReadonlySet<string> {
  if (table === undefined || isRegionTable(table)) return new Set();
  const rows = codeTable(table).rows.filter((row) => (row["name_zh"] ?? "").startsWith("其他"));
  return new Set(rows.map((row) => row["code"] ?? ""));
}

function fieldOfColumn(plan: EntityPlan, column: string | null): readonly string[] | null {
  if (column === null) return null;
  const fields = plan.source.columns.filter((one) => one.column === column).map(({ field }) => field);
  return fields.length === 0 ? [column] : fields;
}

function mapFault({
  code,
  field,
  rule,
  value,
}: MappedRecord["findings"][number]): FaultPlace & { readonly code?: string } {
  if (code === "MAPPING_MISSING") return { kind: "CODE_UNMAPPED", field, code: value ?? "" };
  return { kind: rule === "text" ? "CHARACTERS" : "FORM", field };
}

function validationFault(
  contract: EntityContract,
  { field, rule }: { readonly field: string; readonly rule: string },
  values: readonly FieldValue[],
): FaultPlace {
  if (rule === "REQUIRED") return { kind: "REQUIRED", field };
  if (rule !== "SCHEMA") return { kind: "RULE", field, rule };
  const at = contract.indexOf(field);
  const value = values[at] ?? "";
  const max = contract.fields[at]?.maxLength ?? Number.POSITIVE_INFINITY;
  if (Array.from(value).length > max) return { kind: "TOO_LONG", field };
  return { kind: isPlainText(value) ? "FORM" : "CHARACTERS", field };
}
