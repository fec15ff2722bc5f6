import type { Ajv2020 } from "ajv/dist/2020.js";
import { codeTable } from "./codes.ts";
import { createAjv, type EntityContract, type FieldContract } from "./entity-contract.ts";
import { codeTableCheck, isRegionTable, typeChecks, type ValueCheck } from "./value-check.ts";

/** What a field's schema may say and is understood here; what only describes has no effect on a value. */
const understood: ReadonlySet<string> = new Set([
  "type",
  "title",
  "description",
  "minLength",
  "maxLength",
  "pattern",
  "x-type",
  "x-title-en",
  "x-column",
  "x-code-table",
  "x-ref",
  "x-item",
  "x-alias",
]);

let ajv: Ajv2020 | undefined;

/**
 * The check that a field's schema describes, put together from its few keywords: a third of the time that a compiled schema
 * takes, and nothing to compile. A keyword that is not understood here is left to ajv, so a contract can never say more than
 * is checked. A property test holds both to the same answers.
 */
export function fieldCheck(contract: EntityContract, field: FieldContract): ValueCheck {
  const schema = contract.schemaOf(field.name);
  if (!Object.keys(schema).every((keyword) => understood.has(keyword))) {
    const isValid = (ajv ??= createAjv()).compile(schema);
    return (value) => isValid(value) === true;
  }
  const check = textCheck(field, "minLength" in schema ? Number(schema.minLength) : 0);
  if (field.codeTable === undefined || isRegionTable(field.codeTable)) return check;
  const accepted = new Set([...codeTable(field.codeTable).codes].filter(check));
  return (value) => accepted.has(value);
}

function textCheck(field: FieldContract, minLength: number): ValueCheck {
  const maxLength = field.maxLength ?? Number.POSITIVE_INFINITY;
  const parts: ValueCheck[] = [typeChecks[field.type]];
  if (field.pattern !== undefined) {
    const pattern = new RegExp(field.pattern, "u");
    parts.push((value) => pattern.test(value));
  }
  if (field.codeTable !== undefined && isRegionTable(field.codeTable))
    parts.push(codeTableCheck(field.codeTable));
  const [first, second, third] = parts;
  return (value) =>
    hasLength(value, minLength, maxLength) &&
    first?.(value) === true &&
    (second === undefined || second(value)) &&
    (third === undefined || third(value));
}

/** In code points. They are counted only where the number of units does not settle it. */
function hasLength(value: string, min: number, max: number): boolean {
  if (value.length < min) return false;
  if (value.length <= max && (min <= 1 || value.length >= 2 * min)) return true;
  let points = 0;
  for (const _ of value) points += 1;
  return points >= min && points <= max;
}
