import type { Connector, ReadLimits } from "../connectors/connector.ts";
import { nationalRegions } from "../contracts/regions.ts";
import { recordValidator } from "../contracts/registry.ts";
import type { LeasedChunk } from "../exchange-db/chunks.ts";
import type { Store } from "../exchange-db/store.ts";
import type { MappingTables } from "../mappings/mapping-tables.ts";
import { createRecordMapper } from "../mappings/record-mapper.ts";
import { expectedBatchIds, withBatchIds } from "./batch-ids.ts";
import type { Broker } from "./broker/broker.ts";
import type { EntityPlan } from "./entity-plan.ts";
import { type Party, traceId } from "./envelope.ts";
import { mergePages } from "./merge-pages.ts";
import type { SigningKey } from "./signing.ts";
import type { Stage } from "./stage.ts";
import { captureStage } from "./stages/capture.ts";
import { landStage } from "./stages/land.ts";
import { mapStage } from "./stages/map.ts";
import { publishStage } from "./stages/publish.ts";
import { sealStage } from "./stages/seal.ts";
import { validateStage } from "./stages/validate.ts";
import type { CapturedUnit, MappedUnit, SealedUnit, ValidatedUnit } from "./unit.ts";

export interface FlowOptions {
  readonly store: Store;
  readonly broker: Broker;
  readonly province: Party;
  readonly signingKey: SigningKey;
  readonly runId: string;
  /** Pinned by the run. */
  readonly mappingVersion: string;
  /** Of the run's scope: what did not change is sent again too. */
  readonly isResent?: boolean;
  readonly tables: MappingTables;
  readonly profile: string;
  /** The reference day of rules, `YYYYMMDD`. */
  readonly today: string;
  readonly batchRows: number;
  readonly batchBytes: number;
  /** Of the data topic. */
  readonly partitions: number;
}

export interface CarriedUnit {
  readonly read: number;
  readonly unchanged: number;
  readonly published: number;
  readonly parked: number;
  readonly traceId: string;
  readonly batchIds: readonly bigint[];
}

/** The province's part of the way for one entity of one run: what was captured is mapped, validated, sealed, landed, published. */
export class UpstreamFlow {
  readonly #options: FlowOptions;
  readonly #plan: EntityPlan;
  readonly #map: Stage<CapturedUnit, MappedUnit>;
  readonly #validate: Stage<MappedUnit, ValidatedUnit>;

  constructor(options: FlowOptions, plan: EntityPlan) {
    this.#options = options;
    this.#plan = plan;
    const { profile, tables, today } = options;
    this.#map = mapStage(createRecordMapper(plan.contract, plan.mappings, tables, nationalRegions()));
    this.#validate = validateStage(recordValidator(plan.entity, profile, { today }), plan.contract);
  }

  /** A leased chunk, the whole way to published batches. */
  async carryChunk(
    chunk: LeasedChunk,
    source: { connector: Connector; limits: ReadLimits; chunkRows: number },
    signal: AbortSignal,
  ): Promise<CarriedUnit> {
    return await withBatchIds(
      expectedBatchIds(source.chunkRows, this.#options.batchRows),
      async (batchIds) => {
        const capture = captureStage({ ...this.#options, ...source, batchIds }, this.#plan);
        const pages = await capture.run(chunk, signal);
        return await this.#send(await mergePages(this.#plan, this.#judgeEach(pages, signal)), signal);
      },
    );
  }

  /** Batch numbers that `rows` rows may need; see `withBatchIds`. */
  batchIdsFor(rows: number): number {
    return expectedBatchIds(rows, this.#options.batchRows);
  }

  /** Maps and validates; keeps and sends nothing. */
  async judge(captured: CapturedUnit, signal: AbortSignal): Promise<ValidatedUnit> {
    return await this.#validate.run(await this.#map.run(captured, signal), signal);
  }

  async *#judgeEach(pages: AsyncIterable<CapturedUnit>, signal: AbortSignal): AsyncGenerator<ValidatedUnit> {
    for await (const page of pages) yield await this.judge(page, signal);
  }

  async land(validated: ValidatedUnit, signal: AbortSignal): Promise<SealedUnit> {
    const sealed = await sealStage(this.#options, this.#plan).run(validated, signal);
    return await landStage(this.#options, this.#plan).run(sealed, signal);
  }

  async publish(sealed: SealedUnit, signal: AbortSignal): Promise<readonly bigint[]> {
    const messages = sealed.batches.flatMap(({ batchId, message }) =>
      message === null ? [] : [{ batchId, ...message }],
    );
    return await publishStage(this.#options).run(messages, signal);
  }

  /** From a captured unit to published batches. */
  async carry(captured: CapturedUnit, signal: AbortSignal): Promise<CarriedUnit> {
    return await this.#send(await this.judge(captured, signal), signal);
  }

  async #send(validated: ValidatedUnit, signal: AbortSignal): Promise<CarriedUnit> {
    const { captured } = validated;
    const sealed = await this.land(validated, signal);
    const batchIds = await this.publish(sealed, signal);
    return {
      read: captured.readCount,
      unchanged: captured.unchangedCount + validated.unchangedCount,
      published: sealed.batches.reduce((sum, batch) => sum + batch.wireCount, 0),
      parked: sealed.batches.reduce((sum, batch) => sum + batch.exceptions.length, 0),
      traceId: traceId(captured.traceParent),
      batchIds,
    };
  }
}
