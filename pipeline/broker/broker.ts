/**
 * The port to a message broker: an ordered, durable log per partition. Implementations: kafkajs, node-rdkafka, and
 * tables of PostgreSQL for trials.
 * Delivery is at least once. Correctness never rests on the broker's own positions or transactions: a consumer says
 * on assignment where to begin, from the position that it keeps beside its effects.
 */
export interface OutgoingMessage {
  readonly topic: string;
  /** Chosen by the sender; within the topic's partition count. */
  readonly partition: number;
  /** Text only: a raw Buffer in a header does not arrive byte for byte with every client. */
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer;
}

export interface IncomingMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer;
}

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Broker configuration of the topic, such as `retention.ms`. */
  readonly config: Readonly<Record<string, string>>;
}

export interface ConsumeOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Called for each partition assigned to this consumer, and again after a failed delivery: the first offset to deliver. */
  position(topic: string, partition: number): Promise<bigint>;
  /**
   * Called with the messages of one partition in offset order, never twice at once for one partition, partitions side
   * by side. Return null when done, or an offset of this partition to go on from. A throw: the partition pauses for
   * `retryDelayMs`, asks `position` again and goes on there.
   */
  deliver(message: IncomingMessage): Promise<bigint | null>;
  /** The partition went to another consumer or the consumer stops; deliveries under way were awaited. */
  revoked?(topic: string, partition: number): Promise<void>;
  /** A delivery or the connection failed; the consumer goes on by itself. Codes and names only. */
  failed?(error: unknown, topic: string, partition: number): void;
  readonly retryDelayMs: number;
  /** How long the group waits for a silent member before its partitions move. */
  readonly sessionTimeoutMs: number;
}

export interface Consumer {
  /** Waits for deliveries under way, at most `deadlineMs`, then leaves the group. */
  stop(deadlineMs: number): Promise<void>;
  /** Rejects when the consumer can't go on by itself (credentials refused, topic missing). */
  readonly failure: Promise<never>;
}

export interface Broker {
  readonly client: string;
  /** Resolves when every in-sync replica has acknowledged all messages; any other end throws and is *unknown*, not failed. */
  send(messages: readonly OutgoingMessage[]): Promise<void>;
  consume(options: ConsumeOptions): Promise<Consumer>;
  /** Creates what is missing; leaves what exists alone. */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>;
  /** Partition counts of topics that exist; a missing topic is absent from the map. Throws BROKER_UNREACHABLE, BROKER_REFUSED. */
  topics(names: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** First offset still kept and the next one to be written. */
  watermarks(topic: string, partition: number): Promise<{ low: bigint; high: bigint }>;
  close(): Promise<void>;
}

/** Connection settings, the same for every client. */
export interface BrokerOptions {
  /** Kafka's; empty for the log in PostgreSQL. */
  readonly brokers: readonly string[];
  /** The database of the log in PostgreSQL, with its password. */
  readonly url?: string;
  readonly clientId: string;
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  readonly sasl?: {
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
    readonly username: string;
    readonly password: string;
  };
  /** A deadline around every call to the broker. */
  readonly requestTimeoutMs: number;
  readonly messageBytesMax: number;
}
