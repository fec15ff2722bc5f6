import { setTimeout as delay } from "node:timers/promises";
import type { EntityName } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import type { Log } from "../contracts/log.ts";
import type { EntityContract } from "../contracts/registry.ts";
import { takeBatchIds } from "../exchange-db/batches.ts";
import type { LandingOrigin } from "../exchange-db/landing.ts";
import { dropWithdrawnBytes, endRecall, type OpenRecall, unansweredBatches } from "../exchange-db/recall.ts";
import {
  closeExceptions,
  compensationPage,
  countLeft,
  type EarlierParkedRow,
  type EarlierRow,
  forgetIdentifiersOf,
  reparkPage,
  withdrawPage,
} from "../exchange-db/recall-rows.ts";
import type { Store } from "../exchange-db/store.ts";
import type { RecordMapper } from "../mappings/record-mapper.ts";
import { withBatchIds } from "./batch-ids.ts";
import { asParkedBefore, asSentBefore } from "./earlier-record.ts";
import { traceParent } from "./envelope.ts";
import { retry } from "./retry.ts";
import { sentValues } from "./sent-values.ts";
import { validateStage } from "./stages/validate.ts";
import type { CapturedUnit, MappedRow } from "./unit.ts";
import type { UpstreamFlow } from "./upstream-flow.ts";

/** What brings earlier rows of one entity back under the mapping version that they were landed with. */
export interface RecallWay {
  readonly contract: EntityContract;
  readonly flow: UpstreamFlow;
  readonly mapRecord: RecordMapper;
}

export interface RecallOptions {
  readonly store: Store;
  readonly open: OpenRecall;
  readonly wayOf: (entity: EntityName, mappingVersion: string) => Promise<RecallWay>;
  readonly pageRows: number;
  readonly pollMs: number;
  /** Without one more receipt for so long, the recall ends for now: RECEIPT_OVERDUE. */
  readonly receiptSeconds: number;
  readonly retryBudget: number;
  readonly log: Log;
  readonly obstacle: () => Error | null;
}

/**
 * Takes a run back, from wherever an earlier attempt came to: what was sent is settled first, what was not applied is
 * withdrawn at the province alone, what was applied is compensated by newer versions — deletions from children to
 * parents, then earlier rows from parents to children — and rows that were parked before are parked again.
 */
export async function carryRecall(
  options: RecallOptions,
  signal: AbortSignal,
): Promise<"done" | "interrupted"> {
  const { open, store } = options;
  const { entities } = open.recalled;
  await answered(options, signal);
  if (!signal.aborted) await dropWithdrawnBytes(store, open);
  for (const entity of entities) await withdraw(options, entity, signal);
  for (const entity of entities.toReversed()) await compensate(options, entity, "delete", signal);
  for (const entity of entities) await compensate(options, entity, "prior", signal);
  for (const entity of entities) await parkAgain(options, entity, signal);
  if (signal.aborted) return "interrupted";
  for (const entity of entities) await countLeft(store, open, entity);
  await endRecall(store, open);
  return "done";
}

async function withdraw(
  { open, pageRows, store }: RecallOptions,
  entity: EntityName,
  signal: AbortSignal,
): Promise<void> {
  let after: string | null = "";
  while (after !== null && !signal.aborted) after = await withdrawPage(store, open, entity, after, pageRows);
  if (!signal.aborted) await closeExceptions(store, open, entity);
}

/** Again while fewer are left each time: an identifier that one record gives back may be taken by the next. */
async function compensate(
  options: RecallOptions,
  entity: EntityName,
  kind: "delete" | "prior",
  signal: AbortSignal,
): Promise<void> {
  const values = sentValues(options.store);
  let left = Number.POSITIVE_INFINITY;
  for (;;) {
    const sent = await eachPage(options, entity, signal, {
      page: async (after) =>
        await compensationPage(options.store, options.open, entity, kind, after, options.pageRows),
      map: async (row, { mapRecord }) => await asSentBefore(row, mapRecord, values),
      origin: `recall-${kind}`,
    });
    await answered(options, signal);
    if (signal.aborted || sent === 0 || sent >= left) return;
    left = sent;
  }
}

async function parkAgain(options: RecallOptions, entity: EntityName, signal: AbortSignal): Promise<void> {
  const sent = sentValues(options.store);
  await eachPage<EarlierParkedRow>(options, entity, signal, {
    page: async (after) => await reparkPage(options.store, options.open, entity, after, options.pageRows),
    map: async (row, { mapRecord }) =>
      row.isOnWire ? await asSentBefore(row, mapRecord, sent) : asParkedBefore(row),
    origin: "recall-parked",
  });
  await answered(options, signal);
}

interface Pass<R extends EarlierRow> {
  readonly page: (after: string) => Promise<readonly R[]>;
  readonly map: (row: R, way: RecallWay) => Promise<MappedRow> | MappedRow;
  readonly origin: LandingOrigin;
}

/** Lands and sends page by page, each mapping version of a page as a unit of its own. Returns how many rows it was. */
async function eachPage<R extends EarlierRow>(
  options: RecallOptions,
  entity: EntityName,
  signal: AbortSignal,
  pass: Pass<R>,
): Promise<number> {
  const { log, retryBudget: budget } = options;
  let after = "";
  let count = 0;
  while (!signal.aborted) {
    const carry = async () => await carryPage(options, entity, signal, pass, after);
    const page = await retry(carry, { budget, signal, log });
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.key;
    count += page.length;
  }
  return count;
}

async function carryPage<R extends EarlierRow>(
  options: RecallOptions,
  entity: EntityName,
  signal: AbortSignal,
  pass: Pass<R>,
  after: string,
): Promise<readonly R[]> {
  const { log, open, store } = options;
  const { province, runId } = open.recall;
  const page = await pass.page(after);
  for (const version of new Set(page.map((row) => row.mappingVersion))) {
    const way = await options.wayOf(entity, version);
    const rows: MappedRow[] = [];
    for (const row of page) if (row.mappingVersion === version) rows.push(await pass.map(row, way));
    const keys = rows.map(({ row }) => row.key);
    await forgetIdentifiersOf(store, province, entity, keys);
    await landAndSend(options, way, pass.origin, rows, signal);
    log.event("recall.landed", { runId, entity, records: rows.length, stage: pass.origin });
  }
  return page;
}

/**
 * What was proved to be what was sent before is not judged by today's rules again. The landing checks that each row still
 * stands where it was read, so that its number may be taken afterwards.
 */
async function landAndSend(
  { store }: RecallOptions,
  { contract, flow }: RecallWay,
  kind: LandingOrigin,
  rows: readonly MappedRow[],
  signal: AbortSignal,
): Promise<void> {
  const judge = validateStage(() => ({ errors: [], warnings: [] }), contract);
  await withBatchIds(flow.batchIdsFor(rows.length), async (count) => {
    const captured: CapturedUnit = {
      origin: { kind, segment: null, token: null, isFirst: false },
      traceParent: traceParent(),
      batchIds: await takeBatchIds(store, count),
      readCount: rows.length,
      unchangedCount: 0,
      rows: rows.map(({ row }) => row),
      keyless: [],
      counties: new Map(),
    };
    const judged = await judge.run({ captured, rows }, signal);
    await flow.publish(await flow.land(judged, signal), signal);
  });
}

/** Until the nation has answered all that this province sent. Throws RECEIPT_OVERDUE when it falls silent. */
async function answered(options: RecallOptions, signal: AbortSignal): Promise<void> {
  const { obstacle, open, pollMs, receiptSeconds, store } = options;
  let fewest = Number.POSITIVE_INFINITY;
  let deadline = 0;
  while (!signal.aborted) {
    const failure = obstacle();
    if (failure !== null) throw failure;
    const batches = await unansweredBatches(store, open.recall.province);
    if (batches === 0) return;
    if (batches < fewest) {
      fewest = batches;
      deadline = performance.now() + receiptSeconds * 1000;
    } else if (performance.now() >= deadline)
      throw new DuijieError("RECEIPT_OVERDUE", {
        runId: open.recalled.runId,
        batches,
        seconds: receiptSeconds,
      });
    await delay(pollMs, undefined, { signal }).catch(() => undefined);
  }
}
