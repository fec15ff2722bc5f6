import type { Admin, Kafka, KafkaConfig, SASLOptions } from "kafkajs";
import kafkajs from "kafkajs";
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
import { endsWithin, withDeadline } from "./deadline.ts";
import { KafkajsConsumer } from "./kafkajs-consumer.ts";
import { kafkajsError } from "./kafkajs-errors.ts";
import { KafkajsProducer } from "./kafkajs-producer.ts";
import type { TlsTexts } from "./tls-files.ts";

/** Kafka by kafkajs: pure JavaScript, nothing to compile. Connects on first use. */
export class KafkajsBroker implements Broker {
  readonly client = "kafkajs";
  readonly #options: BrokerOptions;
  readonly #kafka: Kafka;
  readonly #producer: KafkajsProducer;
  /** Topics that were found to exist. */
  readonly #known = new Set<string>();
  #admin: Promise<Admin> | null = null;

  constructor(options: BrokerOptions, tls: TlsTexts | null, log: BrokerLog) {
    this.#options = options;
    this.#kafka = new kafkajs.Kafka(kafkaConfig(options, tls, log));
    this.#producer = new KafkajsProducer(this.#kafka, options, () => this.#late("send"));
  }

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    await this.#checkTopics(messages.map(({ topic }) => topic));
    try {
      await this.#producer.send(messages);
    } catch (error) {
      throw kafkajsError(error, this.#params("send"));
    }
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    await this.#checkTopics(options.topics);
    const consumer = new KafkajsConsumer(this.#kafka, options);
    try {
      await withDeadline(consumer.start(), this.#options.requestTimeoutMs + options.sessionTimeoutMs, () =>
        this.#late("consume"),
      );
    } catch (error) {
      await consumer.stop(1_000);
      throw kafkajsError(error, this.#params("consume"));
    }
    return consumer;
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    const found = await this.topics(specs.map(({ topic }) => topic));
    const missing = specs.filter(({ topic }) => !found.has(topic));
    if (missing.length === 0) return;
    await this.#ask("create-topics", (admin) =>
      admin.createTopics({
        waitForLeaders: true,
        timeout: this.#options.requestTimeoutMs,
        topics: missing.map(({ topic, partitions, replicationFactor, config }) => ({
          topic,
          numPartitions: partitions,
          replicationFactor,
          configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
        })),
      }),
    );
  }

  async topics(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    // All topics, then ours: asking for a missing one by name is an error, or creates it.
    const metadata = await this.#ask("topics", (admin) => admin.fetchTopicMetadata());
    const found = metadata.topics.filter(({ name }) => names.includes(name));
    return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
  }

  async watermarks(topic: string, partition: number): Promise<{ low: bigint; high: bigint }> {
    const offsets = await this.#ask("watermarks", (admin) => admin.fetchTopicOffsets(topic));
    const found = offsets.find((entry) => entry.partition === partition);
    if (found === undefined) throw new DuijieError("TOPIC_MISSING", { topics: topic, partition });
    return { low: BigInt(found.low), high: BigInt(found.high) };
  }

  async close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = null;
    await this.#producer.close();
    await endsWithin(
      Promise.resolve(admin?.then((open) => open.disconnect())),
      this.#options.requestTimeoutMs,
    );
  }

  /** kafkajs would try a topic that is not there until the deadline, and then not say why. */
  async #checkTopics(names: readonly string[]): Promise<void> {
    const unknown = names.filter((topic) => !this.#known.has(topic));
    if (unknown.length === 0) return;
    const found = await this.topics(unknown);
    const missing = unknown.filter((topic) => !found.has(topic));
    if (missing.length > 0)
      throw new DuijieError("TOPIC_MISSING", { topics: [...new Set(missing)].join(",") });
    for (const topic of unknown) this.#known.add(topic);
  }

  async #ask<T>(what: string, question: (admin: Admin) => Promise<T>): Promise<T> {
    this.#admin ??= this.#openAdmin();
    const admin = this.#admin;
    try {
      return await withDeadline(admin.then(question), this.#options.requestTimeoutMs, () => this.#late(what));
    } catch (error) {
      // A connection that failed once is not trusted again.
      if (this.#admin === admin) this.#admin = null;
      void endsWithin(
        admin.then((open) => open.disconnect()),
        this.#options.requestTimeoutMs,
      );
      throw kafkajsError(error, this.#params(what));
    }
  }

  async #openAdmin(): Promise<Admin> {
    const admin = this.#kafka.admin({ retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 } });
    await admin.connect();
    return admin;
  }

  #late(what: string): DuijieError {
    return new DuijieError("BROKER_UNREACHABLE", { ...this.#params(what), reason: "deadline" });
  }

  #params(what: string): ErrorParams {
    return { client: this.client, brokers: this.#options.brokers.join(","), what };
  }
}

function kafkaConfig(options: BrokerOptions, tls: TlsTexts | null, log: BrokerLog): KafkaConfig {
  const { brokers, clientId, requestTimeoutMs, sasl } = options;
  return {
    brokers: [...brokers],
    clientId,
    connectionTimeout: Math.min(requestTimeoutMs, 3_000),
    authenticationTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    logLevel: kafkajs.logLevel.ERROR,
    // The text of an entry may quote a message; its place says enough.
    logCreator:
      () =>
      ({ namespace }) =>
        // What matters is thrown or told to `failed`; most of this is a try that the next one mends.
        log({ client: "kafkajs", level: "warn", code: `kafkajs.${namespace}` }),
    ...(tls === null ? {} : { ssl: tlsOptions(tls) }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
  };
}

function saslOptions({ mechanism, username, password }: NonNullable<BrokerOptions["sasl"]>): SASLOptions {
  if (mechanism === "plain") return { mechanism, username, password };
  if (mechanism === "scram-sha-256") return { mechanism, username, password };
  return { mechanism, username, password };
}

function tlsOptions({ ca, cert, key }: TlsTexts): { ca?: string[]; cert?: string; key?: string } {
  return {
    ...(ca === undefined ? {} : { ca: [ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
