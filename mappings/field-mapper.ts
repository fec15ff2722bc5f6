import { codeTable } from "../contracts/codes.ts";
import type { Conversion } from "../contracts/conversion.ts";
import type { FieldContract } from "../contracts/entity-contract.ts";
import { entityContract } from "../contracts/entity-contract.ts";
import type { Regions } from "../contracts/regions.ts";
import type { FieldType } from "../contracts/value-check.ts";
import { isDate, isMonth, isPlainText } from "../contracts/value-check.ts";
import type { CompiledConversion } from "./conversions.ts";
import { compileConversion, refused, toDecimal, toDocumentNumber, toInteger } from "./conversions.ts";
import type { MappingTables } from "./mapping-tables.ts";

/** How one contract field is filled. `column` is an index into `SourceRow.values`. */
export interface FieldMapping {
  readonly field: string;
  readonly from: { readonly column: number } | { readonly constant: string };
  readonly convert: readonly Conversion[];
  /** The province's mapping table that its codes go through. */
  readonly codes?: string;
}

/** Why a field of a record has no value. */
export interface MapFinding {
  readonly code: "MAPPING_MISSING" | "RECORD_MALFORMED";
  readonly field: string;
  /** MAPPING_MISSING: the province's table, else the national one. RECORD_MALFORMED: the conversion or the field's type. */
  readonly rule: string;
  /** MAPPING_MISSING: the source code as it was looked up, what an entry of the table has to name; else null. */
  readonly value: string | null;
}

type Mapped = string | null | MapFinding;
/** A field's value out of a source row. */
type FieldMapper = (row: readonly (string | null)[]) => Mapped;
/** From the raw text of a column, or the last steps of it. */
type Step = (value: string) => Mapped;

/** The mapper of one field, with everything looked up beforehand that can be. */
export function compileField(
  field: FieldContract,
  mapping: FieldMapping | undefined,
  tables: MappingTables,
  regions: Regions,
): FieldMapper {
  if (mapping === undefined) return () => null;
  const step = compileStep(field, mapping, tables, regions);
  if ("constant" in mapping.from) {
    const constant = step(mapping.from.constant);
    return () => constant;
  }
  const { column } = mapping.from;
  // Pupils come class by class: most columns are as in the row before.
  let before: string | null = null;
  let result: Mapped = null;
  return (row) => {
    const raw = row[column];
    if (raw === null || raw === undefined) return null;
    if (raw !== before) {
      before = raw;
      result = step(raw);
    }
    return result;
  };
}

function compileStep(
  field: FieldContract,
  mapping: FieldMapping,
  tables: MappingTables,
  regions: Regions,
): Step {
  if (isSourceKey(field)) return sourceKey(field);
  const last = lastStep(field, mapping.codes, tables, regions);
  const conversions = mapping.convert.map((conversion) => compileConversion(conversion, field));
  const step = conversions.length === 0 ? last : converted(field, conversions, last);
  const whole: Step = (raw) => {
    const value = raw.trim();
    return value === "" ? null : step(value);
  };
  const repeats = mapping.codes !== undefined || field.codeTable !== undefined || repeating.has(field.type);
  return repeats ? remembered(whole) : whole;
}

/** A reference to rows that have no identifier of their own; every character of a source key counts, blanks too. */
function isSourceKey(field: FieldContract): boolean {
  return field.ref !== undefined && entityContract(field.ref).identifier === null;
}

function sourceKey(field: FieldContract): Step {
  const text = plainText(field);
  return (raw) => (raw === "" ? null : text(raw));
}

function converted(field: FieldContract, conversions: readonly CompiledConversion[], last: Step): Step {
  return (value) => {
    let at = value;
    for (const { name, convert, isMapping } of conversions) {
      const next = convert(at);
      if (next === refused) return isMapping ? unmapped(field, name, at) : malformed(field, name);
      if (next === null) return null;
      at = next;
    }
    return at === "" ? null : last(at);
  };
}

/** What every value of this field ends with: its code looked up, or its one canonical form. */
function lastStep(
  field: FieldContract,
  codes: string | undefined,
  tables: MappingTables,
  regions: Regions,
): Step {
  if (field.codeTable === "region" || field.codeTable === "region-any") {
    return regionStep(field, field.codeTable, codes, tables, regions);
  }
  // Where a province names its own table, that table alone decides: its digits may be national ones with the opposite
  // meaning, and would pass every check of range.
  if (codes !== undefined) {
    const table = tables.table(codes);
    return (value) => table.get(value) ?? unmapped(field, codes, value);
  }
  if (field.codeTable !== undefined) {
    const national = codeTable(field.codeTable);
    return (value) => (national.codes.has(value) ? value : unmapped(field, national.name, value));
  }
  return canonical(field);
}

/**
 * A province's table holds the regions that the national list can't resolve (divided counties, development zones), not
 * all three thousand, so what it does not name is asked of the national list.
 */
function regionStep(
  field: FieldContract,
  list: "region" | "region-any",
  codes: string | undefined,
  tables: MappingTables,
  regions: Regions,
): Step {
  const own = codes === undefined ? undefined : tables.table(codes);
  const rule = codes ?? list;
  return (value) => {
    const code = own?.get(value) ?? value;
    const found = list === "region" ? regions.resolveCurrent(code) : regions.resolveAny(code);
    return found !== null && "code12" in found ? found.code12 : unmapped(field, rule, value);
  };
}

function canonical(field: FieldContract): Step {
  if (field.name === "idDocNo") {
    const text = plainText(field);
    return (value) => text(toDocumentNumber(value));
  }
  const convert = canonicalForms[field.type];
  return convert === undefined ? plainText(field) : orMalformed(field, convert);
}

/** All decimals of the contracts are written with one place. */
const decimalPlaces = 1;

const isoDate = /^\d{4}-\d{2}-\d{2}$/;
const isoMonth = /^\d{4}-\d{2}$/;

/** The canonical form, or the one that databases themselves write for a date. Any other has to be configured. */
function canonicalDate(value: string): string | typeof refused {
  const digits = isoDate.test(value) ? value.replaceAll("-", "") : value;
  return isDate(digits) ? digits : refused;
}

function canonicalMonth(value: string): string | typeof refused {
  const digits = isoMonth.test(value) ? value.replace("-", "") : value;
  return isMonth(digits) ? digits : refused;
}

const canonicalForms: Readonly<Partial<Record<FieldType, (value: string) => string | typeof refused>>> = {
  date: canonicalDate,
  month: canonicalMonth,
  decimal: (value) => toDecimal(value, decimalPlaces),
  integer: toInteger,
};

function orMalformed(field: FieldContract, convert: (value: string) => string | typeof refused): Step {
  return (value) => {
    const result = convert(value);
    return result === refused ? malformed(field, field.type) : result;
  };
}

function plainText(field: FieldContract): Step {
  return (value) => (isPlainText(value) ? value : malformed(field, "text"));
}

function malformed(field: FieldContract, rule: string): MapFinding {
  return { code: "RECORD_MALFORMED", field: field.name, rule, value: null };
}

/** A code is kept with its finding, so it has to be storable. */
function unmapped(field: FieldContract, rule: string, value: string): MapFinding {
  if (!isPlainText(value)) return malformed(field, "text");
  return { code: "MAPPING_MISSING", field: field.name, rule, value };
}

/** Types of which a province has few thousand values at most. */
const repeating: ReadonlySet<FieldType> = new Set(["date", "month", "decimal", "integer", "yes-no"]);

const rememberedMax = 8192;
const rememberedLengthMax = 12;

/**
 * Codes and days repeat, so each is worked out once. Bounded, as a wrongly configured column may hold something else in every
 * row; long texts are left out, because the engine keeps them as slices of the whole page that they were read from.
 */
function remembered(step: Step): Step {
  const known = new Map<string, Mapped>();
  return (raw) => {
    const before = known.get(raw);
    if (before !== undefined) return before;
    const result = step(raw);
    if (known.size < rememberedMax && raw.length <= rememberedLengthMax) known.set(raw, result);
    return result;
  };
}
