import type { LibrdKafkaError, Metadata, Producer, WatermarkOffsets } from "node-rdkafka";
import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";
import type {
  Broker,
  BrokerOptions,
  ConsumeOptions,
  Consumer,
  OutgoingMessage,
  TopicSpec,
} from "./broker.ts";
import type { BrokerLog } from "./broker-log.ts";
import { withDeadline } from "./deadline.ts";
import { RdkafkaConsumer } from "./rdkafka-consumer.ts";
import {
  codeOf,
  connectionConfig,
  facilityOf,
  type RdkafkaLibrary,
  rdkafkaError,
} from "./rdkafka-library.ts";
import { RdkafkaProducer } from "./rdkafka-producer.ts";
import type { TlsTexts } from "./tls-files.ts";

const alreadyExists = 36;
const authentication = -169;

/** Kafka by node-rdkafka (librdkafka): compiled, fast. Connects on first use and by itself again. */
export class RdkafkaBroker implements Broker {
  readonly client = "rdkafka";
  readonly #library: RdkafkaLibrary;
  readonly #options: BrokerOptions;
  readonly #tls: TlsTexts | null;
  readonly #log: BrokerLog;
  readonly #producer: RdkafkaProducer;
  /** Refused credentials come beside the call, which itself only times out. */
  #refusal: LibrdKafkaError | null = null;

  constructor(library: RdkafkaLibrary, options: BrokerOptions, tls: TlsTexts | null, log: BrokerLog) {
    this.#library = library;
    this.#options = options;
    this.#tls = tls;
    this.#log = log;
    const listener = {
      error: (error: LibrdKafkaError) => {
        if (codeOf(error) === authentication) this.#refusal = error;
      },
      log: (event: unknown) =>
        this.#log({ client: this.client, level: "warn", code: `rdkafka.${facilityOf(event)}` }),
    };
    this.#producer = new RdkafkaProducer(library, options, tls, listener, () => this.#late("send"));
  }

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    try {
      await this.#producer.send(messages);
      this.#refusal = null;
    } catch (error) {
      throw this.#error(error, "send");
    }
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    const found = await this.topics(options.topics);
    const missing = options.topics.filter((topic) => !found.has(topic));
    if (missing.length > 0) throw new DuijieError("TOPIC_MISSING", { topics: missing.join(",") });
    const consumer = new RdkafkaConsumer(this.#library, this.#options, this.#tls, options, this.#log);
    try {
      await consumer.start();
    } catch (error) {
      await consumer.stop(1_000);
      throw this.#error(error, "consume");
    }
    return consumer;
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    const found = await this.topics(specs.map(({ topic }) => topic));
    const missing = specs.filter(({ topic }) => !found.has(topic));
    if (missing.length === 0) return;
    const admin = this.#library.AdminClient.create(connectionConfig(this.#options, this.#tls));
    try {
      for (const spec of missing) {
        await this.#inTime("create-topics", (done) =>
          admin.createTopic(
            {
              topic: spec.topic,
              num_partitions: spec.partitions,
              replication_factor: spec.replicationFactor,
              config: { ...spec.config },
            },
            this.#options.requestTimeoutMs,
            (error) => done(codeOf(error) === alreadyExists ? null : error, undefined),
          ),
        );
      }
    } finally {
      admin.disconnect();
    }
    await this.#untilKnown(missing);
  }

  async topics(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    // All topics, then ours: asking for a missing one by name may create it.
    const metadata = await this.#ask<Metadata>("topics", (producer, timeout, done) =>
      producer.getMetadata({ allTopics: true, timeout }, done),
    );
    const found = metadata.topics.filter(({ name }) => names.includes(name));
    return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
  }

  async watermarks(topic: string, partition: number): Promise<{ low: bigint; high: bigint }> {
    const { lowOffset, highOffset } = await this.#ask<WatermarkOffsets>(
      "watermarks",
      (producer, timeout, done) => producer.queryWatermarkOffsets(topic, partition, timeout, done),
    );
    return { low: BigInt(lowOffset), high: BigInt(highOffset) };
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }

  /** A new topic is known to the controller first, to the broker that we ask a little later. */
  async #untilKnown(specs: readonly TopicSpec[]): Promise<void> {
    const before = performance.now();
    for (;;) {
      const found = await this.topics(specs.map(({ topic }) => topic));
      if (specs.every(({ topic }) => (found.get(topic) ?? 0) > 0)) return;
      if (performance.now() - before > this.#options.requestTimeoutMs) throw this.#late("create-topics");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #ask<T>(
    what: string,
    question: (producer: Producer, timeoutMs: number, done: (error: unknown, answer: T) => void) => void,
  ): Promise<T> {
    try {
      const producer = await this.#producer.connected();
      const timeoutMs = Math.floor(this.#options.requestTimeoutMs * 0.9);
      const answer = await this.#inTime<T>(what, (done) => question(producer, timeoutMs, done));
      this.#refusal = null;
      return answer;
    } catch (error) {
      throw this.#error(error, what);
    }
  }

  async #inTime<T>(what: string, call: (done: (error: unknown, answer: T) => void) => void): Promise<T> {
    const answered = new Promise<T>((resolve, reject) => {
      call((error, answer) => {
        if (error) reject(this.#error(error, what));
        else resolve(answer);
      });
    });
    return withDeadline(answered, this.#options.requestTimeoutMs, () => this.#late(what));
  }

  #error(error: unknown, what: string): DuijieError {
    const found = rdkafkaError(error, this.#params(what));
    const refusal = this.#refusal;
    if (found.code !== "BROKER_UNREACHABLE" || refusal === null) return found;
    this.#refusal = null;
    return rdkafkaError(refusal, this.#params(what));
  }

  #late(what: string): DuijieError {
    return new DuijieError("BROKER_UNREACHABLE", { ...this.#params(what), reason: "deadline" });
  }

  #params(what: string): ErrorParams {
    return { client: this.client, brokers: this.#options.brokers.join(","), what };
  }
}
