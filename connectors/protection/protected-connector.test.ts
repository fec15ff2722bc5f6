import { expect } from "chai";
import type { Connector, KeyRange, SourceEntity, SourceRow } from "../connector.ts";
import type { Clock } from "../read-pace.ts";
import type { Verdict } from "./governor.ts";
import { ProtectedConnector } from "./protected-connector.ts";

const never = new AbortController().signal;
const whole: KeyRange = { lower: null, upper: null, nullKeys: false };
const source: SourceEntity = { entity: "student", from: { relation: "t" }, key: ["id"], columns: [] };
const row: SourceRow = { key: "1", hash: "1", county: null, values: [] };
const pageMs = 10;

/** A registry under simulated time: each page takes it some time, each probe as long as its load makes it. */
class SimulatedRegistry implements Clock {
  nowMs = 0;
  sleptMs = 0;
  pages = 0;
  isProbed = true;
  latencyMs = () => 4;
  hear: (latencyMs: number) => void = () => undefined;
  readonly probeEveryMs = 50;
  #nextProbe = 0;

  now(): number {
    return this.nowMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.sleptMs += ms;
    this.pass(ms);
    return Promise.resolve();
  }

  pass(ms: number): void {
    const until = this.nowMs + ms;
    for (; this.isProbed && this.#nextProbe <= until; this.#nextProbe += this.probeEveryMs)
      this.hear(this.latencyMs());
    this.nowMs = until;
  }

  connector(pages: number): Connector {
    const readPage = () => {
      this.pass(pageMs);
      this.pages += 1;
    };
    const unused = () => Promise.reject(new Error("not asked for"));
    return {
      engine: "simulated",
      capabilities: {
        snapshot: true,
        hashRange: true,
        emptyText: true,
        queries: true,
        readOnly: true,
        changes: false,
      },
      check: unused,
      count: unused,
      counties: unused,
      planRanges: unused,
      hashRange: unused,
      probe: () => Promise.resolve(),
      close: () => Promise.resolve(),
      readRange: async function* () {
        for (let page = 0; page < pages; page++) {
          readPage();
          yield [row];
        }
      },
    };
  }
}

function protectedOf(
  registry: SimulatedRegistry,
  pages: number,
  verdicts: Verdict[] = [],
): ProtectedConnector {
  return new ProtectedConnector(registry.connector(pages), {
    options: { enabled: true, slowAbove: 1.2, slowestShare: 0.02, probeMs: 50 },
    clock: registry,
    startProbe: (heard) => {
      registry.hear = heard;
      return { aim: () => undefined, close: () => Promise.resolve() };
    },
    judged: (verdict) => verdicts.push(verdict),
    unprobed: () => undefined,
  });
}

async function drain(connector: ProtectedConnector, signal = never): Promise<number> {
  let rows = 0;
  for await (const page of connector.readRange(source, whole, { pageRows: 1 }, signal)) rows += page.length;
  return rows;
}

describe("a protected connector", () => {
  it("comes to full speed while the probes are as quick as on the quiet registry", async () => {
    const registry = new SimulatedRegistry();
    const connector = protectedOf(registry, 6000);
    expect(await drain(connector)).to.equal(6000);
    expect(connector.share).to.equal(1);
    const before = registry.sleptMs;
    expect(await drain(connector)).to.equal(6000);
    expect(registry.sleptMs).to.equal(before);
  });

  it("slows down to its slowest while the registry stays slow, loses no row, and recovers afterwards", async () => {
    const registry = new SimulatedRegistry();
    const verdicts: Verdict[] = [];
    const connector = protectedOf(registry, 9000, verdicts);
    registry.latencyMs = () => (registry.nowMs > 5000 && registry.nowMs < 60_000 ? 12 : 4);
    expect(await drain(connector)).to.equal(9000);
    expect(Math.min(...verdicts.map(({ share }) => share))).to.equal(0.02);
    expect(verdicts.map(({ kind }) => kind)).to.include.members([
      "slowed",
      "steady",
      "recovering",
      "recovered",
    ]);
    expect(connector.share).to.equal(1);
  });

  it("is read all the same where no probe has an answer", async () => {
    const registry = new SimulatedRegistry();
    registry.isProbed = false;
    const connector = protectedOf(registry, 50);
    expect(await drain(connector)).to.equal(50);
    expect(registry.sleptMs).to.be.within(9000, 11_000);
  });

  it("ends a rest with an abort", async () => {
    const registry = new SimulatedRegistry();
    const connector = protectedOf(registry, 50);
    const reason = new Error("stopped by the test");
    const error = await drain(connector, AbortSignal.abort(reason)).catch((thrown: unknown) => thrown);
    expect(error).to.equal(reason);
  });
});
