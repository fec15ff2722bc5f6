import { DuijieError } from "../contracts/errors.ts";

/** What positions need of a database client or pool: `pg`'s `query`. */
export interface PositionStore {
  query(
    text: string,
    values: unknown[],
  ): Promise<{ readonly rows: readonly unknown[]; readonly rowCount: number | null }>;
}

/** What positions need of the broker. */
export interface PositionLog {
  watermarks(topic: string, partition: number): Promise<{ readonly low: bigint; readonly high: bigint }>;
}

/** Which message: the part of `IncomingMessage` that positions look at. */
export interface MessagePlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface PositionOptions {
  /** `schema.table` with `(consumer, topic, partition, next_offset, epoch, lost_at)`. */
  readonly table: string;
  /** Name of the consumer: one position per consumer, topic and partition. */
  readonly consumer: string;
  /** A pool, for what happens outside of effect transactions: assignment and the `lost` mark. */
  readonly store: PositionStore;
  readonly log: PositionLog;
}

interface Held {
  /** This consumer's own counter: the next offset to apply. Moves after a commit only. */
  next: bigint;
  readonly epoch: bigint;
  /** The first offset after a gap, seen once and sought back from. */
  gap: bigint | null;
  /** A lower offset came and the log was found to reach up to `next`. */
  isLogChecked: boolean;
}

/**
 * How far one consumer applied each partition, kept in the receiving database and moved in the same transaction as the
 * effects: each message takes effect once, in order, whatever the broker delivers again. An epoch fences out a consumer
 * that lost its partition without having noticed.
 *
 * Use: `admit` → begin → `advance` first → effects → commit → `committed`. After any failure `assign` is asked again.
 */
export class PartitionPositions {
  readonly #options: PositionOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: PositionOptions) {
    // The name becomes part of SQL text.
    if (!/^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/.test(options.table)) {
      throw new DuijieError("INVARIANT_BROKEN", { what: "position-table-name" });
    }
    this.#options = options;
  }

  /**
   * Takes the partition over, fencing out whoever had it, and returns the offset to seek. A consumer's very first
   * position is the log's start. Throws POSITION_LOST when the log no longer holds it: a person has to compare both
   * sides, then set `next_offset` and clear `lost_at`.
   */
  async assign(topic: string, partition: number): Promise<bigint> {
    this.#held.delete(key(topic, partition));
    const { low } = await this.#options.log.watermarks(topic, partition);
    const row = await this.#takeOver(topic, partition, low);
    if (row.isLost) throw this.#lost(topic, partition, row.next);
    await this.#checkWithin(topic, partition, row);
    this.#held.set(key(topic, partition), {
      next: row.next,
      epoch: row.epoch,
      gap: null,
      isLogChecked: true,
    });
    return row.next;
  }

  /**
   * What to do with a delivered message: apply it; skip it, it was applied; or seek, messages before it are missing.
   * Throws POSITION_LOST when they are gone for good, LEASE_LOST for a partition that is not held.
   */
  async admit(message: MessagePlace): Promise<"apply" | "skip" | { readonly seek: bigint }> {
    const held = this.#of(message);
    if (message.offset === held.next) return "apply";
    if (message.offset < held.next) {
      await this.#checkLog(message, held);
      return "skip";
    }
    return this.#admitAfterGap(message, held);
  }

  /**
   * First statement of the effect transaction, on its client. Throws LEASE_LOST when another consumer took over: roll
   * back.
   */
  async advance(client: PositionStore, message: MessagePlace): Promise<void> {
    const held = this.#of(message);
    const { consumer, table } = this.#options;
    const moved = await client.query(
      `UPDATE ${table} SET next_offset = $4 WHERE consumer = $1 AND topic = $2 AND partition = $3
         AND epoch = $5 AND next_offset = $6 AND lost_at IS NULL`,
      [
        consumer,
        message.topic,
        message.partition,
        String(message.offset + 1n),
        String(held.epoch),
        String(held.next),
      ],
    );
    if (moved.rowCount !== 1) {
      this.release(message.topic, message.partition);
      throw this.#leaseLost(message);
    }
  }

  /** After the commit, and only then. A commit whose end is unknown is answered by `assign`, not by this. */
  committed(message: MessagePlace): void {
    const held = this.#of(message);
    held.next = message.offset + 1n;
    held.gap = null;
    held.isLogChecked = false;
  }

  /** Forgets a partition that went elsewhere. */
  release(topic: string, partition: number): void {
    this.#held.delete(key(topic, partition));
  }

  async #admitAfterGap(message: MessagePlace, held: Held): Promise<"apply" | { readonly seek: bigint }> {
    if (held.gap !== message.offset) {
      held.gap = message.offset;
      return { seek: held.next };
    }
    // The same gap again is in the log itself. Transaction markers and compaction leave gaps inside what is kept;
    // when the log begins after our position, messages are gone.
    const { low } = await this.#options.log.watermarks(message.topic, message.partition);
    if (low <= held.next) return "apply";
    return this.#latch(message.topic, message.partition, held);
  }

  /** A lower offset is a repetition, or the log began anew below our position: then nothing would ever be applied again. */
  async #checkLog(message: MessagePlace, held: Held): Promise<void> {
    if (held.isLogChecked) return;
    const { high } = await this.#options.log.watermarks(message.topic, message.partition);
    if (high < held.next) await this.#latch(message.topic, message.partition, held);
    held.isLogChecked = true;
  }

  /** After the take-over, so that `next` stands still: a watermark asked before may be older than the position. */
  async #checkWithin(topic: string, partition: number, row: { next: bigint; epoch: bigint }): Promise<void> {
    const { low, high } = await this.#options.log.watermarks(topic, partition);
    if (row.next < low || row.next > high) await this.#latch(topic, partition, row);
  }

  async #takeOver(
    topic: string,
    partition: number,
    start: bigint,
  ): Promise<{ next: bigint; epoch: bigint; isLost: boolean }> {
    const { consumer, table, store } = this.#options;
    const { rows } = await store.query(
      `INSERT INTO ${table} AS held (consumer, topic, partition, next_offset, epoch) VALUES ($1, $2, $3, $4, 1)
       ON CONFLICT (consumer, topic, partition) DO UPDATE SET epoch = held.epoch + 1
       RETURNING next_offset::text, epoch::text, lost_at IS NOT NULL AS is_lost`,
      [consumer, topic, partition, String(start)],
    );
    return positionRow(rows[0]);
  }

  async #latch(topic: string, partition: number, held: { next: bigint; epoch: bigint }): Promise<never> {
    const { consumer, table, store } = this.#options;
    await store.query(
      `UPDATE ${table} SET lost_at = now() WHERE consumer = $1 AND topic = $2 AND partition = $3 AND epoch = $4`,
      [consumer, topic, partition, String(held.epoch)],
    );
    this.release(topic, partition);
    throw this.#lost(topic, partition, held.next);
  }

  #of(message: MessagePlace): Held {
    const held = this.#held.get(key(message.topic, message.partition));
    if (held === undefined) throw this.#leaseLost(message);
    return held;
  }

  #lost(topic: string, partition: number, next: bigint): DuijieError {
    const { consumer } = this.#options;
    return new DuijieError("POSITION_LOST", { consumer, topic, partition, offset: String(next) });
  }

  #leaseLost(message: MessagePlace): DuijieError {
    const { topic, partition } = message;
    return new DuijieError("LEASE_LOST", { consumer: this.#options.consumer, topic, partition });
  }
}

function key(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function positionRow(row: unknown): { next: bigint; epoch: bigint; isLost: boolean } {
  if (
    typeof row === "object" &&
    row !== null &&
    "next_offset" in row &&
    "epoch" in row &&
    "is_lost" in row &&
    typeof row.next_offset === "string" &&
    typeof row.epoch === "string" &&
    typeof row.is_lost === "boolean"
  ) {
    return { next: BigInt(row.next_offset), epoch: BigInt(row.epoch), isLost: row.is_lost };
  }
  throw new DuijieError("INVARIANT_BROKEN", { what: "position-row" });
}
