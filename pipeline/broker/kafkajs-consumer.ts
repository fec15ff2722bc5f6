import type { EachBatchPayload, Consumer as GroupConsumer, IHeaders, Kafka } from "kafkajs";
import { DuijieError } from "../../contracts/errors.ts";
import { AssignedPartitions, type PartitionName } from "./assigned-partitions.ts";
import type { ConsumeOptions, Consumer } from "./broker.ts";
import { endsWithin } from "./deadline.ts";
import { kafkajsError } from "./kafkajs-errors.ts";
import type { PartitionFlow } from "./partition-delivery.ts";
import { rangeAssigner } from "./range-assigner.ts";

const hintIntervalMs = 5_000;
const backoffMs = { first: 200, most: 5_000 };
/** Tries in a row that may find the topic missing: a broker that starts does not know all of its topics at once. */
const missingTopicTries = 8;

/**
 * A member of a consumer group by kafkajs. Batches are only handed to the partitions' deliveries, never worked on
 * inside `eachBatch`: the fetch loop keeps turning and sends its heartbeats however long a delivery takes.
 * kafkajs gives up in several ways; each time a new consumer begins after a pause.
 */
export class KafkajsConsumer implements Consumer {
  readonly failure: Promise<never>;
  readonly #kafka: Kafka;
  readonly #options: ConsumeOptions;
  readonly #partitions: AssignedPartitions;
  readonly #hints = new Map<string, PartitionName & { offset: string }>();
  #consumer: GroupConsumer | null = null;
  #hintTimer: NodeJS.Timeout | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isStopped = false;
  #giveUp: (error: DuijieError) => void = () => undefined;

  constructor(kafka: Kafka, options: ConsumeOptions) {
    this.#kafka = kafka;
    this.#options = options;
    this.failure = new Promise((_resolve, reject) => {
      this.#giveUp = reject;
    });
    // Nobody has to look at it.
    this.failure.catch(() => undefined);
    this.#partitions = new AssignedPartitions(
      options,
      (name) => this.#flowOf(name),
      (error) => this.#giveUp(new DuijieError("INVARIANT_BROKEN", { what: "consumer-callback" }, error)),
    );
  }

  /** The first start; rejects where later ones try again. */
  async start(): Promise<void> {
    this.#hintTimer = setInterval(() => this.#sendHints(), hintIntervalMs);
    this.#hintTimer.unref();
    await this.#begin();
  }

  async stop(deadlineMs: number): Promise<void> {
    const before = performance.now();
    this.#isStopped = true;
    clearTimeout(this.#restartTimer);
    clearInterval(this.#hintTimer);
    await endsWithin(this.#partitions.revoke(), deadlineMs);
    const consumer = this.#consumer;
    this.#consumer = null;
    if (consumer === null) return;
    const leftMs = deadlineMs - (performance.now() - before);
    await endsWithin(consumer.disconnect(), Math.max(leftMs, 500));
  }

  async #begin(): Promise<void> {
    const { groupId, sessionTimeoutMs, topics } = this.#options;
    const consumer = this.#kafka.consumer({
      groupId,
      partitionAssigners: [rangeAssigner],
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(sessionTimeoutMs, 10_000),
      heartbeatInterval: Math.max(Math.floor(sessionTimeoutMs / 10), 100),
      maxBytesPerPartition: 1 << 20,
      minBytes: 1,
      maxBytes: 8 << 20,
      maxWaitTimeInMs: 250,
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
      readUncommitted: false,
      // Restarts are ours: kafkajs' own end at some errors.
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5, restartOnFailure: async () => false },
    });
    this.#consumer = consumer;
    this.#listen(consumer);
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 8,
      eachBatch: async (payload) => this.#offer(consumer, payload),
    });
  }

  #listen(consumer: GroupConsumer): void {
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (consumer !== this.#consumer || this.#isStopped) return;
      this.#failures = 0;
      const names = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      );
      // Now, before the first fetch: only what follows the seek may come.
      for (const { topic, partition } of names) consumer.pause([{ topic, partitions: [partition] }]);
      this.#partitions.assign(names);
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => this.#beginAgain(consumer, payload.error));
  }

  #offer(consumer: GroupConsumer, payload: EachBatchPayload): void {
    // A batch fetched before a seek that is still to be carried out.
    if (consumer !== this.#consumer || payload.isStale()) return;
    const { batch } = payload;
    for (const { offset, headers, value } of batch.messages) {
      this.#partitions.offer({
        topic: batch.topic,
        partition: batch.partition,
        offset: BigInt(offset),
        headers: headersOf(headers),
        value: value ?? Buffer.alloc(0),
      });
    }
  }

  #beginAgain(broken: GroupConsumer, cause: unknown): void {
    if (broken !== this.#consumer || this.#isStopped) return;
    this.#consumer = null;
    void this.#partitions.revoke();
    void endsWithin(broken.disconnect(), 5_000);
    const { groupId, topics } = this.#options;
    const error = kafkajsError(cause, { groupId, topics: topics.join(",") });
    this.#failures += 1;
    if (
      error.code === "BROKER_REFUSED" ||
      (error.code === "TOPIC_MISSING" && this.#failures >= missingTopicTries)
    ) {
      this.#giveUp(error);
      return;
    }
    this.#options.failed?.(error, "", -1);
    const pauseMs = Math.min(backoffMs.first * 2 ** (this.#failures - 1), backoffMs.most);
    this.#restartTimer = setTimeout(() => {
      this.#begin().catch((again: unknown) => {
        if (this.#consumer !== null) this.#beginAgain(this.#consumer, again);
      });
    }, pauseMs);
  }

  /** Bound to the consumer of now: a delivery that outlives it reaches nothing. */
  #flowOf({ topic, partition }: PartitionName): PartitionFlow {
    const consumer = this.#consumer;
    const whileCurrent = (act: (current: GroupConsumer) => void) => {
      if (consumer === null || consumer !== this.#consumer) return;
      try {
        act(consumer);
      } catch {
        // It is between two lives; the next assignment begins with a seek.
      }
    };
    return {
      pause: () => whileCurrent((current) => current.pause([{ topic, partitions: [partition] }])),
      resume: () => whileCurrent((current) => current.resume([{ topic, partitions: [partition] }])),
      // Carried out at the next fetch; until then `isStale` marks what comes.
      seek: async (offset) => consumer?.seek({ topic, partition, offset: String(offset) }),
      hint: (next) => this.#hints.set(`${topic}/${partition}`, { topic, partition, offset: String(next) }),
    };
  }

  #sendHints(): void {
    const hints = [...this.#hints.values()];
    this.#hints.clear();
    if (hints.length > 0) this.#consumer?.commitOffsets(hints).catch(() => undefined);
  }
}

/** Of a header sent twice the first counts, with every client. */
function headersOf(headers: IHeaders | undefined): Readonly<Record<string, string>> {
  const entries = Object.entries(headers ?? {}).map(([name, value]) => {
    const first = Array.isArray(value) ? value[0] : value;
    return [name, first === undefined ? "" : first.toString("utf8")] as const;
  });
  return Object.fromEntries(entries);
}
