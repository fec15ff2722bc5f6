import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import type { ConsumeOptions, IncomingMessage } from "./broker.ts";
import { PartitionDelivery, type PartitionFlow } from "./partition-delivery.ts";

function message(offset: number, bytes = 1): IncomingMessage {
  return { topic: "t", partition: 0, offset: BigInt(offset), headers: {}, value: Buffer.alloc(bytes) };
}

/** Lets everything happen that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

class Flow implements PartitionFlow {
  readonly calls: string[] = [];
  pause(): void {
    this.calls.push("pause");
  }
  resume(): void {
    this.calls.push("resume");
  }
  async seek(offset: bigint): Promise<void> {
    this.calls.push(`seek ${offset}`);
  }
  hint(): void {
    // Told to lag tools only.
  }
}

function fixture(deliver: ConsumeOptions["deliver"], more: Partial<ConsumeOptions> = {}) {
  const flow = new Flow();
  const failures: string[] = [];
  const revoked: string[] = [];
  const options: ConsumeOptions = {
    groupId: "g",
    topics: ["t"],
    position: async () => 0n,
    deliver,
    revoked: async (topic) => void revoked.push(topic),
    failed: (error) => void failures.push(error instanceof DuijieError ? error.code : "other"),
    retryDelayMs: 1,
    sessionTimeoutMs: 1_000,
    ...more,
  };
  const delivery = new PartitionDelivery("t", 0, options, flow, 10_000, Promise.resolve());
  return { delivery, flow, failures, revoked };
}

describe("delivery of a partition", () => {
  it("seeks to the position before it reads", async () => {
    const { delivery, flow } = fixture(async () => null, { position: async () => 7n });
    await settle();
    expect(flow.calls).to.deep.equal(["seek 7", "resume"]);
    delivery.close();
    await delivery.ended;
  });

  it("drops what is offered before the position is known", async () => {
    const seen: bigint[] = [];
    const { delivery } = fixture(async ({ offset }) => {
      seen.push(offset);
      return null;
    });
    delivery.offer(message(99));
    await settle();
    delivery.offer(message(0));
    await settle();
    expect(seen).to.deep.equal([0n]);
    delivery.close();
    await delivery.ended;
  });

  it("pauses the flow when its buffer is full and resumes it when half is gone", async () => {
    const releases: (() => void)[] = [];
    const { delivery, flow } = fixture(() => new Promise((resolve) => releases.push(() => resolve(null))));
    await settle();
    for (let offset = 0; offset < 5; offset++) delivery.offer(message(offset, 3_000));
    await settle();
    expect(flow.calls).to.deep.equal(["seek 0", "resume", "pause"]);
    for (let taken = 0; taken < 3; taken++) {
      releases.shift()?.();
      await settle();
    }
    expect(flow.calls).to.deep.equal(["seek 0", "resume", "pause", "resume"]);
    releases.shift()?.();
    delivery.close();
    await settle();
    releases.shift()?.();
    await delivery.ended;
  });

  it("takes a lower offset than awaited for a lost position", async () => {
    const seen: bigint[] = [];
    const deliver = async ({ offset }: IncomingMessage) => {
      seen.push(offset);
      return null;
    };
    const { delivery, failures } = fixture(deliver, { position: async () => 5n });
    await settle();
    delivery.offer(message(0));
    await settle();
    expect(seen).to.deep.equal([]);
    expect(failures).to.deep.equal(["POSITION_LOST"]);
    delivery.close();
    await delivery.ended;
  });

  it("delivers what comes after a gap", async () => {
    const seen: bigint[] = [];
    const { delivery, failures } = fixture(async ({ offset }) => {
      seen.push(offset);
      return null;
    });
    await settle();
    for (const offset of [0, 3, 9]) delivery.offer(message(offset));
    await settle();
    expect(seen).to.deep.equal([0n, 3n, 9n]);
    expect(failures).to.deep.equal([]);
    delivery.close();
    await delivery.ended;
  });

  it("tries again when the seek fails", async () => {
    let failuresLeft = 1;
    const { delivery, flow, failures } = fixture(async () => null);
    flow.seek = async () => {
      if (failuresLeft-- > 0) throw new DuijieError("BROKER_UNREACHABLE");
      flow.calls.push("sought");
    };
    while (!flow.calls.includes("resume")) await settle();
    expect(flow.calls).to.deep.equal(["sought", "resume"]);
    expect(failures).to.deep.equal(["BROKER_UNREACHABLE"]);
    delivery.close();
    await delivery.ended;
  });

  it("ends after the delivery under way, and delivers nothing more", async () => {
    const seen: bigint[] = [];
    let release: () => void = () => undefined;
    const { delivery, revoked } = fixture(
      ({ offset }) =>
        new Promise((resolve) => {
          seen.push(offset);
          release = () => resolve(null);
        }),
    );
    await settle();
    delivery.offer(message(0));
    delivery.offer(message(1));
    await settle();
    delivery.close();
    await settle();
    expect(revoked).to.deep.equal([]);
    release();
    await delivery.ended;
    expect(seen).to.deep.equal([0n]);
    expect(revoked).to.deep.equal(["t"]);
  });

  it("begins when the one before has ended", async () => {
    const asked: string[] = [];
    let end: () => void = () => undefined;
    const previous = new Promise<void>((resolve) => {
      end = resolve;
    });
    const options: ConsumeOptions = {
      groupId: "g",
      topics: ["t"],
      position: async () => {
        asked.push("position");
        return 0n;
      },
      deliver: async () => null,
      retryDelayMs: 1,
      sessionTimeoutMs: 1_000,
    };
    const delivery = new PartitionDelivery("t", 0, options, new Flow(), 10_000, previous);
    await settle();
    expect(asked).to.deep.equal([]);
    end();
    await settle();
    expect(asked).to.deep.equal(["position"]);
    delivery.close();
    await delivery.ended;
  });
});
