import { createPrivateKey, createPublicKey } from "node:crypto";
import { mappedSources, openSource } from "../cli/sources.ts";
import type { ProvinceConfig } from "../config/config.ts";
import { loadProvinceConfig } from "../config/load.ts";
import type { Connector, KeyRange } from "../connectors/connector.ts";
import type { EntityName } from "../contracts/entity.ts";
import { nationalRegions } from "../contracts/regions.ts";
import { contractVersions, recordValidator } from "../contracts/registry.ts";
import { type LandingBatch, stagingLines } from "../exchange-db/landing.ts";
import { mappingEntriesAt, newestMappingVersion } from "../exchange-db/mapping-versions.ts";
import { Store } from "../exchange-db/store.ts";
import { MappingTables } from "../mappings/mapping-tables.ts";
import { createRecordMapper } from "../mappings/record-mapper.ts";
import { registryLines } from "../national/reference/reference-registry.ts";
import { type EntityPlan, entityPlan } from "../pipeline/entity-plan.ts";
import { isProvince } from "../pipeline/envelope.ts";
import { mergePages } from "../pipeline/merge-pages.ts";
import { createKeyPair, keyring } from "../pipeline/signing.ts";
import { captureOnly } from "../pipeline/stages/capture.ts";
import { mapStage } from "../pipeline/stages/map.ts";
import { openBatch, receiveStage } from "../pipeline/stages/receive.ts";
import { sealStage } from "../pipeline/stages/seal.ts";
import { validateStage } from "../pipeline/stages/validate.ts";
import { topicName } from "../pipeline/topics.ts";
import type { CapturedUnit, SealedUnit, ValidatedUnit } from "../pipeline/unit.ts";
import { rounded } from "./figures.ts";

/** CPU of our own code in microseconds a record, by entity and stage; servers and waiting are left out. */
export type StageFigures = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface StageOptions {
  readonly configFile: string;
  /** Chunks of each entity in one pass, and passes; the last one counts. */
  readonly chunks: number;
  readonly repeats: number;
  readonly signal: AbortSignal;
}

const measured = ["student", "guardian"] as const satisfies readonly EntityName[];
const profile = "national-2013";
const today = "20260901";

/**
 * Sends chunks of a registry that is there through the stages of both sides in this process, as the load does, but to no
 * database and no broker. What a stage leaves to the garbage collector is counted where it collects.
 */
export async function measureStages(options: StageOptions): Promise<StageFigures> {
  const config = loadProvinceConfig(options.configFile, process.env);
  const connector = openSource(config);
  const { statementTimeoutMs, url } = config.exchangeDb;
  const store = new Store({ url: url.reveal(), name: "exchange-db", connectionsMax: 2, statementTimeoutMs });
  try {
    const version = await newestMappingVersion(store, config.province);
    const tables = new MappingTables(version, await mappingEntriesAt(store, config.province, version));
    const figures: Record<string, Readonly<Record<string, number>>> = {};
    for (const { source, mappings } of mappedSources(config)) {
      const entity = measured.find((name) => name === source.entity);
      if (entity === undefined) continue;
      const plan = entityPlan(source, mappings, contractVersions(entity).at(-1) ?? 1);
      figures[entity] = await measureEntity({ ...options, config, connector, plan, tables });
    }
    return figures;
  } finally {
    await Promise.all([connector.close(), store.close()]);
  }
}

interface EntityRun extends StageOptions {
  readonly config: ProvinceConfig;
  readonly connector: Connector;
  readonly plan: EntityPlan;
  readonly tables: MappingTables;
}

async function measureEntity(run: EntityRun): Promise<Readonly<Record<string, number>>> {
  const { chunks, config, connector, plan, repeats, signal } = run;
  const ranges = (await connector.planRanges(plan.source, config.load.chunkRows, signal)).slice(0, chunks);
  const ways = bothWays(run);
  let cost = new StageCost();
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    cost = new StageCost();
    for (const range of ranges) {
      const sealed = await ways.up(range, cost);
      for (const { message } of sealed.batches) if (message !== null) await ways.down(message, cost);
    }
  }
  return cost.perRecord();
}

/** Adds up CPU by stage. */
class StageCost {
  readonly #micros = new Map<string, number>();
  records = 0;

  async of<T>(stage: string, work: () => Promise<T> | T): Promise<T> {
    const before = process.cpuUsage();
    const result = await work();
    const { system, user } = process.cpuUsage(before);
    this.#micros.set(stage, (this.#micros.get(stage) ?? 0) + user + system);
    return result;
  }

  perRecord(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#micros].map(([stage, micros]) => [stage, rounded(micros / this.records, 2)]),
    );
  }
}

function bothWays({ config, connector, plan, signal, tables }: EntityRun) {
  const { load, registry } = config;
  const province = partyOf(config.province);
  const { privatePem, publicPem } = createKeyPair();
  const signingKey = { id: "bench", privateKey: createPrivateKey(privatePem) };
  const ring = keyring([{ id: "bench", owner: province, publicKey: createPublicKey(publicPem) }]);
  const map = mapStage(createRecordMapper(plan.contract, plan.mappings, tables, nationalRegions()));
  const validate = validateStage(recordValidator(plan.entity, profile, { today }), plan.contract);
  const validateAgain = recordValidator(plan.entity, profile, { today });
  const batches = { batchRows: load.batchRows, batchBytes: load.batchBytesMax };
  const seal = sealStage({ province, signingKey, mappingVersion: tables.version, ...batches }, plan);
  const receive = receiveStage(ring);
  const accepted = [plan.contract.version];
  let nextId = 1n;

  async function* judged(range: KeyRange, cost: StageCost): AsyncGenerator<ValidatedUnit> {
    const captured = captureOnly({ connector, limits: registry.limits }, plan, range, signal);
    const pages = captured[Symbol.asyncIterator]();
    for (;;) {
      const next = await cost.of("capture", async () => await pages.next());
      if (next.done === true) return;
      const page: CapturedUnit = next.value;
      cost.records += page.readCount;
      const mapped = await cost.of("map", async () => await map.run(page, signal));
      yield await cost.of("validate", async () => await validate.run(mapped, signal));
    }
  }

  return {
    up: async (range: KeyRange, cost: StageCost): Promise<SealedUnit> => {
      const unit = await mergePages(plan, judged(range, cost));
      const batchIds = Array.from({ length: 64 }, () => nextId++);
      const numbered = { ...unit, captured: { ...unit.captured, batchIds } };
      const sealed = await cost.of("seal", async () => await seal.run(numbered, signal));
      const landing = landingOf(plan, config.province, sealed);
      await cost.of("land: lines", () => drain(stagingLines(landing, plan.fieldOfColumn)));
      return sealed;
    },
    down: async ({ bytes, headers }: NonNullable<LandingBatch["message"]>, cost: StageCost) => {
      const topic = topicName(province, "up", "data");
      const message = { topic, partition: 0, offset: 0n, headers, value: bytes };
      const received = await cost.of("receive", async () => await receive.run(message, signal));
      const opened = await cost.of("apply: open", () => openBatch(received, accepted, () => validateAgain));
      await cost.of("apply: lines", () => drain(registryLines(opened.batch)));
    },
  };
}

function partyOf(province: string) {
  if (!isProvince(province)) throw new TypeError(`${province} is no province`);
  return province;
}

function drain(pieces: Iterable<Buffer>): number {
  let bytes = 0;
  for (const piece of pieces) bytes += piece.length;
  return bytes;
}

function landingOf(plan: EntityPlan, province: string, { batches }: SealedUnit) {
  const { version: contractVersion } = plan.contract;
  const chunk = { segment: 1, token: "" };
  return { province, chunk, contractVersion, mappingVersion: "1", origin: "chunk", batches } as const;
}
