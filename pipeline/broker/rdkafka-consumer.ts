import type { KafkaConsumer, LibrdKafkaError, Message, TopicPartition } from "node-rdkafka";
import { DuijieError } from "../../contracts/errors.ts";
import { AssignedPartitions, type PartitionName } from "./assigned-partitions.ts";
import type { BrokerOptions, ConsumeOptions, Consumer, IncomingMessage } from "./broker.ts";
import type { BrokerLog } from "./broker-log.ts";
import { endsWithin } from "./deadline.ts";
import type { PartitionFlow } from "./partition-delivery.ts";
import {
  codeOf,
  connectionConfig,
  facilityOf,
  type RdkafkaLibrary,
  rdkafkaError,
} from "./rdkafka-library.ts";
import { connect, disconnect } from "./rdkafka-producer.ts";
import type { TlsTexts } from "./tls-files.ts";

const assignPartitions = -175;
const revokePartitions = -174;
const fatal = -150;
const authentication = -169;
const wrongState = -172;
const offsetBeginning = -2;
const hintIntervalMs = 5_000;
/** A read holds one of libuv's four threads: short, with a pause in JavaScript where nothing came. */
const read = { messages: 8, waitMs: 5, idleMs: 20 };
const restartPauseMs = 1_000;

/**
 * A member of a consumer group by node-rdkafka. It reads in small portions, so that nothing piles up between
 * librdkafka's threads and us, and hands them to the partitions' deliveries. Pausing, resuming and seeking happen
 * between two reads: what a read brings after a seek was fetched after it.
 */
export class RdkafkaConsumer implements Consumer {
  readonly failure: Promise<never>;
  readonly #library: RdkafkaLibrary;
  readonly #connection: BrokerOptions;
  readonly #tls: TlsTexts | null;
  readonly #options: ConsumeOptions;
  readonly #log: BrokerLog;
  readonly #partitions: AssignedPartitions;
  readonly #hints = new Map<string, PartitionName & { offset: number }>();
  #commands: ((consumer: KafkaConsumer) => Promise<void> | void)[] = [];
  #consumer: KafkaConsumer | null = null;
  #loop: Promise<void> = Promise.resolve();
  #hintTimer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #mustBeginAgain = false;
  #wake: () => void = () => undefined;
  #giveUp: (error: DuijieError) => void = () => undefined;

  constructor(
    library: RdkafkaLibrary,
    connection: BrokerOptions,
    tls: TlsTexts | null,
    options: ConsumeOptions,
    log: BrokerLog,
  ) {
    this.#library = library;
    this.#connection = connection;
    this.#tls = tls;
    this.#options = options;
    this.#log = log;
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
    this.#consumer = await this.#begin();
    this.#hintTimer = setInterval(() => this.#sendHints(), hintIntervalMs);
    this.#hintTimer.unref();
    this.#loop = this.#run();
  }

  async stop(deadlineMs: number): Promise<void> {
    const before = performance.now();
    const leftMs = () => Math.max(deadlineMs - (performance.now() - before), 500);
    clearInterval(this.#hintTimer);
    // The loop goes on meanwhile: it is what keeps the group waiting for us.
    await endsWithin(this.#partitions.revoke(), deadlineMs);
    this.#isStopped = true;
    this.#wake();
    await endsWithin(this.#loop, leftMs());
    const consumer = this.#consumer;
    this.#consumer = null;
    if (consumer !== null) await endsWithin(disconnect(consumer), leftMs());
  }

  async #begin(): Promise<KafkaConsumer> {
    const { groupId, sessionTimeoutMs, topics } = this.#options;
    const consumer = new this.#library.KafkaConsumer(
      {
        ...connectionConfig(this.#connection, this.#tls),
        "group.id": groupId,
        "session.timeout.ms": sessionTimeoutMs,
        "heartbeat.interval.ms": Math.max(Math.floor(sessionTimeoutMs / 10), 100),
        "max.poll.interval.ms": Math.max(300_000, sessionTimeoutMs),
        // Cooperative assignment hangs in node-rdkafka when the broker goes away during it.
        "partition.assignment.strategy": "range",
        "enable.auto.commit": false,
        "enable.auto.offset.store": false,
        "allow.auto.create.topics": false,
        "fetch.message.max.bytes": 1 << 20,
        "fetch.max.bytes": 8 << 20,
        "fetch.wait.max.ms": 250,
        "fetch.queue.backoff.ms": 20,
        "queued.min.messages": 32,
        "queued.max.messages.kbytes": 4_096,
        rebalance_cb: (error: LibrdKafkaError, assignment: TopicPartition[]) =>
          void this.#rebalance(consumer, error, assignment),
      },
      // A position outside of the log is found by the delivery, the same for every client: `error` would
      // come without its partition, and be swallowed when messages of others came with it.
      { "auto.offset.reset": "earliest" },
    );
    consumer.setDefaultConsumeTimeout(read.waitMs);
    consumer.on("event.error", (error) => this.#noticed(error));
    consumer.on("event.log", (event) =>
      this.#log({ client: "rdkafka", level: "warn", code: `rdkafka.${facilityOf(event)}` }),
    );
    await connect(consumer, this.#connection.requestTimeoutMs, () => this.#error(null));
    consumer.subscribe([...topics]);
    return consumer;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const consumer = this.#consumer;
      try {
        if (consumer === null || this.#mustBeginAgain) await this.#beginAgain(consumer);
        else await this.#turn(consumer);
      } catch (error) {
        this.#options.failed?.(this.#error(error), "", -1);
        await this.#pause(restartPauseMs);
      }
    }
  }

  async #turn(consumer: KafkaConsumer): Promise<void> {
    const commands = this.#commands;
    this.#commands = [];
    for (const command of commands) await command(consumer);
    const messages = await readSome(consumer);
    for (const message of messages) this.#partitions.offer(incoming(message));
    if (messages.length === 0 && this.#commands.length === 0) await this.#pause(read.idleMs);
  }

  async #beginAgain(broken: KafkaConsumer | null): Promise<void> {
    this.#consumer = null;
    this.#commands = [];
    void this.#partitions.revoke();
    if (broken !== null) await endsWithin(disconnect(broken), 5_000);
    this.#consumer = await this.#begin();
    this.#mustBeginAgain = false;
  }

  async #rebalance(
    consumer: KafkaConsumer,
    error: LibrdKafkaError,
    assignment: TopicPartition[],
  ): Promise<void> {
    try {
      if (error.code === assignPartitions && !this.#isStopped) this.#assign(consumer, assignment);
      else await this.#revoke(consumer);
    } catch (cause) {
      // Not connected any more, or closing: nothing is assigned then.
      if (error.code !== revokePartitions && !this.#isStopped)
        this.#options.failed?.(this.#error(cause), "", -1);
    }
  }

  #assign(consumer: KafkaConsumer, assignment: TopicPartition[]): void {
    const names = assignment.map(({ topic, partition }) => ({ topic, partition }));
    // Paused at once: only what follows the seek may come.
    consumer.assign(names.map((name) => ({ ...name, offset: offsetBeginning })));
    if (names.length > 0) consumer.pause(names);
    this.#commands = [];
    this.#partitions.assign(names);
  }

  /** The group waits for `unassign`: deliveries under way may end before another member begins. */
  async #revoke(consumer: KafkaConsumer): Promise<void> {
    await endsWithin(this.#partitions.revoke(), this.#options.sessionTimeoutMs);
    consumer.unassign();
  }

  #flowOf(name: PartitionName): PartitionFlow {
    const owner = this.#consumer;
    const later = (command: (consumer: KafkaConsumer) => Promise<void> | void) => {
      this.#commands.push(async (consumer) => {
        if (consumer === owner) await command(consumer);
      });
      this.#wake();
    };
    return {
      pause: () => later((consumer) => void consumer.pause([name])),
      resume: () => later((consumer) => void consumer.resume([name])),
      seek: (offset) =>
        new Promise((resolve, reject) => {
          later((consumer) => this.#seek(consumer, name, offset).then(resolve, reject));
        }),
      hint: (next) => this.#hints.set(`${name.topic}/${name.partition}`, { ...name, offset: Number(next) }),
    };
  }

  /** A partition just assigned refuses seeks until it has started. */
  async #seek(consumer: KafkaConsumer, name: PartitionName, offset: bigint): Promise<void> {
    const before = performance.now();
    for (;;) {
      try {
        return await seekOnce(consumer, name, offset, this.#connection.requestTimeoutMs);
      } catch (error) {
        const isOver = performance.now() - before > this.#connection.requestTimeoutMs;
        if (codeOf(error) !== wrongState || isOver || this.#isStopped) throw this.#error(error);
        await this.#pause(read.idleMs);
      }
    }
  }

  #noticed(cause: LibrdKafkaError): void {
    const error = this.#error(cause);
    if (codeOf(cause) === authentication) this.#giveUp(error);
    if (codeOf(cause) === fatal) this.#mustBeginAgain = true;
    this.#options.failed?.(error, "", -1);
  }

  #error(cause: unknown): DuijieError {
    const { groupId, topics } = this.#options;
    return rdkafkaError(cause, { groupId, topics: topics.join(",") });
  }

  #sendHints(): void {
    const hints = [...this.#hints.values()];
    this.#hints.clear();
    if (hints.length === 0 || this.#consumer?.isConnected() !== true) return;
    try {
      this.#consumer.commit(hints);
    } catch {
      // A hint only.
    }
  }

  async #pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}

function readSome(consumer: KafkaConsumer): Promise<Message[]> {
  return new Promise((resolve, reject) => {
    consumer.consume(read.messages, (error, messages) => (error ? reject(error) : resolve(messages)));
  });
}

function seekOnce(
  consumer: KafkaConsumer,
  name: PartitionName,
  offset: bigint,
  timeoutMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    consumer.seek({ ...name, offset: Number(offset) }, timeoutMs, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

function incoming(message: Message): IncomingMessage {
  const { topic, partition, offset, value } = message;
  const headers = new Map<string, string>();
  for (const header of message.headers ?? []) {
    for (const [name, text] of Object.entries(header)) {
      // Of a header sent twice the first counts, with every client.
      if (!headers.has(name)) headers.set(name, text.toString());
    }
  }
  return {
    topic,
    partition,
    offset: BigInt(offset),
    headers: Object.fromEntries(headers),
    value: value ?? Buffer.alloc(0),
  };
}
