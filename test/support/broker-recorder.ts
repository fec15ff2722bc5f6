import { DuijieError } from "../../contracts/errors.ts";
import type {
  BrokerOptions,
  ConsumeOptions,
  IncomingMessage,
  OutgoingMessage,
} from "../../pipeline/broker/broker.ts";
import { openBroker } from "../../pipeline/broker/open-broker.ts";
import { kafkaMissing } from "./broker-kind.ts";
import { until as untilTrue } from "./until.ts";

export const clients = ["kafkajs", "rdkafka", "postgres"] as const;
/** Clients that may meet on one log. */
export const companions = {
  kafkajs: ["kafkajs", "rdkafka"],
  rdkafka: ["kafkajs", "rdkafka"],
  postgres: ["postgres"],
} as const;
export type Client = (typeof clients)[number];

/** `at`: Kafka's brokers, or the one URL of a log in PostgreSQL. */
export function optionsFor(at: readonly string[], more: Partial<BrokerOptions> = {}): BrokerOptions {
  const url = at.find((one) => one.startsWith("postgres"));
  return {
    ...(url === undefined ? { brokers: at } : { brokers: [], url }),
    clientId: "test",
    requestTimeoutMs: 10_000,
    messageBytesMax: 1_048_588,
    ...more,
  };
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "no error";
  } catch (error) {
    if (error instanceof DuijieError) return error.code;
    throw error;
  }
}

export function until(holds: () => boolean, what: string, deadlineMs = 30_000): Promise<void> {
  return untilTrue(what, async () => holds(), deadlineMs);
}

/** A consumer with positions in memory, as a database would keep them, and a record of what happened to it. */
export class Recorder {
  readonly delivered: IncomingMessage[] = [];
  readonly failures: string[] = [];
  /** The partition of each of `failures`. */
  readonly failedAt: string[] = [];
  readonly revoked: string[] = [];
  readonly asked: string[] = [];
  readonly positions: Map<string, bigint>;
  /** Called before a delivery is recorded as done: may throw, wait, or return an offset to go to. */
  before: (message: IncomingMessage) => Promise<bigint | null> = async () => null;

  constructor(positions = new Map<string, bigint>()) {
    this.positions = positions;
  }

  options(groupId: string, topics: readonly string[], more: Partial<ConsumeOptions> = {}): ConsumeOptions {
    return {
      groupId,
      topics,
      position: async (topic, partition) => {
        this.asked.push(`${topic}/${partition}`);
        return this.positions.get(`${topic}/${partition}`) ?? 0n;
      },
      deliver: async (message) => {
        const goTo = await this.before(message);
        if (goTo !== null) return goTo;
        const key = `${message.topic}/${message.partition}`;
        // What came before is a repetition.
        if (message.offset < (this.positions.get(key) ?? 0n)) return null;
        this.delivered.push(message);
        this.positions.set(key, message.offset + 1n);
        return null;
      },
      revoked: async (topic, partition) => void this.revoked.push(`${topic}/${partition}`),
      failed: (error, topic, partition) => {
        this.failures.push(error instanceof DuijieError ? error.code : String(error));
        this.failedAt.push(`${topic}/${partition}`);
      },
      retryDelayMs: 50,
      sessionTimeoutMs: 6_000,
      ...more,
    };
  }

  /** Questions for a position beyond the first of each partition that no failure of that partition explains. */
  unexplainedQuestions(): string[] {
    const explained = [...this.failedAt];
    const seen = new Set<string>();
    return this.asked.filter((key) => {
      if (!seen.has(key)) return !seen.add(key);
      const at = explained.indexOf(key);
      if (at >= 0) explained.splice(at, 1);
      return at < 0;
    });
  }

  offsets(partition: number): number[] {
    return this.delivered
      .filter((message) => message.partition === partition)
      .map(({ offset }) => Number(offset));
  }
}

export function numbered(topic: string, count: number, partitions = 1): OutgoingMessage[] {
  return Array.from({ length: count }, (_, number) => ({
    topic,
    partition: number % partitions,
    headers: { number: String(number) },
    value: Buffer.from(`value ${number}`),
  }));
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

/** Why a client can't be tested here; null if it can. */
export async function missing(client: Client): Promise<string | null> {
  const chosen = process.env["CLIENTS"]?.split(",");
  if (chosen !== undefined && !chosen.includes(client)) return "not in CLIENTS";
  if (client === "postgres") return null;
  const reason = kafkaMissing();
  if (reason !== null) return reason;
  try {
    await (await openBroker(client, optionsFor(["127.0.0.1:1"]))).close();
    return null;
  } catch (error) {
    return error instanceof DuijieError ? String(error.params["reason"]) : String(error);
  }
}
