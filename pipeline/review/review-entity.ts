import type { EntityName } from "../../contracts/entity.ts";
import { nationalRegions } from "../../contracts/regions.ts";
import { recordValidator } from "../../contracts/registry.ts";
import type { MappingTables } from "../../mappings/mapping-tables.ts";
import { createRecordMapper } from "../../mappings/record-mapper.ts";
import type { EntityPlan } from "../entity-plan.ts";
import { captureOnly, type SourceReading } from "../stages/capture.ts";
import type { CapturedUnit, KeylessRow } from "../unit.ts";
import { EntityTally, type Judges, type ParentSets, type ReviewedRow } from "./entity-tally.ts";
import { IdentifierSet } from "./identifier-set.ts";

export interface ReviewOptions extends SourceReading {
  readonly tables: MappingTables;
  readonly profile: string;
  /** The reference day of rules, `YYYYMMDD`. */
  readonly today: string;
  readonly chunkRows: number;
  /** Ranges read side by side. */
  readonly readers: number;
  /** Keys kept of each fault. */
  readonly samples: number;
  readonly isPartial: boolean;
  readonly progress: (entity: EntityName, rows: number) => void;
}

/**
 * Reads one entity as a load would (the same capture, mapping and validation) and counts all that is wrong with it, not
 * only what a load meets first; nothing is kept or sent. `parents` holds what was read before and gains this entity.
 */
export async function reviewEntity(
  options: ReviewOptions,
  plan: EntityPlan,
  parents: Map<EntityName, IdentifierSet>,
  signal: AbortSignal,
): Promise<EntityTally> {
  const own = new IdentifierSet();
  const tally = new EntityTally({
    plan,
    judges: judgesOf(options, plan),
    parents: beforehand(parents),
    own,
    samples: options.samples,
    isPartial: options.isPartial,
  });
  const ranges = (await options.connector.planRanges(plan.source, options.chunkRows, signal)).values();
  const readers = Array.from({ length: options.readers }, async () => {
    // One iterator for all readers: each range is taken by the first that is free.
    for (const range of ranges) {
      await addRange(tally, plan, captureOnly(options, plan, range, signal));
      options.progress(plan.entity, tally.rows);
    }
  });
  await Promise.all(readers);
  parents.set(plan.entity, own);
  return tally;
}

function beforehand(parents: ReadonlyMap<EntityName, IdentifierSet>): ParentSets {
  return new Map(parents);
}

function judgesOf({ profile, tables, today }: ReviewOptions, plan: EntityPlan): Judges {
  return {
    map: createRecordMapper(plan.contract, plan.mappings, tables, nationalRegions()),
    validate: recordValidator(plan.entity, profile, { today, version: plan.contract.version }),
  };
}

/** Equal keys never lie in two ranges, so what is remembered of keys ends with the range. */
async function addRange(
  tally: EntityTally,
  plan: EntityPlan,
  pages: AsyncIterable<CapturedUnit>,
): Promise<void> {
  const faulty = new Set<string>();
  const doubled = new Set<string>();
  for await (const { keyless, rows } of pages) {
    for (const { key, raw, unreadable } of rows) {
      if (!tally.add({ key, raw, unreadable: unreadable?.column ?? null }, null)) faulty.add(key);
    }
    for (const row of keyless) {
      if (row.code === "KEY_DUPLICATE" && row.key !== null && !doubled.has(row.key)) {
        doubled.add(row.key);
        tally.takeBack(row.key, !faulty.has(row.key));
      }
      tally.add(keylessRow(plan, row), keyFault(row));
    }
  }
}

function keyFault({ code }: KeylessRow): "KEY_MISSING" | "KEY_DUPLICATE" | "UNREADABLE" {
  return code === "RECORD_MALFORMED" ? "UNREADABLE" : code;
}

function keylessRow(plan: EntityPlan, { key, raw }: KeylessRow): ReviewedRow {
  return { key, raw: plan.contract.fields.map(({ name }) => raw[name] ?? null), unreadable: null };
}
