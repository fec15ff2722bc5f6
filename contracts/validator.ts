import type { EntityName, FieldValue } from "./entity.ts";
import type { EntityContract } from "./entity-contract.ts";
import { entityContract } from "./entity-contract.ts";
import { DuijieError } from "./errors.ts";
import { fieldCheck } from "./field-check.ts";
import { profile } from "./profile.ts";
import type { Rule, RuleContext } from "./rules.ts";
import type { ValueCheck } from "./value-check.ts";
import { isDate } from "./value-check.ts";

export interface RecordFinding {
  /** "SCHEMA": not in the form of its field; "REQUIRED": absent; else the id of a rule. */
  readonly rule: string;
  readonly field: string;
}

export interface Validation {
  /** Any of these parks the record. */
  readonly errors: readonly RecordFinding[];
  readonly warnings: readonly RecordFinding[];
}

export interface ValidatorOptions {
  /** The reference day, `YYYYMMDD`: taken once from the caller's clock, so that a whole load is judged by one day. */
  readonly today: string;
  /** The version of the contract; the newest if left out. */
  readonly version?: number;
}

/** The shared answer for a record without findings: nothing is allocated for the great majority. */
const clean: Validation = Object.freeze({ errors: Object.freeze([]), warnings: Object.freeze([]) });

/**
 * A function that judges one record, values in contract order. It finds every field that is wrong, never only the
 * first. A rule is asked only when the fields that it reads are each in their form.
 */
export function recordValidator(
  entity: EntityName,
  profileName: string,
  options: ValidatorOptions,
): (values: readonly FieldValue[]) => Validation {
  if (!isDate(options.today)) throw new DuijieError("INVARIANT_BROKEN", { what: "reference day" });
  const contract = entityContract(entity, options.version);
  const checks = fieldChecks(contract);
  const required = new Set(profile(profileName).required[entity]);
  const isRequired = contract.fields.map((field) => required.has(field.name));
  const context: RuleContext = Object.freeze({ today: options.today });
  const width = contract.fields.length;
  // Pupils come in classes: most values equal those of the pupil before, and to compare is cheaper than to check.
  const lastGood: FieldValue[] = contract.fields.map(() => null);

  return (values) => {
    if (values.length !== width) {
      throw new DuijieError("INVARIANT_BROKEN", { what: "record width", entity, expected: width });
    }
    let errors: RecordFinding[] | undefined;
    for (let at = 0; at < width; at += 1) {
      const value = values[at];
      if (value === null || value === undefined) {
        if (isRequired[at] === true) (errors ??= []).push(finding("REQUIRED", contract, at));
      } else if (value === lastGood[at]) {
        continue;
      } else if (checks[at]?.(value) === true) {
        lastGood[at] = value;
      } else {
        (errors ??= []).push(
          finding(value === "" && isRequired[at] === true ? "REQUIRED" : "SCHEMA", contract, at),
        );
      }
    }
    return applyRules(contract.rules, values, context, errors);
  };
}

function finding(rule: string, contract: EntityContract, at: number): RecordFinding {
  return { rule, field: contract.fields[at]?.name ?? "" };
}

function applyRules(
  rules: readonly Rule[],
  values: readonly FieldValue[],
  context: RuleContext,
  found: RecordFinding[] | undefined,
): Validation {
  let errors = found;
  let warnings: RecordFinding[] | undefined;
  const malformed = found === undefined ? undefined : new Set(found.map((one) => one.field));
  for (const rule of rules) {
    if (malformed !== undefined && rule.fields.some((field) => malformed.has(field))) continue;
    if (rule.check(values, context)) continue;
    const one = { rule: rule.id, field: rule.fields[0] };
    if (rule.severity === "error") (errors ??= []).push(one);
    else (warnings ??= []).push(one);
  }
  if (errors === undefined && warnings === undefined) return clean;
  return { errors: errors ?? clean.errors, warnings: warnings ?? clean.warnings };
}

const compiled = new Map<string, readonly ValueCheck[]>();

/** One small function a field, made once per contract. */
function fieldChecks(contract: EntityContract): readonly ValueCheck[] {
  const id = `${contract.entity}:${contract.version}`;
  const known = compiled.get(id);
  if (known !== undefined) return known;
  const checks = contract.fields.map((field) => fieldCheck(contract, field));
  compiled.set(id, checks);
  return checks;
}
