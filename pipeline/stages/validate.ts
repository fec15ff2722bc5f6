import { wireDigest } from "../../contracts/digest.ts";
import type { FieldValue } from "../../contracts/entity.ts";
import type { Validation } from "../../contracts/registry.ts";
import type { KeptFinding } from "../../exchange-db/landing.ts";
import type { Stage } from "../stage.ts";
import type { CapturedRow, MappedRow, MappedUnit, ParkedRow, PassedRow, ValidatedUnit } from "../unit.ts";

/**
 * validate: mapped rows → those that meet contract and profile, with their wire digest, and those that are parked. A row
 * that mapping could not finish is parked for that alone: its other faults would only be guesses.
 */
export function validateStage(
  validate: (values: readonly FieldValue[]) => Validation,
): Stage<MappedUnit, ValidatedUnit> {
  return {
    name: "validate",
    run: (mapped) => Promise.resolve(validateUnit(mapped, validate)),
  };
}

function validateUnit(
  mapped: MappedUnit,
  validate: (values: readonly FieldValue[]) => Validation,
): ValidatedUnit {
  const passed: PassedRow[] = [];
  const parked: ParkedRow[] = [];
  const warnings: Record<string, number> = {};
  let unchanged = 0;
  for (const one of mapped.rows) {
    const findings = findingsOf(one, validate, warnings);
    const digest = findings.length === 0 ? wireDigest(one.values) : null;
    if (isUnchanged(one.row, digest)) unchanged += 1;
    else if (digest === null) parked.push({ row: one.row, findings });
    else passed.push({ row: one.row, values: one.values, wireDigest: digest });
  }
  return { captured: mapped.captured, unchangedCount: unchanged, passed, parked, warnings };
}

function findingsOf(
  mapped: MappedRow,
  validate: (values: readonly FieldValue[]) => Validation,
  warnings: Record<string, number>,
): readonly KeptFinding[] {
  if (mapped.row.op === "delete") return noFindings;
  if (mapped.findings.length > 0) return mapped.findings;
  const { errors, warnings: met } = validate(mapped.values);
  for (const { rule } of met) warnings[rule] = (warnings[rule] ?? 0) + 1;
  if (errors.length === 0) return noFindings;
  return errors.map(({ rule, field }) => ({ code: "CONTRACT_VIOLATION", field, rule, value: null }));
}

const noFindings: readonly KeptFinding[] = [];

/**
 * Same source row, and the same record on the wire (or again none) under the new mapping; or deleted, and deleted again.
 * A parked row is taken up to be sent again, so it never is.
 */
function isUnchanged(row: CapturedRow, digest: Buffer | null): boolean {
  const { known, parkedIn } = row;
  if (known === null || parkedIn !== null || known.op !== row.op) return false;
  if (row.op === "delete") return true;
  if (known.hash !== row.hash) return false;
  if (digest === null || known.wireDigest === null) return digest === known.wireDigest;
  return digest.equals(known.wireDigest);
}
