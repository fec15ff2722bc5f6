import type { FieldValue } from "../../contracts/entity.ts";
import { RecordEncoder } from "../../contracts/record-encoder.ts";
import type { EntityContract, Validation } from "../../contracts/registry.ts";
import type { KeptFinding, LandingRow } from "../../exchange-db/landing.ts";
import type { Stage } from "../stage.ts";
import type { CapturedRow, MappedRow, MappedUnit, ParkedRow, PassedRow, ValidatedUnit } from "../unit.ts";

/**
 * validate: mapped rows → those that meet contract and profile, as they go on the wire and with their digest, and those
 * that are parked. A row that mapping could not finish is parked for that alone: its other faults would only be guesses.
 */
export function validateStage(
  validate: (values: readonly FieldValue[]) => Validation,
  contract: EntityContract,
): Stage<MappedUnit, ValidatedUnit> {
  const encoder = new RecordEncoder();
  const identifierAt = contract.identifier === null ? -1 : contract.indexOf(contract.identifier);
  return {
    name: "validate",
    run: (mapped) => Promise.resolve(validateUnit(mapped, { validate, encoder, identifierAt })),
  };
}

function park(row: CapturedRow, findings: readonly KeptFinding[]): ParkedRow {
  return { row: { ...landingRow(row, null, null), raw: rawOf(row) }, findings, unreadable: row.unreadable };
}

/** How a row is staged. Its raw text is kept as the line that it came in, where there is one. */
function landingRow(row: CapturedRow, wireDigest: string | null, identifier: string | null): LandingRow {
  return {
    key: row.key,
    hash: row.hash,
    county: row.county,
    op: row.op,
    wireDigest,
    agreedNationalVersion: row.known?.agreedNationalVersion ?? null,
    parkedIn: row.parkedIn,
    raw: row.op === "upsert" && row.line !== null ? row.line : rawOf(row),
    identifier,
  };
}

/** Of a deleted record staging keeps key and version; what it was stands in the row that it replaces. */
function rawOf(row: CapturedRow): readonly (string | null)[] {
  return row.op === "delete" ? row.raw.map(() => null) : row.raw;
}

interface Judging {
  readonly validate: (values: readonly FieldValue[]) => Validation;
  readonly encoder: RecordEncoder;
  /** Of the contract's identifier field; -1 where it has none. */
  readonly identifierAt: number;
}

function validateUnit(mapped: MappedUnit, { encoder, identifierAt, validate }: Judging): ValidatedUnit {
  const passed: PassedRow[] = [];
  const parked: ParkedRow[] = [];
  const warnings: Record<string, number> = {};
  let unchanged = 0;
  for (const one of mapped.rows) {
    const findings = findingsOf(one, validate, warnings);
    const encoded = findings.length === 0 ? encoder.encode(one.values) : null;
    if (isUnchanged(one.row, encoded?.digest ?? null)) unchanged += 1;
    else if (encoded === null) parked.push(park(one.row, findings));
    else {
      const identifier = identifierAt === -1 ? null : (one.values[identifierAt] ?? null);
      passed.push({ row: landingRow(one.row, encoded.digest, identifier), record: encoded.record });
    }
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
function isUnchanged(row: CapturedRow, digest: string | null): boolean {
  const { known, parkedIn } = row;
  if (known === null || parkedIn !== null || known.op !== row.op) return false;
  if (row.op === "delete") return true;
  if (known.hash !== row.hash) return false;
  if (digest === null || known.wireDigest === null) return digest === known.wireDigest;
  return digest === known.wireDigest.toString("hex");
}
