import { DuijieError } from "../../contracts/errors.ts";
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
import { checkSizes, requestsOf } from "./message-size.ts";
import { PostgresConsumer } from "./postgres-consumer.ts";
import { addTopics, append, partitionCounts, partitionEnds } from "./postgres-log.ts";
import { logSchemaSql } from "./postgres-log-schema.ts";
import { purge } from "./postgres-retention.ts";
import { type Ask, PostgresSession, placeOf } from "./postgres-session.ts";

const purgeIntervalMs = 60_000;
/** How long a question waits for a server that is away; a send waits for its whole deadline. */
const questionPatienceMs = 3_000;
/** Of a statement: PostgreSQL takes 65,535 values. */
const messagesMax = 1_000;

/**
 * A durable log in tables of PostgreSQL, for trials on one machine where no Kafka can be had. The port's promises are
 * the same; what it lacks are replicas, rights per topic and speed.
 */
export class PostgresBroker implements Broker {
  readonly client = "postgres";
  readonly #options: BrokerOptions & { readonly url: string };
  readonly #log: BrokerLog;
  readonly #writer: PostgresSession;
  readonly #asker: PostgresSession;
  #purging: NodeJS.Timeout | undefined;

  constructor(options: BrokerOptions & { readonly url: string }, log: BrokerLog) {
    const { clientId, requestTimeoutMs, url } = options;
    this.#options = options;
    this.#log = log;
    const session = { url, clientId, timeoutMs: requestTimeoutMs };
    this.#writer = new PostgresSession({ ...session, patienceMs: requestTimeoutMs });
    this.#asker = new PostgresSession({
      ...session,
      patienceMs: Math.min(questionPatienceMs, requestTimeoutMs),
    });
  }

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    checkSizes(messages, this.#options.messageBytesMax);
    for (const request of requestsOf(messages, this.#options.messageBytesMax)) {
      await this.#writer.run("send", async (ask) => {
        for (const part of partsOf(request)) await append(ask, part[0], part);
      });
    }
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    const found = await this.topics(options.topics);
    const missing = options.topics.filter((topic) => !found.has(topic));
    if (missing.length > 0) throw new DuijieError("TOPIC_MISSING", { topics: missing.join(",") });
    const consumer = new PostgresConsumer(this.#options, options);
    try {
      await withDeadline(consumer.start(), this.#options.requestTimeoutMs, () => this.#late());
    } catch (error) {
      await consumer.stop(1_000);
      throw error;
    }
    this.#purgeNowAndThen();
    return consumer;
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    const found = await this.topics(specs.map(({ topic }) => topic));
    const missing = specs.filter(({ topic }) => !found.has(topic));
    if (missing.length === 0) return;
    if (missing.some(({ replicationFactor }) => replicationFactor > 1)) {
      throw new DuijieError("BROKER_REFUSED", { ...this.#params(), reason: "INVALID_REPLICATION_FACTOR" });
    }
    await this.#asker.transaction("create-topics", async (ask) => {
      await ensureLog(ask);
      await addTopics(ask, missing);
    });
  }

  async topics(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    try {
      return await this.#asker.run("topics", async (ask) => await partitionCounts(ask, names));
    } catch (error) {
      // No log yet: no topic in it.
      if (error instanceof DuijieError && error.code === "TOPIC_MISSING") return new Map();
      throw error;
    }
  }

  async watermarks(topic: string, partition: number): Promise<{ low: bigint; high: bigint }> {
    const ends = await this.#asker.run("watermarks", async (ask) => await partitionEnds(ask, [topic]));
    const found = ends.find((one) => one.partition === partition);
    if (found === undefined) throw new DuijieError("TOPIC_MISSING", { topics: topic, partition });
    return { low: found.low, high: found.high };
  }

  async close(): Promise<void> {
    clearInterval(this.#purging);
    await Promise.all([this.#writer.close(), this.#asker.close()]);
  }

  #purgeNowAndThen(): void {
    if (this.#purging !== undefined) return;
    const purgeOnce = () => {
      this.#asker.run("purge", purge).catch(() => {
        this.#log({ client: this.client, level: "warn", code: "postgres.purge" });
      });
    };
    this.#purging = setInterval(purgeOnce, purgeIntervalMs);
    this.#purging.unref();
    purgeOnce();
  }

  #late(): DuijieError {
    return new DuijieError("BROKER_UNREACHABLE", { ...this.#params(), what: "consume", reason: "deadline" });
  }

  #params() {
    return { client: this.client, brokers: placeOf(this.#options.url) };
  }
}

/** Two programs that start at once create it once. Needs the right to create only where it is missing. */
async function ensureLog(ask: Ask): Promise<void> {
  await ask("SELECT pg_advisory_xact_lock(hashtext('duijie.broker'))::text");
  const [found] = await ask("SELECT to_regclass('broker.committed')::text AS found");
  if (found?.["found"] === null) await ask(logSchemaSql);
}

type Part = readonly [OutgoingMessage, ...OutgoingMessage[]];

/** The messages of each partition, in their order, as many as one statement takes. */
function partsOf(messages: readonly OutgoingMessage[]): readonly Part[] {
  const parts: [OutgoingMessage, ...OutgoingMessage[]][] = [];
  const open = new Map<string, [OutgoingMessage, ...OutgoingMessage[]]>();
  for (const message of messages) {
    const key = `${message.topic}/${message.partition}`;
    const part = open.get(key);
    if (part !== undefined && part.length < messagesMax) part.push(message);
    else {
      const begun: [OutgoingMessage, ...OutgoingMessage[]] = [message];
      open.set(key, begun);
      parts.push(begun);
    }
  }
  return parts;
}
