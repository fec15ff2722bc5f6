import type { Connector, ReadLimits } from "../connectors/connector.ts";
import type { FieldValue } from "../contracts/entity.ts";
import { nationalRegions } from "../contracts/regions.ts";
import { recordValidator, type Validation } from "../contracts/registry.ts";
import type { LeasedChunk } from "../exchange-db/chunks.ts";
import type { Store } from "../exchange-db/store.ts";
import type { MappingTables } from "../mappings/mapping-tables.ts";
import { createRecordMapper, type MappedRecord } from "../mappings/record-mapper.ts";
import { expectedBatchIds, withBatchIds } from "./batch-ids.ts";
import type { Broker } from "./broker/broker.ts";
import type { EntityPlan } from "./entity-plan.ts";
import { type Party, traceId } from "./envelope.ts";
import type { SigningKey } from "./signing.ts";
import { captureStage } from "./stages/capture.ts";
import { landStage } from "./stages/land.ts";
import { mapStage } from "./stages/map.ts";
import { publishStage } from "./stages/publish.ts";
import { sealStage } from "./stages/seal.ts";
import { validateStage } from "./stages/validate.ts";
import type { CapturedUnit, SealedUnit, ValidatedUnit } from "./unit.ts";

export interface FlowOptions {
  readonly store: Store;
  readonly broker: Broker;
  readonly province: Party;
  readonly signingKey: SigningKey;
  readonly runId: string;
  /** Pinned by the run. */
  readonly mappingVersion: string;
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
  readonly #mapRecord: (values: readonly (string | null)[]) => MappedRecord;
  readonly #validate: (values: readonly FieldValue[]) => Validation;

  constructor(options: FlowOptions, plan: EntityPlan) {
    this.#options = options;
    this.#plan = plan;
    this.#mapRecord = createRecordMapper(plan.contract, plan.mappings, options.tables, nationalRegions());
    this.#validate = recordValidator(plan.entity, options.profile, { today: options.today });
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
        const captured = await captureStage({ ...this.#options, ...source, batchIds }, this.#plan).run(
          chunk,
          signal,
        );
        return await this.carry(captured, signal);
      },
    );
  }

  /** Batch numbers that `rows` rows may need; see `withBatchIds`. */
  batchIdsFor(rows: number): number {
    return expectedBatchIds(rows, this.#options.batchRows);
  }

  /** Maps and validates; keeps and sends nothing. */
  async judge(captured: CapturedUnit, signal: AbortSignal): Promise<ValidatedUnit> {
    const mapped = await mapStage(this.#mapRecord).run(captured, signal);
    return await validateStage(this.#validate).run(mapped, signal);
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
    const validated = await this.judge(captured, signal);
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
