import type { Kafka, Producer } from "kafkajs";
import kafkajs from "kafkajs";
import type { BrokerOptions, OutgoingMessage } from "./broker.ts";
import { endsWithin, withDeadline } from "./deadline.ts";
import { checkSizes, requestsOf } from "./message-size.ts";

/**
 * One idempotent producer. kafkajs numbers concurrent requests wrongly (OUT_OF_ORDER_SEQUENCE_NUMBER), so requests go
 * one after the other; and after an end that is unknown it keeps trying in the background, so it is replaced then.
 */
export class KafkajsProducer {
  readonly #kafka: Kafka;
  readonly #options: BrokerOptions;
  readonly #late: () => Error;
  #producer: Producer | null = null;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(kafka: Kafka, options: BrokerOptions, late: () => Error) {
    this.#kafka = kafka;
    this.#options = options;
    this.#late = late;
  }

  /** Rejects with kafkajs' error, or ours when the deadline passed, waiting for earlier sends included. */
  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    checkSizes(messages, this.#options.messageBytesMax);
    for (const request of requestsOf(messages, this.#options.messageBytesMax)) await this.#sendNext(request);
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    if (producer !== null) await endsWithin(producer.disconnect(), this.#options.requestTimeoutMs);
  }

  async #sendNext(messages: readonly OutgoingMessage[]): Promise<void> {
    const isLate = { now: false };
    const sent = this.#queue.then(async () => {
      if (!isLate.now) await this.#sendNow(messages);
    });
    this.#queue = sent.catch(() => undefined);
    try {
      await withDeadline(sent, this.#options.requestTimeoutMs, this.#late);
    } catch (error) {
      isLate.now = true;
      throw error;
    }
  }

  async #sendNow(messages: readonly OutgoingMessage[]): Promise<void> {
    try {
      await withDeadline(this.#sendBatch(messages), this.#options.requestTimeoutMs, this.#late);
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  async #sendBatch(messages: readonly OutgoingMessage[]): Promise<void> {
    const producer = await this.#connected();
    const topics = [...new Set(messages.map(({ topic }) => topic))];
    await producer.sendBatch({
      acks: -1,
      timeout: this.#options.requestTimeoutMs,
      compression: kafkajs.CompressionTypes.None,
      topicMessages: topics.map((topic) => ({
        topic,
        messages: messages
          .filter((message) => message.topic === topic)
          .map(({ partition, value, headers }) => ({ key: null, partition, value, headers: { ...headers } })),
      })),
    });
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== null) return this.#producer;
    const producer = this.#kafka.producer({
      idempotent: true,
      // Every message names its partition; saying so spares a warning.
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      metadataMaxAge: 60_000,
      // Enough tries to fill the deadline, and an end to them: a producer left behind must not try for ever.
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 1_000,
        retries: Math.ceil(this.#options.requestTimeoutMs / 1_000) + 4,
      },
    });
    await producer.connect();
    this.#producer = producer;
    return producer;
  }
}
