import type { ConsumeOptions, IncomingMessage } from "./broker.ts";
import { PartitionDelivery, type PartitionFlow } from "./partition-delivery.ts";

export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

/** What all partitions of a consumer may buffer together, and one of them at most and at least. */
const bufferBytes = { all: 32 << 20, most: 4 << 20, least: 512 << 10 };

/** The partitions that the group gave to one consumer, each with its delivery. */
export class AssignedPartitions {
  readonly #options: ConsumeOptions;
  readonly #flowOf: (name: PartitionName) => PartitionFlow;
  readonly #broken: (error: unknown) => void;
  readonly #current = new Map<string, PartitionDelivery>();
  /** Of each partition ever held: when its last delivery has ended. */
  readonly #ended = new Map<string, Promise<void>>();

  /** `broken` is told what a callback of the consumer's owner threw where nobody can answer. */
  constructor(
    options: ConsumeOptions,
    flowOf: (name: PartitionName) => PartitionFlow,
    broken: (error: unknown) => void,
  ) {
    this.#options = options;
    this.#flowOf = flowOf;
    this.#broken = broken;
  }

  /** Replaces the assignment. A partition kept begins anew, after its delivery under way: its position is asked again. */
  assign(names: readonly PartitionName[]): void {
    this.#closeAll();
    const share = Math.floor(bufferBytes.all / Math.max(names.length, 1));
    const bufferBytesMax = Math.min(bufferBytes.most, Math.max(bufferBytes.least, share));
    for (const name of names) {
      const key = keyOf(name);
      const delivery = new PartitionDelivery(
        name.topic,
        name.partition,
        this.#options,
        this.#flowOf(name),
        bufferBytesMax,
        this.#ended.get(key) ?? Promise.resolve(),
      );
      this.#current.set(key, delivery);
      this.#ended.set(key, delivery.ended.catch(this.#broken));
    }
  }

  offer(message: IncomingMessage): void {
    this.#current.get(keyOf(message))?.offer(message);
  }

  /** Stops all deliveries and resolves when those under way have ended; what is a deadline here is the caller's. */
  async revoke(): Promise<void> {
    this.#closeAll();
    await Promise.all(this.#ended.values());
  }

  #closeAll(): void {
    for (const delivery of this.#current.values()) delivery.close();
    this.#current.clear();
  }
}

function keyOf(name: PartitionName): string {
  return `${name.topic}/${name.partition}`;
}
