import { expect } from "chai";
import { Governor, type ProtectOptions, type Verdict } from "./governor.ts";

const options: ProtectOptions = { enabled: true, slowAbove: 1.2, slowestShare: 0.02, probeMs: 50 };

/** Probes of one latency until a verdict comes. */
function hearUntilVerdict(governor: Governor, latencyMs: () => number): Verdict {
  for (let probe = 0; probe < 100; probe++) {
    const verdict = governor.hear(latencyMs());
    if (verdict !== null) return verdict;
  }
  throw new Error("no verdict after 100 probes");
}

function quietGovernor(baselineMs: number): Governor {
  const governor = new Governor(options);
  for (let probe = 0; governor.isQuiet; probe++) {
    if (probe > 100) throw new Error("no baseline after 100 probes");
    governor.hear(baselineMs);
  }
  return governor;
}

describe("the governor of reading", () => {
  it("lets reading rest until it knows the registry's quiet latency, and no longer", () => {
    const governor = new Governor(options);
    expect(governor.isQuiet).to.equal(true);
    expect(quietGovernor(4).isQuiet).to.equal(false);
    governor.giveUpQuiet();
    expect(governor.isQuiet).to.equal(false);
  });

  it("halves the share when the latency rises, never below the slowest", () => {
    const governor = quietGovernor(4);
    const shares = Array.from({ length: 7 }, () => hearUntilVerdict(governor, () => 9).share);
    expect(shares).to.deep.equal([0.1, 0.05, 0.025, 0.02, 0.02, 0.02, 0.02]);
    expect(hearUntilVerdict(governor, () => 9).kind).to.equal("steady");
  });

  it("recovers by small steps, and says so once it is at full speed again", () => {
    const governor = quietGovernor(4);
    hearUntilVerdict(governor, () => 9);
    const kinds: string[] = [];
    while (governor.share < 1) kinds.push(hearUntilVerdict(governor, () => 4).kind);
    expect(kinds).to.have.length(45);
    expect(kinds.at(-1)).to.equal("recovered");
    expect(new Set(kinds.slice(0, -1))).to.deep.equal(new Set(["recovering"]));
  });

  it("is not frightened by single slow answers, nor by a rise that is within the bound", () => {
    const governor = quietGovernor(4);
    let probe = 0;
    for (let look = 0; look < 60; look++) {
      const verdict = hearUntilVerdict(governor, () => ((probe += 1) % 20 === 0 ? 80 : 4.6));
      expect(verdict.kind).to.not.equal("slowed");
    }
    expect(governor.share).to.equal(1);
  });

  it("makes a reader rest in proportion to what it was busy", () => {
    const governor = quietGovernor(4);
    expect(governor.restMs(100)).to.equal(400);
    hearUntilVerdict(governor, () => 9);
    expect(governor.restMs(100)).to.equal(900);
    while (governor.share < 1) hearUntilVerdict(governor, () => 4);
    expect(governor.restMs(100)).to.equal(0);
  });

  it("holds a simulated registry near its bound: slower when clerks come, faster when they go", () => {
    const governor = quietGovernor(4);
    // A queue: the nearer to full, the longer everybody waits. Reading at full speed takes half of the registry.
    const latency = (clerks: number) => 4 / (1 - Math.min(0.95, clerks + governor.share * 0.5));
    const settle = (clerks: number, looks: number) =>
      Array.from({ length: looks }, () => hearUntilVerdict(governor, () => latency(clerks)));
    const alone = settle(0, 60).slice(20);
    const mean = (verdicts: readonly Verdict[]) =>
      verdicts.reduce((sum, { share }) => sum + share, 0) / verdicts.length;
    expect(mean(alone)).to.be.within(0.2, 0.4);
    expect(Math.max(...alone.map(({ latencyMs }) => latencyMs))).to.be.below(4 * 1.3);
    const busy = settle(0.5, 60).slice(20);
    expect(mean(busy)).to.be.below(0.06);
    const free = settle(0, 60).slice(20);
    expect(mean(free)).to.be.within(0.2, 0.4);
  });

  it("takes its baseline anew after a while, as a registry is not the same all day", () => {
    const governor = quietGovernor(4);
    let looks = 0;
    while (!governor.isQuiet) {
      hearUntilVerdict(governor, () => 7);
      looks += 1;
      expect(looks).to.be.below(1000);
    }
    for (let probe = 0; governor.isQuiet; probe++) governor.hear(7);
    expect(hearUntilVerdict(governor, () => 7).kind).to.equal("recovering");
  });
});
