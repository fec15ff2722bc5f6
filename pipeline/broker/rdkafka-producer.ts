import type { LibrdKafkaError, Producer } from "node-rdkafka";
import type { BrokerOptions, OutgoingMessage } from "./broker.ts";
import { endsWithin, withDeadline } from "./deadline.ts";
import { checkSizes } from "./message-size.ts";
import { codeOf, connectionConfig, type RdkafkaLibrary } from "./rdkafka-library.ts";
import type { TlsTexts } from "./tls-files.ts";

const queueFull = -184;
const fatal = -150;
const authentication = -169;
const pollIntervalMs = 5;

interface Listener {
  error(error: LibrdKafkaError): void;
  log(event: unknown): void;
}

/** One idempotent producer; its connection also answers questions about topics and watermarks. */
export class RdkafkaProducer {
  readonly #library: RdkafkaLibrary;
  readonly #options: BrokerOptions;
  readonly #tls: TlsTexts | null;
  readonly #listener: Listener;
  readonly #late: () => Error;
  #producer: Promise<Producer> | null = null;
  #pollTimer: NodeJS.Timeout | undefined;
  /** Waiting for their delivery report, by the number that went along as `opaque`. */
  readonly #waiting = new Map<number, (error: LibrdKafkaError | null) => void>();
  #count = 0;

  constructor(
    library: RdkafkaLibrary,
    options: BrokerOptions,
    tls: TlsTexts | null,
    listener: Listener,
    late: () => Error,
  ) {
    this.#library = library;
    this.#options = options;
    this.#tls = tls;
    this.#listener = listener;
    this.#late = late;
  }

  /** Rejects with librdkafka's error, or ours when the deadline passed. */
  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    checkSizes(messages, this.#options.messageBytesMax);
    const deadline = { isOver: false };
    try {
      await withDeadline(this.#sendAll(messages, deadline), this.#options.requestTimeoutMs, this.#late);
    } catch (error) {
      deadline.isOver = true;
      // After a fatal error librdkafka refuses everything: the next send begins with a new producer.
      if (codeOf(error) === fatal) await this.close();
      throw error;
    }
  }

  /** The connected client, for questions. */
  connected(): Promise<Producer> {
    this.#producer ??= this.#connect();
    return this.#producer;
  }

  async close(): Promise<void> {
    const opened = this.#producer;
    this.#producer = null;
    clearInterval(this.#pollTimer);
    this.#pollTimer = undefined;
    const producer = await opened?.catch(() => null);
    if (producer) await endsWithin(disconnect(producer), this.#options.requestTimeoutMs);
  }

  async #sendAll(
    messages: readonly OutgoingMessage[],
    deadline: { readonly isOver: boolean },
  ): Promise<void> {
    const producer = await this.connected();
    const reports: Promise<void>[] = [];
    for (const message of messages) {
      // Waits only where the queue is full: sends at once keep their order.
      while (!this.#produce(producer, message, reports)) {
        if (deadline.isOver) return;
        await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
      }
    }
    await Promise.all(reports);
  }

  /** False when librdkafka's queue is full. */
  #produce(producer: Producer, message: OutgoingMessage, reports: Promise<void>[]): boolean {
    const { topic, partition, value } = message;
    const headers = Object.entries(message.headers).map(([name, text]) => ({ [name]: text }));
    this.#count += 1;
    try {
      producer.produce(topic, partition, value, null, null, this.#count, headers);
    } catch (error) {
      if (codeOf(error) === queueFull) return false;
      throw error;
    }
    const report = this.#reported(producer, this.#count);
    // Awaited together, later; until then a rejection has somebody who looks at it.
    report.catch(() => undefined);
    reports.push(report);
    return true;
  }

  #reported(producer: Producer, number: number): Promise<void> {
    this.#pollTimer ??= setInterval(() => this.#poll(producer), pollIntervalMs);
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  /** Delivery reports come by polling only; nothing is polled while nobody waits. */
  #poll(producer: Producer): void {
    poll(producer);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#pollTimer);
    this.#pollTimer = undefined;
  }

  async #connect(): Promise<Producer> {
    const { messageBytesMax, requestTimeoutMs } = this.#options;
    const producer = new this.#library.Producer(
      {
        ...connectionConfig(this.#options, this.#tls),
        "enable.idempotence": true,
        "max.in.flight.requests.per.connection": 5,
        "message.max.bytes": messageBytesMax,
        "compression.codec": "none",
        "queue.buffering.max.ms": 2,
        "queue.buffering.max.kbytes": 65_536,
        "message.send.max.retries": 1_000,
        dr_cb: true,
      },
      {
        // Ends before our deadline, so that what was not sent does not pile up behind a broker that is away.
        "message.timeout.ms": Math.max(Math.floor(requestTimeoutMs * 0.9), 1_000),
        acks: -1,
      },
    );
    producer.on("event.error", (error) => this.#listener.error(error));
    producer.on("event.log", (event) => this.#listener.log(event));
    producer.on("delivery-report", (error, { opaque }) => this.#settle(opaque, error));
    // Events come by polling only; a refusal is nowhere but in them.
    const timer = setInterval(() => poll(producer), pollIntervalMs);
    try {
      await Promise.race([connect(producer, requestTimeoutMs, this.#late), refusalOf(producer)]);
      return producer;
    } catch (error) {
      this.#producer = null;
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  #settle(opaque: unknown, error: LibrdKafkaError | null): void {
    if (typeof opaque !== "number") return;
    this.#waiting.get(opaque)?.(error ?? null);
    this.#waiting.delete(opaque);
  }
}

/** Rejects when the broker refuses the credentials; connecting itself would only time out, much later. */
function refusalOf(producer: Producer): Promise<never> {
  const refusal = new Promise<never>((_resolve, reject) => {
    producer.on("event.error", (error) => {
      if (codeOf(error) === authentication) reject(error);
    });
  });
  // It may come when nobody waits for the connection any more.
  refusal.catch(() => undefined);
  return refusal;
}

function poll(producer: Producer): void {
  if (producer.isConnected()) producer.poll();
}

interface Closable {
  disconnect(done: (error: unknown) => void): unknown;
}

interface Connectable extends Closable {
  connect(options: { timeout: number }, done: (error: LibrdKafkaError | null) => void): unknown;
}

/** Connects a producer or consumer: until the broker's metadata came. On failure the client is closed in the background. */
export async function connect(client: Connectable, deadlineMs: number, late: () => Error): Promise<void> {
  const connected = new Promise<void>((resolve, reject) => {
    client.connect({ timeout: Math.floor(deadlineMs * 0.9) }, (error) => (error ? reject(error) : resolve()));
  });
  try {
    await withDeadline(connected, deadlineMs, late);
  } catch (error) {
    void endsWithin(disconnect(client), deadlineMs);
    throw error;
  }
}

/** May never end: always with a deadline. */
export function disconnect(client: Closable): Promise<void> {
  return new Promise((resolve, reject) => {
    try {
      client.disconnect(() => resolve());
    } catch (error) {
      // A producer that is not connected throws here.
      reject(error instanceof Error ? error : new Error("disconnect"));
    }
  });
}
