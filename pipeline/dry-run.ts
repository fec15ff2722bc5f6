import type { EntityName } from "../contracts/entity.ts";
import { nationalRegions } from "../contracts/regions.ts";
import { recordValidator } from "../contracts/registry.ts";
import type { KeptFinding } from "../exchange-db/landing.ts";
import type { MappingTables } from "../mappings/mapping-tables.ts";
import { createRecordMapper } from "../mappings/record-mapper.ts";
import type { EntityPlan } from "./entity-plan.ts";
import { mergePages } from "./merge-pages.ts";
import { captureOnly, type SourceReading } from "./stages/capture.ts";
import { mapStage } from "./stages/map.ts";
import { validateStage } from "./stages/validate.ts";
import type { CapturedUnit, ValidatedUnit } from "./unit.ts";

export interface DryRunOptions extends SourceReading {
  readonly tables: MappingTables;
  readonly profile: string;
  /** The reference day of rules, `YYYYMMDD`. */
  readonly today: string;
  readonly chunkRows: number;
  /** Ranges read side by side. */
  readonly readers: number;
  /** Called with the rows of each range that would be parked, and with how far the entity is. */
  readonly found: (rows: readonly FailingRow[], tally: DryRunTally) => void;
}

/** A row that would be parked, with the registry's own code of its school where it has one. */
export interface FailingRow {
  readonly entity: EntityName;
  readonly key: string | null;
  readonly county: string | null;
  readonly school: string | null;
  readonly findings: readonly KeptFinding[];
}

/** What a load would find in one entity. `byCode` counts each row once, by its first finding. */
export interface DryRunTally {
  readonly entity: EntityName;
  ranges: number;
  rangesRead: number;
  read: number;
  wouldPass: number;
  wouldPark: number;
  readonly byCode: Record<string, number>;
  readonly warnings: Record<string, number>;
}

/**
 * Reads, maps and validates one entity as a load would; nothing is kept, sent or compared with what is known. What only
 * the nation can tell (an unknown school, a missing parent) is not found here.
 */
export async function dryRun(
  options: DryRunOptions,
  plan: EntityPlan,
  signal: AbortSignal,
): Promise<DryRunTally> {
  const ranges = await options.connector.planRanges(plan.source, options.chunkRows, signal);
  const tally: DryRunTally = {
    entity: plan.entity,
    ranges: ranges.length,
    rangesRead: 0,
    read: 0,
    wouldPass: 0,
    wouldPark: 0,
    byCode: {},
    warnings: {},
  };
  const left = ranges.values();
  const readers = Array.from({ length: options.readers }, async () => {
    const judge = judgeOf(options, plan);
    // One iterator for all readers: each range is taken by the first that is free.
    for (const range of left) {
      const judged = await mergePages(plan, judge(captureOnly(options, plan, range, signal), signal));
      const failing = failingRows(plan, judged);
      count(tally, judged, failing);
      options.found(failing, tally);
    }
  });
  await Promise.all(readers);
  return tally;
}

function judgeOf({ profile, tables, today }: DryRunOptions, plan: EntityPlan) {
  const map = mapStage(createRecordMapper(plan.contract, plan.mappings, tables, nationalRegions()));
  const validate = validateStage(recordValidator(plan.entity, profile, { today }), plan.contract);
  return async function* (pages: AsyncIterable<CapturedUnit>, signal: AbortSignal) {
    for await (const page of pages) yield await validate.run(await map.run(page, signal), signal);
  };
}

function failingRows(plan: EntityPlan, { captured, parked }: ValidatedUnit): readonly FailingRow[] {
  const { entity } = plan;
  const schoolAt = plan.contract.fields.findIndex(({ name }) => name === "schoolId");
  const single = parked.map(({ row, findings }): FailingRow => {
    return { entity, key: row.key, county: row.county, school: row.raw[schoolAt] ?? null, findings };
  });
  const keyless = captured.keyless.map(({ code, county, key, raw }): FailingRow => {
    const findings = [{ code, field: "", rule: code, value: null }];
    return { entity, key, county, school: raw["schoolId"] ?? null, findings };
  });
  return [...single, ...keyless];
}

function count(tally: DryRunTally, judged: ValidatedUnit, failing: readonly FailingRow[]): void {
  tally.rangesRead += 1;
  tally.read += judged.captured.readCount;
  tally.wouldPass += judged.passed.length;
  tally.wouldPark += failing.length;
  for (const { findings } of failing) add(tally.byCode, findings[0]?.code ?? "", 1);
  for (const [rule, rows] of Object.entries(judged.warnings)) add(tally.warnings, rule, rows);
}

function add(counts: Record<string, number>, name: string, rows: number): void {
  counts[name] = (counts[name] ?? 0) + rows;
}
