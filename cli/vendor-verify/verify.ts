import { mappingTargets } from "../../config/mapping-targets.ts";
import type { EntityName } from "../../contracts/entity.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { newestMappingVersion } from "../../exchange-db/mapping-versions.ts";
import type { RunScope } from "../../exchange-db/runs.ts";
import {
  declaredEntities,
  newestFilledLoad,
  type VendorLoad,
  vendorLoad,
} from "../../exchange-db/vendor-loads.ts";
import { readMappingCsv } from "../../mappings/mapping-file.ts";
import { MappingTables } from "../../mappings/mapping-tables.ts";
import type { EntityTally } from "../../pipeline/review/entity-tally.ts";
import type { IdentifierSet } from "../../pipeline/review/identifier-set.ts";
import { type ReviewOptions, reviewEntity } from "../../pipeline/review/review-entity.ts";
import type { Province } from "../compose.ts";
import type { Invocation } from "../invocation.ts";
import { usageError } from "../usage-error.ts";
import { plainFault, type Reviewed, reportOf, type VendorReport } from "./report.ts";
import { type ReadableSource, readableSources } from "./sources.ts";

export interface VerifyOptions {
  readonly load?: string;
  readonly offline?: true;
  readonly samples: number;
}

/** What the contract says of what a vendor filled. Reads alone: nothing is written anywhere. Null where there is no load yet. */
export async function verifyVendor(
  invocation: Invocation,
  province: Province,
  options: VerifyOptions,
  signal: AbortSignal,
): Promise<VendorReport | null> {
  const wanted = await wantedRows(province, options);
  if (wanted === null) return null;
  const { entities, load, scope } = wanted;
  const tables = options.offline === true ? await tablesOfFiles(province) : await tablesOfStore(province);
  const reading = readingOf(invocation, province, tables, options.samples, load !== null && !load.isComplete);
  const sources = await readableSources(province, scope, entities, signal);
  const parents = new Map<EntityName, IdentifierSet>();
  const reviewed: Reviewed[] = [];
  for (const source of sources) {
    const one = await review(reading, source, parents, load !== null, signal);
    if (one !== null) reviewed.push(one);
  }
  const head = {
    verifiedAt: invocation.now().toISOString(),
    province: province.code,
    profile: reading.profile,
    referenceDay: reading.today,
    source: {
      engine: province.config.registry.engine,
      load: load?.loadId ?? null,
      loadState: load?.state ?? null,
    },
    mappingVersion: options.offline === true ? null : tables.version,
  };
  return reportOf(head, reviewed);
}

interface Wanted {
  readonly scope: RunScope;
  readonly entities: readonly EntityName[];
  readonly load: VendorLoad | null;
}

async function wantedRows(province: Province, options: VerifyOptions): Promise<Wanted | null> {
  const { config, entities, readsLoads } = province;
  if (!readsLoads) {
    if (options.load !== undefined) throw usageError("loadOfRegistry", {}, "vendor verify");
    return { scope: config.scope, entities, load: null };
  }
  if (options.offline === true) throw usageError("offlineOfLoad", {}, "vendor verify");
  const store = await province.store();
  const load =
    options.load === undefined
      ? await newestFilledLoad(store, province.code)
      : await vendorLoad(store, province.code, options.load);
  if (load === null && options.load === undefined) return null;
  if (load === null) throw new DuijieError("LOAD_NOT_FOUND", { load: options.load ?? "" });
  // Until it is closed nobody has said what it holds.
  const held = load.state === "open" ? entities : declaredEntities(load);
  return { scope: { ...config.scope, load: load.loadId }, entities: held, load };
}

async function tablesOfStore(province: Province): Promise<MappingTables> {
  return await province.tables(await newestMappingVersion(await province.store(), province.code));
}

/** What `map import` would load. */
async function tablesOfFiles({ config }: Province): Promise<MappingTables> {
  const entries = [];
  for (const [table, kind] of mappingTargets(config)) {
    const file = config.mappings[table];
    if (file === undefined) throw usageError("mapFileMissing", { table }, "vendor verify");
    const read = await readMappingCsv(file.file, { kind, charset: file.charset });
    entries.push(...read.entries.map((entry) => ({ table, ...entry })));
  }
  return new MappingTables("0", entries);
}

function readingOf(
  invocation: Invocation,
  { config, connector, today }: Province,
  tables: MappingTables,
  samples: number,
  isPartial: boolean,
): ReviewOptions {
  const { load, registry } = config;
  let shownAt = performance.now();
  return {
    connector,
    limits: registry.limits,
    tables,
    profile: load.profile,
    today,
    chunkRows: load.chunkRows,
    readers: registry.limits.concurrentReads,
    samples,
    isPartial,
    progress: (entity, rows) => {
      if (performance.now() - shownAt < load.progressSeconds * 1000) return;
      shownAt = performance.now();
      if (invocation.terminal.isTty) invocation.terminal.note("verify.progress", { entity, rows });
      else invocation.terminal.jsonNote({ verify: { entity, rows } });
    },
  };
}

/** Null for a part of a load that holds no row: it is not in there. */
async function review(
  reading: ReviewOptions,
  source: ReadableSource,
  parents: Map<EntityName, IdentifierSet>,
  isLoad: boolean,
  signal: AbortSignal,
): Promise<Reviewed | null> {
  if (source.faults.length > 0) return { ...source, tally: null };
  try {
    const tally = await reviewEntity(reading, source.plan, parents, signal);
    if (tally.rows === 0 && isLoad) {
      parents.delete(source.plan.entity);
      return null;
    }
    return { ...source, tally, faults: emptiness(source.plan.entity, tally) };
  } catch (error) {
    if (!(error instanceof DuijieError) || error.disposition !== "pause") throw error;
    return { ...source, tally: null, faults: [plainFault("TABLE_MISSING", { code: error.code })] };
  }
}

/** Regions and campuses may come from elsewhere or not exist. */
const mayBeEmpty: ReadonlySet<EntityName> = new Set(["region", "campus"]);

function emptiness(entity: EntityName, { rows }: EntityTally): Reviewed["faults"] {
  return rows > 0 || mayBeEmpty.has(entity) ? [] : [plainFault("TABLE_EMPTY")];
}
