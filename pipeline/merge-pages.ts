import { DuijieError } from "../contracts/errors.ts";
import type { LandingRow } from "../exchange-db/landing.ts";
import { type EntityPlan, rawValues } from "./entity-plan.ts";
import type { KeylessRow, ParkedRow, PassedRow, UnitHead, ValidatedUnit } from "./unit.ts";

interface Merged {
  head: UnitHead;
  unchangedCount: number;
  readonly keyless: KeylessRow[];
  readonly passed: PassedRow[];
  readonly parked: ParkedRow[];
  readonly warnings: Record<string, number>;
}

/** Pages of one unit, each judged by itself → the unit. Of rows with one key in several pages all are parked. */
export async function mergePages(
  plan: EntityPlan,
  pages: AsyncIterable<ValidatedUnit>,
): Promise<ValidatedUnit> {
  let merged: Merged | null = null;
  for await (const page of pages) {
    if (merged === null)
      merged = { ...emptyOf(page.captured), keyless: [], passed: [], parked: [], warnings: {} };
    add(merged, page);
  }
  if (merged === null) throw new DuijieError("INVARIANT_BROKEN", { what: "unit without a page" });
  const { head, passed, parked, keyless, unchangedCount, warnings } = merged;
  const doubled = doubledKeys(keyless);
  if (doubled.size === 0) return { captured: { ...head, keyless }, unchangedCount, passed, parked, warnings };
  const first: KeylessRow[] = [
    ...passed.filter(({ row }) => doubled.has(row.key)).map(({ row }) => takenBack(plan, row)),
    ...parked.filter(({ row }) => doubled.has(row.key)).map(({ row }) => takenBack(plan, row)),
  ];
  return {
    captured: { ...head, keyless: [...first, ...keyless] },
    unchangedCount,
    passed: passed.filter(({ row }) => !doubled.has(row.key)),
    parked: parked.filter(({ row }) => !doubled.has(row.key)),
    warnings,
  };
}

function emptyOf(head: UnitHead): { head: UnitHead; unchangedCount: number } {
  return {
    head: { ...head, readCount: 0, unchangedCount: 0, keyless: [], counties: new Map() },
    unchangedCount: 0,
  };
}

function add(merged: Merged, page: ValidatedUnit): void {
  const { captured } = page;
  merged.head = {
    ...merged.head,
    readCount: merged.head.readCount + captured.readCount,
    unchangedCount: merged.head.unchangedCount + captured.unchangedCount,
  };
  merged.unchangedCount += page.unchangedCount;
  for (const row of captured.keyless) merged.keyless.push(row);
  for (const row of page.passed) merged.passed.push(row);
  for (const row of page.parked) merged.parked.push(row);
  for (const [rule, rows] of Object.entries(page.warnings))
    merged.warnings[rule] = (merged.warnings[rule] ?? 0) + rows;
  for (const [county, { read, quarantined }] of captured.counties) {
    const count = merged.head.counties.get(county);
    if (count === undefined) merged.head.counties.set(county, { read, quarantined });
    else {
      count.read += read;
      count.quarantined += quarantined;
    }
  }
}

function doubledKeys(keyless: readonly KeylessRow[]): ReadonlySet<string> {
  const keys = keyless.map(({ code, key }) => (code === "KEY_DUPLICATE" ? key : null));
  return new Set(keys.filter((key) => key !== null));
}

/** The first row of a doubled key, which was let through before the second came. */
function takenBack(plan: EntityPlan, row: LandingRow): KeylessRow {
  const values = rawValues(plan, row.raw);
  const raw = plan.source.columns.map(({ field }, column) => [
    field,
    values[plan.fieldOfColumn[column] ?? -1] ?? null,
  ]);
  return {
    key: row.key,
    hash: row.hash,
    county: row.county,
    code: "KEY_DUPLICATE",
    raw: Object.fromEntries(raw),
  };
}
