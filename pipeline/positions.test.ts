import { expect } from "chai";
import fc from "fast-check";
import { DuijieError } from "../contracts/errors.ts";
import { PartitionPositions, type PositionStore } from "./positions.ts";

interface Row {
  next: bigint;
  epoch: bigint;
  isLost: boolean;
}

/** One partition's row of the position table, answering the three statements as PostgreSQL does. */
class RowStore implements PositionStore {
  row: Row | null = null;

  async query(text: string, values: unknown[]): Promise<{ rows: unknown[]; rowCount: number }> {
    const number = (at: number) => BigInt(String(values[at - 1]));
    if (text.startsWith("INSERT")) {
      this.row = this.row
        ? { ...this.row, epoch: this.row.epoch + 1n }
        : { next: number(4), epoch: 1n, isLost: false };
      const { next, epoch, isLost } = this.row;
      return { rows: [{ next_offset: String(next), epoch: String(epoch), is_lost: isLost }], rowCount: 1 };
    }
    const row = this.row;
    if (row === null) return { rows: [], rowCount: 0 };
    if (text.includes("SET next_offset")) {
      if (row.epoch !== number(5) || row.next !== number(6) || row.isLost) return { rows: [], rowCount: 0 };
      row.next = number(4);
      return { rows: [], rowCount: 1 };
    }
    expect(text).to.include("SET lost_at");
    if (row.epoch !== number(4)) return { rows: [], rowCount: 0 };
    row.isLost = true;
    return { rows: [], rowCount: 1 };
  }
}

const at = (offset: number) => ({ topic: "duijie.34.up.data", partition: 3, offset: BigInt(offset) });

function fixture(low = 0, high = 100) {
  const store = new RowStore();
  const marks = { low: BigInt(low), high: BigInt(high) };
  const log = { watermarks: async () => marks };
  const consumer = () =>
    new PartitionPositions({ table: "national.consumer_position", consumer: "apply", store, log });
  return { store, marks, consumer };
}

async function code(run: Promise<unknown>): Promise<string> {
  try {
    return `no error: ${String(await run)}`;
  } catch (error) {
    if (error instanceof DuijieError) return error.code;
    throw error;
  }
}

describe("positions of a consumer", () => {
  const assign = (positions: PartitionPositions) => positions.assign("duijie.34.up.data", 3);

  async function apply(positions: PartitionPositions, store: PositionStore, offset: number): Promise<void> {
    expect(await positions.admit(at(offset))).to.equal("apply");
    await positions.advance(store, at(offset));
    positions.committed(at(offset));
  }

  it("begin at the log's start, also where earlier messages are gone", async () => {
    expect(await assign(fixture(0).consumer())).to.equal(0n);
    expect(await assign(fixture(40).consumer())).to.equal(40n);
  });

  it("are taken over where the one before stopped, by a new epoch", async () => {
    const { consumer, store } = fixture();
    const first = consumer();
    await assign(first);
    await apply(first, store, 0);
    expect(await assign(consumer())).to.equal(1n);
    expect(store.row).to.deep.equal({ next: 1n, epoch: 2n, isLost: false });
  });

  it("let the next message pass and skip what was applied", async () => {
    const { consumer, store } = fixture();
    const positions = consumer();
    await assign(positions);
    await apply(positions, store, 0);
    await apply(positions, store, 1);
    expect(await positions.admit(at(0))).to.equal("skip");
    expect(await positions.admit(at(1))).to.equal("skip");
    await apply(positions, store, 2);
  });

  it("stay where they are until the commit", async () => {
    const { consumer, store } = fixture();
    const positions = consumer();
    await assign(positions);
    const undo = { ...store.row! };
    await positions.advance(store, at(0));
    store.row = undo; // rolled back
    expect(await positions.admit(at(0))).to.equal("apply");
    expect(await assign(positions)).to.equal(0n);
  });

  it("fence out a consumer that lost its partition without noticing", async () => {
    const { consumer, store } = fixture();
    const [zombie, heir] = [consumer(), consumer()];
    await assign(zombie);
    expect(await zombie.admit(at(0))).to.equal("apply");
    await assign(heir);
    expect(await code(zombie.advance(store, at(0)))).to.equal("LEASE_LOST");
    expect(await code(zombie.admit(at(0)))).to.equal("LEASE_LOST");
    await apply(heir, store, 0);
  });

  it("refuse partitions never assigned or released", async () => {
    const { consumer, store } = fixture();
    const positions = consumer();
    expect(await code(positions.admit(at(0)))).to.equal("LEASE_LOST");
    await assign(positions);
    positions.release("duijie.34.up.data", 3);
    expect(await code(positions.advance(store, at(0)))).to.equal("LEASE_LOST");
  });

  it("seek back once for a gap, and go on when the messages come", async () => {
    const { consumer, store } = fixture();
    const positions = consumer();
    await assign(positions);
    expect(await positions.admit(at(2))).to.deep.equal({ seek: 0n });
    await apply(positions, store, 0);
    await apply(positions, store, 1);
    await apply(positions, store, 2);
  });

  it("accept the same gap the second time where the log still holds the position", async () => {
    const { consumer, store } = fixture();
    const positions = consumer();
    await assign(positions);
    expect(await positions.admit(at(2))).to.deep.equal({ seek: 0n });
    await apply(positions, store, 2);
    expect(store.row?.next).to.equal(3n);
  });

  it("seek again for another gap", async () => {
    const { consumer } = fixture();
    const positions = consumer();
    await assign(positions);
    expect(await positions.admit(at(9))).to.deep.equal({ seek: 0n });
    expect(await positions.admit(at(7))).to.deep.equal({ seek: 0n });
    expect(await positions.admit(at(7))).to.equal("apply");
  });

  it("are lost when the log begins after them, and stay lost", async () => {
    const { consumer, store, marks } = fixture();
    const positions = consumer();
    await assign(positions);
    await apply(positions, store, 0);
    marks.low = 5n;
    expect(await positions.admit(at(5))).to.deep.equal({ seek: 1n });
    expect(await code(positions.admit(at(5)))).to.equal("POSITION_LOST");
    expect(store.row?.isLost).to.equal(true);
    marks.low = 0n;
    expect(await code(assign(positions))).to.equal("POSITION_LOST");
    expect(await code(positions.advance(store, at(5)))).to.equal("LEASE_LOST");
    expect(store.row?.next).to.equal(1n);
  });

  it("are lost when the log was cut before the assignment", async () => {
    for (const [low, high] of [
      [5n, 100n],
      [0n, 0n],
    ] as const) {
      const { consumer, store, marks } = fixture();
      const first = consumer();
      await assign(first);
      await apply(first, store, 0);
      Object.assign(marks, { low, high });
      expect(await code(assign(consumer()))).to.equal("POSITION_LOST");
      expect(store.row?.isLost).to.equal(true);
    }
  });

  it("are lost when the log began anew, instead of skipping for ever", async () => {
    const { consumer, store, marks } = fixture();
    const positions = consumer();
    await assign(positions);
    for (const offset of [0, 1, 2]) await apply(positions, store, offset);
    marks.high = 1n;
    expect(await code(positions.admit(at(0)))).to.equal("POSITION_LOST");
    expect(store.row?.isLost).to.equal(true);
  });

  it("refuse a table name that is no name", () => {
    const { store } = fixture();
    const log = { watermarks: async () => ({ low: 0n, high: 0n }) };
    const open = () => new PartitionPositions({ table: "a.b; DROP TABLE c", consumer: "apply", store, log });
    expect(open).to.throw(DuijieError, "INVARIANT_BROKEN");
  });
});

/** A consumer as a broker drives it: where it reads, and a message that was admitted but not yet applied. */
interface Reader {
  readonly positions: PartitionPositions;
  cursor: bigint;
  admitted: bigint | null;
  mustRead: boolean;
}

type Step = { readonly reader: 0 | 1 } & (
  | { readonly does: "assign" | "admit" | "commit" | "rollback" | "commitUnknown" }
  | { readonly does: "jump"; readonly by: number }
);

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.record({ reader: fc.constantFrom(0, 1), does: fc.constant("assign") }) },
    { weight: 4, arbitrary: fc.record({ reader: fc.constantFrom(0, 1), does: fc.constant("admit") }) },
    { weight: 4, arbitrary: fc.record({ reader: fc.constantFrom(0, 1), does: fc.constant("commit") }) },
    { weight: 1, arbitrary: fc.record({ reader: fc.constantFrom(0, 1), does: fc.constant("rollback") }) },
    {
      weight: 1,
      arbitrary: fc.record({ reader: fc.constantFrom(0, 1), does: fc.constant("commitUnknown") }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        reader: fc.constantFrom(0, 1),
        does: fc.constant("jump"),
        by: fc.integer({ min: -6, max: 4 }),
      }),
    },
  ),
  { maxLength: 120 },
);

describe("positions of two consumers of one partition", () => {
  it("give each message one effect, in order, for any interleaving, repetition, failure and gap", async () => {
    const logs = fc.uniqueArray(fc.nat(30), { maxLength: 20 }).map((all) => all.toSorted((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(logs, steps, async (offsets, plan) => {
        const kept = offsets.map(BigInt);
        const world = new World(kept);
        for (const step of plan) await world.take(step);
        await world.drain();
        expect(world.effects).to.deep.equal(kept);
      }),
      { numRuns: 400 },
    );
  });
});

class World {
  readonly effects: bigint[] = [];
  readonly #kept: readonly bigint[];
  readonly #store = new RowStore();
  readonly #readers: readonly [Reader, Reader];

  constructor(kept: readonly bigint[]) {
    this.#kept = kept;
    this.#readers = [this.#reader(), this.#reader()];
  }

  async take(step: Step): Promise<void> {
    const reader = this.#readers[step.reader];
    if (step.does === "assign") await this.#assign(reader);
    else if (step.does === "admit") await this.#admit(reader);
    else if (step.does === "jump") this.#jump(reader, step.by);
    else await this.#end(reader, step.does);
  }

  async drain(): Promise<void> {
    const reader = this.#readers[0];
    await this.#assign(reader);
    for (let left = 200; left > 0 && this.#nextOf(reader) !== undefined; left--) {
      await this.#admit(reader);
      await this.#end(reader, "commit");
    }
  }

  #reader(): Reader {
    const high = (this.#kept.at(-1) ?? -1n) + 1n;
    const log = { watermarks: async () => ({ low: 0n, high }) };
    const options = { table: "exchange.consumer_position", consumer: "settle", store: this.#store, log };
    return { positions: new PartitionPositions(options), cursor: 0n, admitted: null, mustRead: false };
  }

  #nextOf(reader: Reader): bigint | undefined {
    return this.#kept.find((offset) => offset >= reader.cursor);
  }

  async #assign(reader: Reader): Promise<void> {
    reader.cursor = await reader.positions.assign("duijie.34.up.data", 3);
    reader.admitted = null;
    reader.mustRead = true;
  }

  /** The broker delivers again, or forgets some; but not right after a seek: what a seek gives is the log. */
  #jump(reader: Reader, by: number): void {
    if (reader.mustRead && by > 0) return;
    const cursor = reader.cursor + BigInt(by);
    reader.cursor = cursor < 0n ? 0n : cursor;
  }

  async #admit(reader: Reader): Promise<void> {
    const offset = this.#nextOf(reader);
    if (offset === undefined) return;
    const go = await reader.positions
      .admit(at(Number(offset)))
      .catch((error: unknown) => this.#fenced(error));
    reader.cursor = typeof go === "object" ? go.seek : offset + 1n;
    reader.admitted = go === "apply" ? offset : null;
    reader.mustRead = typeof go === "object";
  }

  async #end(reader: Reader, does: "commit" | "rollback" | "commitUnknown"): Promise<void> {
    const offset = reader.admitted;
    if (offset === null) return;
    reader.admitted = null;
    const before = this.#store.row && { ...this.#store.row };
    const fence = await reader.positions
      .advance(this.#store, at(Number(offset)))
      .catch((error: unknown) => this.#fenced(error));
    if (fence === "fenced") return;
    if (does === "rollback") this.#store.row = before;
    else this.effects.push(offset);
    if (does === "commit") reader.positions.committed(at(Number(offset)));
    // After a failure, also one whose end is unknown, the position is asked again.
    else await this.#assign(reader);
  }

  #fenced(error: unknown): "fenced" {
    if (error instanceof DuijieError && error.code === "LEASE_LOST") return "fenced";
    throw error;
  }
}
