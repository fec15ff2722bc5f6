import { DuijieError } from "../../contracts/errors.ts";
import type { ConsumeOptions, IncomingMessage } from "./broker.ts";

/** What a client can do for one partition that it reads. Only `seek` may fail. */
export interface PartitionFlow {
  /** Stops fetching soon; messages already fetched may still be offered. */
  pause(): void;
  resume(): void;
  /** Resolves when no message fetched before it will be offered any more; the next one is at `offset` or after. */
  seek(offset: bigint): Promise<void>;
  /** Tells lag tools how far we are; never relied upon. */
  hint(nextOffset: bigint): void;
}

/** A buffered message costs more than its value. */
const messageOverheadBytes = 512;

/**
 * Delivers one partition's messages one after the other, from the position asked for at the start, and again from
 * there after a failure. The same for every client: a client only offers messages and obeys its `PartitionFlow`, so
 * that its heartbeats never depend on how long a delivery takes.
 */
export class PartitionDelivery {
  readonly topic: string;
  readonly partition: number;
  /** Resolves after `close`, when the delivery under way has ended and `revoked` was called. */
  readonly ended: Promise<void>;
  readonly #options: ConsumeOptions;
  readonly #flow: PartitionFlow;
  readonly #bufferBytesMax: number;
  #buffer: IncomingMessage[] = [];
  #bufferBytes = 0;
  /** The next offset that can come; null while nothing is awaited: what is offered then was fetched before a seek. */
  #expected: bigint | null = null;
  #fault: DuijieError | null = null;
  #isPaused = true;
  #isClosed = false;
  #wake: () => void = () => undefined;

  /** The flow starts out paused. `previous`: the end of this partition's delivery before in this process. */
  constructor(
    topic: string,
    partition: number,
    options: ConsumeOptions,
    flow: PartitionFlow,
    bufferBytesMax: number,
    previous: Promise<void>,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.#options = options;
    this.#flow = flow;
    this.#bufferBytesMax = bufferBytesMax;
    this.ended = this.#run(previous);
  }

  offer(message: IncomingMessage): void {
    if (this.#isClosed || this.#expected === null) return;
    if (message.offset < this.#expected) {
      // Both clients go on at the log's start, in silence, when the position is not in the log.
      this.#fail(this.#positionLost(message.offset));
      return;
    }
    this.#expected = message.offset + 1n;
    this.#buffer.push(message);
    this.#bufferBytes += sizeOf(message);
    if (this.#bufferBytes >= this.#bufferBytesMax) this.#pause();
    this.#wake();
  }

  /** Nothing is delivered any more; await `ended` for what is under way. */
  close(): void {
    this.#isClosed = true;
    this.#discard();
    this.#wake();
  }

  async #run(previous: Promise<void>): Promise<void> {
    await previous;
    while (!this.#isClosed) {
      try {
        await this.#seekTo(await this.#options.position(this.topic, this.partition));
        await this.#deliverAll();
      } catch (error) {
        await this.#pauseAfter(error);
      }
    }
    await this.#options.revoked?.(this.topic, this.partition);
  }

  async #deliverAll(): Promise<void> {
    for (let message = await this.#next(); message !== null; message = await this.#next()) {
      const goOn = await this.#options.deliver(message);
      if (goOn === null) this.#flow.hint(message.offset + 1n);
      else await this.#seekTo(goOn);
    }
  }

  async #next(): Promise<IncomingMessage | null> {
    while (!this.#isClosed && this.#buffer.length === 0 && this.#fault === null) await this.#woken();
    if (this.#fault !== null) throw this.#fault;
    const message = this.#isClosed ? undefined : this.#buffer.shift();
    if (message === undefined) return null;
    this.#bufferBytes -= sizeOf(message);
    if (this.#isPaused && this.#bufferBytes <= this.#bufferBytesMax / 2) this.#resume();
    return message;
  }

  async #seekTo(offset: bigint): Promise<void> {
    this.#discard();
    if (this.#isClosed) return;
    await this.#flow.seek(offset);
    this.#expected = offset;
    this.#resume();
  }

  async #pauseAfter(error: unknown): Promise<void> {
    this.#discard();
    this.#options.failed?.(error, this.topic, this.partition);
    if (this.#isClosed) return;
    this.#pause();
    const timer = setTimeout(() => this.#wake(), this.#options.retryDelayMs);
    await this.#woken();
    clearTimeout(timer);
  }

  #fail(fault: DuijieError): void {
    this.#fault = fault;
    this.#expected = null;
    this.#wake();
  }

  #discard(): void {
    this.#buffer = [];
    this.#bufferBytes = 0;
    this.#expected = null;
    this.#fault = null;
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#flow.pause();
  }

  #resume(): void {
    if (!this.#isPaused || this.#isClosed) return;
    this.#isPaused = false;
    this.#flow.resume();
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #positionLost(found: bigint): DuijieError {
    const { topic, partition } = this;
    return new DuijieError("POSITION_LOST", {
      consumer: this.#options.groupId,
      topic,
      partition,
      offset: String(this.#expected),
      found: String(found),
    });
  }
}

function sizeOf(message: IncomingMessage): number {
  return message.value.length + messageOverheadBytes;
}
