import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type EntityName, entityNames } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import type { Log } from "../contracts/log.ts";
import { contractVersions } from "../contracts/registry.ts";
import { doubtUnsent, dropSettledPayloads, raiseBatchIds, unsentBatches } from "../exchange-db/batches.ts";
import { recordHello, recordWelcome, type Welcome, welcomeOf } from "../exchange-db/hellos.ts";
import { recordRefusal } from "../exchange-db/refusals.ts";
import type { Store, StoreClient } from "../exchange-db/store.ts";
import type { Broker, Consumer, IncomingMessage } from "./broker/broker.ts";
import { controlMessage, parseControl } from "./control.ts";
import { type Party, traceId } from "./envelope.ts";
import { type Instruments, instrumented, noInstruments } from "./instruments.ts";
import { PartitionPositions } from "./positions.ts";
import type { Keyring, SigningKey } from "./signing.ts";
import { publishStage } from "./stages/publish.ts";
import { type ReceivedMessage, receiveStage } from "./stages/receive.ts";
import { recordDigests } from "./stages/reconcile.ts";
import { settle } from "./stages/settle.ts";
import { topicName } from "./topics.ts";

export interface LinkOptions {
  readonly store: Store;
  readonly broker: Broker;
  readonly province: Party;
  readonly signingKey: SigningKey;
  /** The nation's keys. */
  readonly ring: Keyring;
  readonly log: Log;
  readonly retryDelayMs: number;
  readonly sessionTimeoutMs: number;
  readonly sweepMs: number;
  /** A sealed batch older than this was left behind by a process that died. */
  readonly sealedSeconds: number;
  /** A published batch without a receipt for this long is sent again. */
  readonly receiptSeconds: number;
  readonly payloadRetentionHours: number;
  readonly welcomeSeconds: number;
  /** Default: nothing is counted or traced. */
  readonly instruments?: Instruments;
}

/** The province's end of the link: hello, receipts coming down, and the timer that sends again what got lost. */
export class ProvinceLink {
  readonly #options: LinkOptions;
  readonly #stopping = new AbortController();
  readonly #positions: PartitionPositions;
  #consumer: Consumer | null = null;
  #sweeper: Promise<void> = Promise.resolve();
  #partitions = 0;
  #failure: Error | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#positions = new PartitionPositions({
      table: "exchange.consumer_position",
      consumer: `province-${options.province}`,
      store: { query: async (sql, values) => await poolQuery(options.store, sql, values) },
      log: options.broker,
    });
  }

  /** Partitions of the data topic; known after `start`. */
  get partitions(): number {
    return this.#partitions;
  }

  /** Why the link can't go on by itself; null while it can. */
  get failure(): Error | null {
    return this.#failure;
  }

  /**
   * Joins the topics, greets the nation, and lets batch numbers begin above the highest one that it has seen. Throws
   * TOPIC_MISSING, NATION_SILENT, CONTRACT_NOT_SHARED.
   */
  async start(signal: AbortSignal): Promise<Welcome> {
    const { broker, province, store } = this.#options;
    const wanted = [
      topicName(province, "up", "data"),
      topicName(province, "up", "control"),
      topicName(province, "down", "control"),
    ];
    const found = await broker.topics(wanted);
    for (const topic of wanted) if (!found.has(topic)) throw new DuijieError("TOPIC_MISSING", { topic });
    this.#partitions = found.get(wanted[0] ?? "") ?? 0;
    this.#consumer = await this.#consume();
    const welcome = await this.#greet(signal);
    await doubtUnsent(store, province, welcome.highestBatchId);
    await raiseBatchIds(store, welcome.highestBatchId);
    this.#sweeper = this.#sweepForever();
    return welcome;
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#sweeper;
    await this.#consumer?.stop(deadlineMs);
  }

  async #consume(): Promise<Consumer> {
    const { broker, province, log, retryDelayMs, sessionTimeoutMs } = this.#options;
    const consumer = await broker.consume({
      groupId: `duijie.${province}.province`,
      topics: [topicName(province, "down", "control")],
      position: async (topic, partition) => await this.#positions.assign(topic, partition),
      deliver: async (message) => await this.#deliver(message),
      revoked: (topic, partition) => {
        this.#positions.release(topic, partition);
        return Promise.resolve();
      },
      failed: (error, topic, partition) => {
        log.warn("link.delivery.failed", { topic, partition }, error);
        // Nothing comes down any more until a person has accepted it; a silent nation would be the wrong thing to look for.
        if (error instanceof DuijieError && error.code === "POSITION_LOST") this.#failure ??= error;
      },
      retryDelayMs,
      sessionTimeoutMs,
    });
    consumer.failure.catch((error: unknown) => {
      this.#failure =
        error instanceof Error ? error : new DuijieError("INVARIANT_BROKEN", { what: "link" }, error);
      log.error("link.failed", {}, error);
    });
    return consumer;
  }

  async #deliver(message: IncomingMessage): Promise<bigint | null> {
    const admitted = await this.#positions.admit(message);
    if (admitted === "skip") return null;
    if (admitted !== "apply") return admitted.seek;
    const say = await this.#options.store.transaction(async (client) => {
      await this.#positions.advance(client, message);
      return await this.#take(client, message);
    });
    this.#positions.committed(message);
    say();
    return null;
  }

  /** Gives what is to be logged, and so counted, once the effect is committed. */
  async #take(client: StoreClient, message: IncomingMessage): Promise<() => void> {
    const { log, ring } = this.#options;
    try {
      const received = await receiveStage(ring).run(message, this.#stopping.signal);
      return await this.#effect(client, received);
    } catch (error) {
      if (!(error instanceof DuijieError) || error.disposition !== "refuse") throw error;
      await recordRefusal(client, "exchange", message, error.code);
      const { topic, partition, offset } = message;
      return () => log.warn("message.refused", { code: error.code, topic, partition, offset });
    }
  }

  async #settle(client: StoreClient, received: ReceivedMessage): Promise<() => void> {
    const { instruments = noInstruments, log } = this.#options;
    const parent = received.envelope.traceParent;
    const work = async () => await settle(client, received);
    const settled = await instrumented(instruments, "settle", { entity: "none", parent }, work);
    if (!settled.isSettled) return () => undefined;
    const { batchId, verdicts } = settled;
    return () => log.event("batch.settled", { batchId, count: verdicts, traceId: traceId(parent) });
  }

  async #effect(client: StoreClient, received: ReceivedMessage): Promise<() => void> {
    const { name, version } = received.type;
    if (version !== 1) throw new DuijieError("CONTRACT_VERSION_UNKNOWN", { type: received.envelope.type });
    if (name === "receipt") return await this.#settle(client, received);
    if (name === "welcome") {
      const { nonce, highestBatchId, contracts } = parseControl("welcome", received.message.value);
      await recordWelcome(client, received.province, nonce, {
        highestBatchId: BigInt(highestBatchId),
        contracts,
      });
    } else if (name === "digest") await recordDigests(client, received);
    else throw new DuijieError("MESSAGE_TYPE_UNKNOWN", { type: received.envelope.type });
    return () => undefined;
  }

  async #greet(signal: AbortSignal): Promise<Welcome> {
    const { broker, province, signingKey, store, welcomeSeconds } = this.#options;
    const nonce = randomUUID();
    const contracts = Object.fromEntries(entityNames.map((entity) => [entity, contractVersions(entity)]));
    await recordHello(store, province, nonce);
    const frame = { id: nonce, source: province, key: signingKey, traceParent: null, recordCount: null };
    const hello = controlMessage("hello", { nonce, contracts }, frame);
    const topic = topicName(province, "up", "control");
    await broker.send([{ topic, partition: 0, headers: hello.headers, value: hello.bytes }]);
    const deadline = performance.now() + welcomeSeconds * 1000;
    while (performance.now() < deadline) {
      const welcome = await welcomeOf(store, nonce);
      if (welcome !== null) return welcome;
      if (this.#failure !== null) throw this.#failure;
      await delay(50, undefined, { signal });
    }
    throw new DuijieError("NATION_SILENT", { topic, seconds: welcomeSeconds });
  }

  async #sweepForever(): Promise<void> {
    const { log, sweepMs } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      try {
        await this.sweep(signal);
      } catch (error) {
        if (!signal.aborted) log.warn("link.sweep.failed", {}, error);
      }
      if (!(await wait(sweepMs, signal))) return;
    }
  }

  /** Sends again what nobody seems to be sending, and drops bytes whose retention has passed. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { broker, log, payloadRetentionHours, province, receiptSeconds, sealedSeconds, store } =
      this.#options;
    const publish = publishStage({ store, broker, province, partitions: this.#partitions });
    const limits = { sealedSeconds, overdueSeconds: receiptSeconds, batchesMax: 50 };
    for (;;) {
      const left = await unsentBatches(store, province, limits);
      if (left.length === 0 || signal.aborted) break;
      await publish.run(left, signal);
      log.event("batch.sent-again", { count: left.length });
      if (left.length < limits.batchesMax) break;
    }
    const dropped = await dropSettledPayloads(store, province, payloadRetentionHours);
    if (dropped > 0) log.event("batch.bytes-dropped", { count: dropped });
  }
}

/** The highest contract version that both sides know. Throws CONTRACT_NOT_SHARED. */
export function sharedVersion(welcome: Welcome, entity: EntityName): number {
  const accepted = welcome.contracts[entity] ?? [];
  const shared = contractVersions(entity).filter((version) => accepted.includes(version));
  const highest = shared.at(-1);
  if (highest === undefined) throw new DuijieError("CONTRACT_NOT_SHARED", { entity });
  return highest;
}

/** False when the signal came first. */
async function wait(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}

async function poolQuery(
  store: Store,
  sql: string,
  values: unknown[],
): Promise<{ rows: object[]; rowCount: number }> {
  const rows = await store.query(sql, values);
  return { rows, rowCount: rows.length };
}
