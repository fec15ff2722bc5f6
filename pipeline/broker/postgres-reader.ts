import { DuijieError } from "../../contracts/errors.ts";
import type { PartitionName } from "./assigned-partitions.ts";
import type { IncomingMessage } from "./broker.ts";
import type { PartitionFlow } from "./partition-delivery.ts";
import { partitionEnds, readFrom } from "./postgres-log.ts";
import type { PostgresSession } from "./postgres-session.ts";

interface ReadState extends PartitionName {
  /** Null until the first seek. */
  next: bigint | null;
  isPaused: boolean;
  /** There may be something to read. */
  hasNews: boolean;
  /** Grows with each seek: what was read before it is not offered. */
  seeks: number;
}

/** Reads the partitions that a consumer holds, from where their deliveries want to go on. */
export class PostgresReader {
  readonly #session: PostgresSession;
  readonly #groupId: string;
  readonly #wake: () => void;
  readonly #hint: (name: PartitionName, next: bigint) => void;
  readonly #held = new Map<string, ReadState>();

  constructor(
    session: PostgresSession,
    groupId: string,
    wake: () => void,
    hint: (name: PartitionName, next: bigint) => void,
  ) {
    this.#session = session;
    this.#groupId = groupId;
    this.#wake = wake;
    this.#hint = hint;
  }

  /** The flow of a partition just assigned; an earlier one of the same partition reads no more. */
  flowOf({ topic, partition }: PartitionName): PartitionFlow {
    const state: ReadState = { topic, partition, next: null, isPaused: true, hasNews: true, seeks: 0 };
    this.#held.set(`${topic}/${partition}`, state);
    return {
      pause: () => {
        state.isPaused = true;
      },
      resume: () => {
        state.isPaused = false;
        state.hasNews = true;
        this.#wake();
      },
      seek: async (offset) => await this.#seek(state, offset),
      hint: (next) => this.#hint(state, next),
    };
  }

  letGo(): void {
    this.#held.clear();
  }

  /** Something was written to the partition, `topic/partition`. */
  hasNews(key: string): void {
    const state = this.#held.get(key);
    if (state !== undefined) state.hasNews = true;
  }

  /** Reads once where there may be something; true while more may follow. */
  async read(offer: (message: IncomingMessage) => void): Promise<boolean> {
    let isMore = false;
    for (const state of this.#held.values()) {
      if (state.isPaused || state.next === null || !state.hasNews) continue;
      state.hasNews = false;
      if (await this.#readOne(state, state.next, offer)) isMore = true;
    }
    return isMore;
  }

  /** Looks at the ends of all logs at once: a word of new messages may have been lost with a connection. */
  async look(): Promise<void> {
    const topics = [...new Set([...this.#held.values()].map(({ topic }) => topic))];
    if (topics.length === 0) return;
    const ends = await this.#session.run("look", async (ask) => await partitionEnds(ask, topics));
    for (const { topic, partition, low, high } of ends) {
      const state = this.#held.get(`${topic}/${partition}`);
      if (state === undefined || state.next === null || state.next === high) continue;
      // The log began anew below us. From its start on, as Kafka's clients do: the delivery finds it out.
      if (state.next > high) state.next = low;
      state.hasNews = true;
    }
  }

  async #readOne(
    state: ReadState,
    from: bigint,
    offer: (message: IncomingMessage) => void,
  ): Promise<boolean> {
    const { seeks } = state;
    const messages = await this.#session.run("read", async (ask) => await readFrom(ask, state, from));
    const last = messages.at(-1);
    const isCurrent = this.#held.get(`${state.topic}/${state.partition}`) === state;
    if (last === undefined || state.seeks !== seeks || !isCurrent) return state.hasNews;
    state.next = last.offset + 1n;
    state.hasNews = true;
    for (const message of messages) offer(message);
    return true;
  }

  async #seek(state: ReadState, offset: bigint): Promise<void> {
    const ends = await this.#session.run("seek", async (ask) => await partitionEnds(ask, [state.topic]));
    const high = ends.find(({ partition }) => partition === state.partition)?.high ?? 0n;
    if (offset > high) throw this.#lost(state, offset, high);
    state.next = offset;
    state.seeks += 1;
    state.hasNews = true;
    this.#wake();
  }

  #lost({ topic, partition }: PartitionName, offset: bigint, high: bigint): DuijieError {
    const params = { consumer: this.#groupId, topic, partition };
    return new DuijieError("POSITION_LOST", { ...params, offset: String(offset), found: String(high) });
  }
}
