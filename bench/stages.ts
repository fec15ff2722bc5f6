import { createPrivateKey, createPublicKey } from "node:crypto";
import { mappedSources, openSource } from "../cli/sources.ts";
import { loadProvinceConfig } from "../config/load.ts";
import type { Connector, KeyRange } from "../connectors/connector.ts";
import type { EntityName } from "../contracts/entity.ts";
import { nationalRegions } from "../contracts/regions.ts";
import { contractVersions, recordValidator } from "../contracts/registry.ts";
import { stagingLines } from "../exchange-db/landing.ts";
import { mappingEntriesAt, newestMappingVersion } from "../exchange-db/mapping-versions.ts";
import { Store } from "../exchange-db/store.ts";
import { MappingTables } from "../mappings/mapping-tables.ts";
import { createRecordMapper } from "../mappings/record-mapper.ts";
import { incomingLines } from "../national/reference/reference-registry.ts";
import { type EntityPlan, entityPlan } from "../pipeline/entity-plan.ts";
import { mergePages } from "../pipeline/merge-pages.ts";
import { createKeyPair, keyring } from "../pipeline/signing.ts";
import { captureOnly } from "../pipeline/stages/capture.ts";
import { mapStage } from "../pipeline/stages/map.ts";
import { openBatch, receiveStage } from "../pipeline/stages/receive.ts";
import { sealStage } from "../pipeline/stages/seal.ts";
import { validateStage } from "../pipeline/stages/validate.ts";
import type { CapturedUnit, SealedUnit, ValidatedUnit } from "../pipeline/unit.ts";

/** CPU of our own code, a stage at a time, in microseconds a record; databases and broker are left out. */
export type StageFigures = Readonly<Record<string, Readonly<Record<string, number>>>>;

const measured = ["student", "guardian"] as const satisfies readonly EntityName[];
const batch = { batchRows: 2000, batchBytes: 900_000 };
const today = "20260901";
const profile = "national-2013";

/**
 * Runs the stages one after the other over chunks of a registry that is there, a few times over; the last run counts. Each
 * stage is given all that the one before made, so what a stage costs is its own, garbage included.
 */
export async function measureStages(options: {
  readonly configFile: string;
  readonly chunks: number;
  readonly chunkRows: number;
  readonly repeats: number;
  readonly signal: AbortSignal;
}): Promise<StageFigures> {
  const config = loadProvinceConfig(options.configFile, process.env);
  const connector = openSource(config);
  const store = new Store({
    url: config.exchangeDb.url.reveal(),
    name: "exchange-db",
    connectionsMax: 2,
    statementTimeoutMs: 60_000,
  });
  try {
    const version = await newestMappingVersion(store, config.province);
    const tables = new MappingTables(version, await mappingEntriesAt(store, config.province, version));
    const figures: Record<string, Readonly<Record<string, number>>> = {};
    for (const { source, mappings } of mappedSources(config)) {
      const entity = measured.find((name) => name === source.entity);
      if (entity === undefined) continue;
      const plan = entityPlan(source, mappings, contractVersions(entity).at(-1) ?? 1);
      figures[entity] = await measureEntity({
        ...options,
        connector,
        plan,
        tables,
        province: config.province,
      });
    }
    return figures;
  } finally {
    await Promise.all([connector.close(), store.close()]);
  }
}

interface EntityRun {
  readonly connector: Connector;
  readonly plan: EntityPlan;
  readonly tables: MappingTables;
  readonly province: string;
  readonly chunks: number;
  readonly chunkRows: number;
  readonly repeats: number;
  readonly signal: AbortSignal;
}

async function measureEntity(run: EntityRun): Promise<Readonly<Record<string, number>>> {
  const ranges = (await run.connector.planRanges(run.plan.source, run.chunkRows, run.signal)).slice(
    0,
    run.chunks,
  );
  let figures: Record<string, number> = {};
  for (let repeat = 0; repeat < run.repeats; repeat += 1) figures = await measureOnce(run, ranges);
  return figures;
}

async function measureOnce(run: EntityRun, ranges: readonly KeyRange[]): Promise<Record<string, number>> {
  const { plan, province, signal } = run;
  const micros: Record<string, number> = {};
  let rows = 0;
  const timed = async <T>(name: string, work: () => Promise<T> | T): Promise<T> => {
    const before = process.cpuUsage();
    const result = await work();
    const { system, user } = process.cpuUsage(before);
    micros[name] = (micros[name] ?? 0) + user + system;
    return result;
  };
  const keys = createKeyPair();
  const signingKey = { id: "bench", privateKey: createPrivateKey(keys.privatePem) };
  const ring = keyring([
    { id: "bench", owner: province as `${number}`, publicKey: createPublicKey(keys.publicPem) },
  ]);
  const map = mapStage(createRecordMapper(plan.contract, plan.mappings, run.tables, nationalRegions()));
  const validate = validateStage(recordValidator(plan.entity, profile, { today }), plan.contract);
  const judgeAgain = recordValidator(plan.entity, profile, { today });
  const seal = sealStage(
    { province: province as `${number}`, signingKey, mappingVersion: "1", ...batch },
    plan,
  );
  let id = 1n;
  for (const range of ranges) {
    const pages = await timed("capture", async () => await pagesOf(run, range));
    rows += pages.reduce((sum, page) => sum + page.rows.length, 0);
    const mapped = await timed(
      "map",
      async () => await Promise.all(pages.map((page) => map.run(page, signal))),
    );
    const judged = await timed(
      "validate",
      async () => await Promise.all(mapped.map((page) => validate.run(page, signal))),
    );
    const unit = await mergePages(plan, each(judged));
    const batchIds = Array.from({ length: 32 }, () => id++);
    const sealed = await timed(
      "seal",
      async () => await seal.run({ ...unit, captured: { ...unit.captured, batchIds } }, signal),
    );
    await timed("land (lines)", () => {
      for (const _ of stagingLines(landingOf(plan, province, sealed), plan.fieldOfColumn));
    });
    for (const { message } of sealed.batches) {
      if (message === null) continue;
      const incoming = {
        topic: `duijie.${province}.up.data`,
        partition: 0,
        offset: 0n,
        headers: message.headers,
        value: message.bytes,
      };
      const received = await timed(
        "receive (signature)",
        async () => await receiveStage(ring).run(incoming, signal),
      );
      const opened = await timed("receive (open, validate)", () =>
        openBatch(received, [1], () => judgeAgain),
      );
      await timed("apply (lines)", () => {
        for (const _ of incomingLines(opened.batch));
      });
    }
  }
  return Object.fromEntries(
    Object.entries(micros).map(([name, sum]) => [name, Math.round((sum / rows) * 100) / 100]),
  );
}

async function pagesOf({ connector, plan, signal }: EntityRun, range: KeyRange): Promise<CapturedUnit[]> {
  const pages: CapturedUnit[] = [];
  for await (const page of captureOnly({ connector, limits: { pageRows: 2000 } }, plan, range, signal))
    pages.push(page);
  return pages;
}

async function* each(judged: readonly ValidatedUnit[]): AsyncGenerator<ValidatedUnit> {
  yield* judged;
}

function landingOf(plan: EntityPlan, province: string, sealed: SealedUnit) {
  return {
    province,
    chunk: { segment: 1, token: "" },
    contractVersion: plan.contract.version,
    mappingVersion: "1",
    origin: "chunk",
    batches: sealed.batches,
  } as const;
}
if (process.argv[1]?.endsWith("stages.ts")) {
  const f = await measureStages({
    configFile: process.argv[2] ?? "",
    chunks: 8,
    chunkRows: 4000,
    repeats: 4,
    signal: new AbortController().signal,
  });
  for (const [e, m] of Object.entries(f))
    console.log(
      e,
      Object.values(m)
        .reduce((a, b) => a + b, 0)
        .toFixed(1),
      JSON.stringify(m),
    );
}
