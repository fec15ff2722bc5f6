import { setTimeout as delay } from "node:timers/promises";
import type { Connector, ReadLimits, SourceEntity } from "../connectors/connector.ts";
import type { EntityName } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import type { Log } from "../contracts/log.ts";
import { closeKeyless, closeMissingKeys, completeLoadOf, countAbsent } from "../exchange-db/absence.ts";
import {
  createChunks,
  entityProgress,
  type LeasedChunk,
  leaseChunk,
  renewLease,
  returnChunk,
  storedSegments,
  storeSegments,
} from "../exchange-db/chunks.ts";
import { hasWaiting } from "../exchange-db/parked.ts";
import {
  hasExpected,
  holdForAbsence,
  holdRun,
  moveRun,
  type Run,
  readRun,
  recordExpected,
  worstShare,
} from "../exchange-db/runs.ts";
import type { Store } from "../exchange-db/store.ts";
import { deleteAbsent } from "./absence-flow.ts";
import { type EntityPlan, planOf, sourceFingerprint } from "./entity-plan.ts";
import { takeUpParked } from "./parked-flow.ts";
import { retry } from "./retry.ts";
import type { UpstreamFlow } from "./upstream-flow.ts";

export interface LoaderOptions {
  readonly store: Store;
  readonly connector: Connector;
  readonly plans: ReadonlyMap<EntityName, EntityPlan>;
  readonly flowOf: (entity: EntityName) => UpstreamFlow;
  /** Names this process in leases. */
  readonly owner: string;
  readonly limits: ReadLimits;
  readonly chunkRows: number;
  readonly leaseSeconds: number;
  /** Chunks that this process works on side by side. */
  readonly workers: number;
  /** Chunks of the run that may be read at once, over all processes. */
  readonly concurrentReads: number;
  /** Batches without a receipt, above which no new chunk is begun. */
  readonly batchesInFlightMax: number;
  readonly quarantineShareMax: number;
  readonly quarantineRowsMin: number;
  /** A complete load that lacks more than this share of an entity's living records asks before it deletes them. */
  readonly deletionShareMax: number;
  /** Fewer than these are deleted without asking. */
  readonly deletionRowsMin: number;
  readonly retryBudget: number;
  readonly pollMs: number;
  readonly log: Log;
  /** Asked while waiting: what makes going on pointless, such as a link that failed for good. */
  readonly obstacle: () => Error | null;
}

export type LoadEnd =
  | "done"
  | "held"
  | "paused"
  | "stopped"
  | "failed"
  | "recalling"
  | "recalled"
  | "interrupted";

/**
 * Works on one load together with any number of other processes: entities in order, parents before children; within an
 * entity chunks are leased, so that a process that dies only delays its own. The last to finish closes the run.
 */
export class Loader {
  readonly #options: LoaderOptions;
  readonly #runId: string;
  /** Monotonic time of the next look at waiting records while there is nothing else to do. */
  #releaseAt = 0;

  #hasClosedRun = false;
  #closing: AbortSignal | null = null;

  constructor(options: LoaderOptions, runId: string) {
    this.#options = options;
    this.#runId = runId;
  }

  /** True in the one process that ended the run: what follows a load is done once. */
  get hasClosedRun(): boolean {
    return this.#hasClosedRun;
  }

  /**
   * Ends when the run does, when it waits for a person (`held`), or when `signal` asks to stop. After `closing` no chunk is
   * begun any more and those in hand are finished: `paused`.
   */
  async run(signal: AbortSignal, closing: AbortSignal | null = null): Promise<LoadEnd> {
    this.#closing = closing;
    const run = await readRun(this.#options.store, this.#runId);
    try {
      const complete = await completeLoadOf(this.#options.store, this.#runId);
      if (complete !== null && (await this.#holdForAbsence(run, complete))) return "held";
      for (const entity of run.entities) {
        const end = await this.#entity(run, entity, signal);
        if (end !== null) return end;
      }
      if (complete !== null) {
        const end = await this.#deleteAbsent(run, complete, signal);
        if (end !== null) return end;
      }
      for (const entity of run.entities) await this.#closeKeyless(run, entity, complete !== null);
      await this.#releaseAll(run, signal);
      if (signal.aborted) return "interrupted";
      if (this.#isClosing) return "paused";
      this.#hasClosedRun = await moveRun(this.#options.store, this.#runId, ["running"], "done");
      return this.#hasClosedRun ? "done" : await this.#endOf(signal);
    } catch (error) {
      if (signal.aborted) return "interrupted";
      if (error instanceof DuijieError && error.code === "LOAD_STATE_WRONG") {
        // A recall came between: what it takes back can't be landed any more.
        const end = await this.#endNow();
        if (end === "recalling" || end === "recalled") return end;
      }
      if (error instanceof DuijieError && error.disposition === "pause") {
        // A person has to act on the source; what was landed stays, the load goes on from here afterwards.
        await moveRun(this.#options.store, this.#runId, ["running"], "paused");
      }
      throw error;
    }
  }

  async #closeKeyless(run: Run, entity: EntityName, isComplete: boolean): Promise<void> {
    const { store } = this.#options;
    const { load } = run.scope;
    if (load === undefined) await closeMissingKeys(store, run, entity);
    else await closeKeyless(store, run.province, entity, { loadId: load, isComplete });
  }

  get #isClosing(): boolean {
    return this.#closing?.aborted === true;
  }

  async #entity(run: Run, entity: EntityName, signal: AbortSignal): Promise<LoadEnd | null> {
    await this.#plan(run, entity, signal);
    const workers = Array.from(
      { length: this.#options.workers },
      async () => await this.#work(run, entity, signal),
    );
    const ends = await Promise.all(workers);
    return ends.find((end) => end !== null) ?? null;
  }

  /** One process computes the boundaries, the others find them stored; a rerun uses the same ones. */
  async #plan(run: Run, entity: EntityName, signal: AbortSignal): Promise<void> {
    const { store, connector, chunkRows } = this.#options;
    const { source } = planOf(this.#options.plans, entity);
    const fingerprint = sourceFingerprint(source);
    await store.withClient(async (client) => {
      const name = `duijie.plan.${run.province}.${entity}`;
      await client.query("SELECT pg_advisory_lock(hashtext($1))", [name]);
      try {
        const stored = await storedSegments(store, run.province, entity, fingerprint);
        if (stored.length === 0) {
          const ranges = await this.#retried(
            async () => await connector.planRanges(source, chunkRows, signal),
            signal,
          );
          await storeSegments(store, run.province, entity, fingerprint, ranges);
        }
        await this.#expect(run, source, signal);
        await createChunks(store, run.runId, run.province, entity);
      } finally {
        await client.query("SELECT pg_advisory_unlock(hashtext($1))", [name]);
      }
    });
  }

  /** What the source holds in scope, by county: against it the quarantined rows are weighed. */
  async #expect(run: Run, source: SourceEntity, signal: AbortSignal): Promise<void> {
    const { connector, store } = this.#options;
    if (await hasExpected(store, run.runId, source.entity)) return;
    const counted = await this.#retried(async () => {
      const counties = await connector.counties(source, signal);
      return counties.length > 0 ? counties : [{ county: null, rows: await connector.count(source, signal) }];
    }, signal);
    await recordExpected(store, run.runId, source.entity, counted);
  }

  async #work(run: Run, entity: EntityName, signal: AbortSignal): Promise<LoadEnd | null> {
    const { store, owner, leaseSeconds, concurrentReads, pollMs } = this.#options;
    while (!signal.aborted) {
      if (this.#isClosing) return "paused";
      const obstacle = this.#options.obstacle();
      if (obstacle !== null) throw obstacle;
      const progress = await entityProgress(store, run.runId, entity);
      if (progress.chunks > 0 && progress.unlanded === 0 && progress.unsettled === 0) return null;
      const isThrottled = progress.unsettled >= this.#options.batchesInFlightMax;
      const { runId, province } = run;
      const wanted = { runId, province, entity, owner, leaseSeconds, concurrentMax: concurrentReads };
      const chunk = progress.unlanded === 0 || isThrottled ? null : await leaseChunk(store, wanted);
      if (chunk !== null) await this.#chunk(run, chunk, signal);
      else {
        const end = await this.#endNow();
        if (end !== null) return end;
        if (performance.now() >= this.#releaseAt) await this.#release(run, signal);
        await pause(pollMs, signal);
      }
    }
    return "interrupted";
  }

  async #chunk(run: Run, chunk: LeasedChunk, signal: AbortSignal): Promise<void> {
    const { connector, limits, chunkRows, leaseSeconds, log, store } = this.#options;
    const started = performance.now();
    const heartbeat = setInterval(
      () => {
        renewLease(store, run.runId, chunk, leaseSeconds).catch((error: unknown) =>
          log.warn("lease.not-renewed", {}, error),
        );
      },
      (leaseSeconds * 1000) / 3,
    );
    const flow = this.#options.flowOf(chunk.entity);
    try {
      const source = { connector, limits, chunkRows };
      const carried = await this.#retried(async () => await flow.carryChunk(chunk, source, signal), signal);
      const elapsedMs = Math.round(performance.now() - started);
      const { entity, segment } = chunk;
      const { runId } = run;
      log.event("chunk.landed", {
        runId,
        entity,
        segment,
        records: carried.read,
        unchanged: carried.unchanged,
        quarantined: carried.parked,
        elapsedMs,
        traceId: carried.traceId,
      });
      await this.#watchShare(run);
    } catch (error) {
      if (error instanceof DuijieError && error.code === "LEASE_LOST") {
        log.warn("chunk.lease-lost", { runId: run.runId, entity: chunk.entity, segment: chunk.segment });
        return;
      }
      await returnChunk(store, run.runId, chunk).catch((failed: unknown) =>
        log.warn("chunk.not-returned", {}, failed),
      );
      throw error;
    } finally {
      clearInterval(heartbeat);
    }
  }

  /** Asked before anything is read: half a file that calls itself complete shall change nothing until a person looked. */
  async #holdForAbsence(run: Run, load: string): Promise<boolean> {
    const { deletionRowsMin, deletionShareMax, log, store } = this.#options;
    for (const entity of run.entities) {
      const { absent, living } = await countAbsent(store, run.province, entity, load);
      if (absent < deletionRowsMin || absent <= living * deletionShareMax) continue;
      const hold = { entity, county: null, rows: living, quarantined: 0, absent };
      if (!(await holdForAbsence(store, run.runId, hold))) continue;
      log.warn("load.held", { runId: run.runId, entity, records: living, deleted: absent });
      return true;
    }
    return false;
  }

  /** Children before parents: nobody is left to name a record that is gone. */
  async #deleteAbsent(run: Run, load: string, signal: AbortSignal): Promise<LoadEnd | null> {
    const { log, pollMs, store } = this.#options;
    const mayGoOn = async () => (await readRun(store, run.runId)).state === "running";
    const options = { store, province: run.province, load, pageRows: 2000, log, mayGoOn };
    for (const entity of run.entities.toReversed()) {
      const plan = planOf(this.#options.plans, entity);
      for (;;) {
        const deleted = await deleteAbsent(options, plan, this.#options.flowOf(entity), signal);
        if (deleted !== null && deleted > 0)
          log.event("absent.deleted", { runId: run.runId, entity, records: deleted });
        const left = await countAbsent(store, run.province, entity, load);
        const { unsettled } = await entityProgress(store, run.runId, entity);
        if (deleted !== null && left.absent === 0 && unsettled === 0) break;
        const obstacle = this.#options.obstacle();
        if (obstacle !== null) throw obstacle;
        if (this.#isClosing) return "paused";
        const end = signal.aborted ? "interrupted" : await this.#endNow();
        if (end !== null) return end;
        await pause(pollMs, signal);
      }
    }
    return null;
  }

  async #watchShare(run: Run): Promise<void> {
    const { quarantineRowsMin, quarantineShareMax, store, log } = this.#options;
    const worst = await worstShare(store, run.runId, quarantineShareMax, quarantineRowsMin);
    if (worst === null) return;
    const held = await holdRun(store, run.runId, worst);
    const { entity, quarantined } = worst;
    if (held)
      log.warn("load.held", {
        runId: run.runId,
        entity,
        county: worst.county ?? "",
        records: worst.rows,
        quarantined,
      });
  }

  /** How the run stands for a process with nothing to lease; null: go on waiting. */
  async #endNow(): Promise<LoadEnd | null> {
    const { state } = await readRun(this.#options.store, this.#runId);
    return state === "running" || state === "paused" ? null : state;
  }

  async #endOf(signal: AbortSignal): Promise<LoadEnd> {
    while (!signal.aborted) {
      const end = await this.#endNow();
      if (end !== null) return end;
      if (this.#isClosing) return "paused";
      await pause(this.#options.pollMs, signal);
    }
    return "interrupted";
  }

  /** Until no waiting record has its parent and everything sent is settled. */
  async #releaseAll(run: Run, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#isClosing) {
      const released = await this.#release(run, signal);
      let unsettled = 0;
      for (const entity of this.#options.plans.keys())
        unsettled += (await entityProgress(this.#options.store, run.runId, entity)).unsettled;
      if (released === 0 && unsettled === 0) return;
      const obstacle = this.#options.obstacle();
      if (obstacle !== null) throw obstacle;
      await pause(this.#options.pollMs, signal);
    }
  }

  async #release(run: Run, signal: AbortSignal): Promise<number> {
    const { store, log } = this.#options;
    this.#releaseAt = performance.now() + releaseEveryMs;
    if (!(await hasWaiting(store, run.province))) return 0;
    let released = 0;
    // Also of entities that this load has no rows of: their parents may be among its rows.
    for (const [entity, plan] of this.#options.plans) {
      if (plan.contract.parents.length === 0) continue;
      const options = {
        store,
        province: run.province,
        pageRows: 2000,
        kind: "release" as const,
        filter: { outcomes: ["waiting" as const] },
        log,
      };
      const result = await takeUpParked(options, plan, this.#options.flowOf(entity), signal);
      released += result.released;
      if (result.released > 0)
        log.event("parked.released", { runId: run.runId, entity, records: result.released });
    }
    return released;
  }

  async #retried<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { retryBudget, log } = this.#options;
    return await retry(work, { budget: retryBudget, signal, log });
  }
}

const releaseEveryMs = 1000;

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
