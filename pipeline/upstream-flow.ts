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
import {
  countLanded,
  type Instruments,
  instrumentedPages,
  instrumentedStage,
  noInstruments,
} from "./instruments.ts";
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
  /** Default: nothing is counted or traced. */
  readonly instruments?: Instruments;
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
  readonly #instruments: Instruments;
  readonly #plan: EntityPlan;
  readonly #map: Stage<CapturedUnit, MappedUnit>;
  readonly #validate: Stage<MappedUnit, ValidatedUnit>;

  constructor(options: FlowOptions, plan: EntityPlan) {
    this.#options = options;
    this.#instruments = options.instruments ?? noInstruments;
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
      async (batchIds) =>
        await this.traced("chunk", async (traceParent) => {
          const options = { ...this.#options, ...source, batchIds, traceParent };
          const pages = await captureStage(options, this.#plan).run(chunk, signal);
          const context = { entity: this.#plan.entity, parent: traceParent };
          const seen = instrumentedPages(pages, this.#instruments, "capture", context);
          return await this.#send(await mergePages(this.#plan, this.#judgeEach(seen, signal)), signal);
        }),
    );
  }

  /** A unit of work under one trace: all that its stages do, here and at the nation, hangs below `traceParent`. */
  async traced<T>(unit: string, work: (traceParent: string) => Promise<T>): Promise<T> {
    const { province, runId } = this.#options;
    const attributes = { entity: this.#plan.entity, province, runId };
    return await this.#instruments.tracer.span(unit, null, attributes, work);
  }

  #measured<In, Out>(stage: Stage<In, Out>, parent: string): Stage<In, Out> {
    return instrumentedStage(stage, this.#instruments, { entity: this.#plan.entity, parent });
  }

  /** Batch numbers that `rows` rows may need; see `withBatchIds`. */
  batchIdsFor(rows: number): number {
    return expectedBatchIds(rows, this.#options.batchRows);
  }

  /** Maps and validates; keeps and sends nothing. */
  async judge(captured: CapturedUnit, signal: AbortSignal): Promise<ValidatedUnit> {
    const parent = captured.traceParent;
    const mapped = await this.#measured(this.#map, parent).run(captured, signal);
    const { entity } = this.#plan;
    this.#instruments.meter.count("duijie_records_mapped_total", { entity }, mapped.rows.length);
    return await this.#measured(this.#validate, parent).run(mapped, signal);
  }

  async *#judgeEach(pages: AsyncIterable<CapturedUnit>, signal: AbortSignal): AsyncGenerator<ValidatedUnit> {
    for await (const page of pages) yield await this.judge(page, signal);
  }

  async land(validated: ValidatedUnit, signal: AbortSignal): Promise<SealedUnit> {
    const parent = validated.captured.traceParent;
    const sealed = await this.#measured(sealStage(this.#options, this.#plan), parent).run(validated, signal);
    const landed = await this.#measured(landStage(this.#options, this.#plan), parent).run(sealed, signal);
    countLanded(this.#instruments.meter, this.#plan.entity, landed.batches);
    return landed;
  }

  async publish(sealed: SealedUnit, signal: AbortSignal): Promise<readonly bigint[]> {
    const messages = sealed.batches.flatMap(({ batchId, message }) =>
      message === null ? [] : [{ batchId, ...message }],
    );
    const parent = sealed.validated.captured.traceParent;
    const published = await this.#measured(publishStage(this.#options), parent).run(messages, signal);
    this.#countPublished(sealed, published.length);
    return published;
  }

  #countPublished({ batches }: SealedUnit, published: number): void {
    const { entity } = this.#plan;
    const { meter } = this.#instruments;
    const records = batches.reduce((sum, batch) => sum + batch.wireCount, 0);
    meter.count("duijie_batches_published_total", { entity }, published);
    meter.count("duijie_records_sent_total", { entity }, records);
  }

  /** From a captured unit to published batches. */
  async carry(captured: CapturedUnit, signal: AbortSignal): Promise<CarriedUnit> {
    return await this.#send(await this.judge(captured, signal), signal);
  }

  async #send(validated: ValidatedUnit, signal: AbortSignal): Promise<CarriedUnit> {
    const { captured } = validated;
    const sealed = await this.land(validated, signal);
    const unchanged = captured.unchangedCount + validated.unchangedCount;
    const { entity } = this.#plan;
    this.#instruments.meter.count("duijie_rows_read_total", { entity }, captured.readCount);
    this.#instruments.meter.count("duijie_rows_unchanged_total", { entity }, unchanged);
    const batchIds = await this.publish(sealed, signal);
    return {
      read: captured.readCount,
      unchanged,
      published: sealed.batches.reduce((sum, batch) => sum + batch.wireCount, 0),
      parked: sealed.batches.reduce((sum, batch) => sum + batch.exceptions.length, 0),
      traceId: traceId(captured.traceParent),
      batchIds,
    };
  }
}
