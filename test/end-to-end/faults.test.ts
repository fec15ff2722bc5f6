import { expect } from "chai";
import { runSeed, type SeedResult } from "../faults/fault-run.ts";
import type { Side } from "../faults/fault-servers.ts";
import { FaultServers } from "../faults/fault-servers.ts";
import type { FaultWorld } from "../faults/fault-world.ts";
import type { ExpectedRefusal } from "../faults/rogue.ts";
import { judgeState } from "../faults/verdict.ts";

/** One thing wrong, written past the history's triggers as nothing of ours could write it. */
const wrongs: readonly { title: string; side: Side; sql: string; judge: string }[] = [
  {
    title: "one value of one pupil at the nation",
    side: "national",
    sql: "UPDATE registry.student SET name = name || '一' WHERE ctid = (SELECT min(ctid) FROM registry.student)",
    judge: "data",
  },
  {
    title: "one batch that never arrived",
    side: "national",
    sql: "DELETE FROM national.inbox WHERE batch_id = (SELECT min(batch_id) FROM national.inbox)",
    judge: "batches",
  },
  {
    title: "one refusal that nobody deserved",
    side: "national",
    sql: "INSERT INTO national.refusal VALUES ('duijie.34.up.data', 0, 999999, 'SIGNATURE_INVALID', NULL, NULL, '\\x00', 1)",
    judge: "refusals",
  },
  {
    title: "one position that is lost",
    side: "exchange",
    sql: "UPDATE exchange.consumer_position SET lost_at = now()",
    judge: "positions",
  },
  {
    title: "one batch that is not settled",
    side: "exchange",
    sql: "UPDATE exchange.batch SET state = 'published' WHERE batch_id = (SELECT max(batch_id) FROM exchange.batch)",
    judge: "sums",
  },
];

describe("a short fault run", function () {
  this.timeout(900_000);
  let servers: FaultServers;
  let result: SeedResult;
  const red: string[][] = [];
  let backwards: readonly string[] = [];

  before(async () => {
    servers = await FaultServers.start("end-to-end", (line) => console.log(`      ${line}`));
    result = await runSeed({
      servers,
      name: "faults-short",
      seed: 31,
      faults: 4,
      students: 1000,
      say: (line) => console.log(`      ${line}`),
      afterVerdict: judgeWrongs,
    });
  });

  after(async () => await servers?.stop());

  async function judgeWrongs(world: FaultWorld, refusals: readonly ExpectedRefusal[]): Promise<void> {
    const redNow = async () =>
      (await judgeState(world, refusals))
        .filter(({ findings }) => findings.length > 0)
        .map(({ name }) => name);
    expect(await redNow(), "before anything was wrong").to.deep.equal([]);
    for (const { side, sql } of wrongs) {
      const client = await world.eyes[side].connect();
      try {
        await client.query("BEGIN; SET LOCAL session_replication_role = replica");
        const { rows } = await client.query("SELECT 1");
        expect(rows).to.have.length(1);
        await client.query(sql);
        await client.query("COMMIT");
      } finally {
        client.release();
      }
      red.push(await redNow());
    }
    await world.eyes.national.query(
      "UPDATE registry.student SET version = version - 1 WHERE ctid = (SELECT min(ctid) FROM registry.student)",
    );
    backwards = (await judgeState(world, refusals)).find(({ name }) => name === "history")?.findings ?? [];
  }

  it("lands each fault inside something that is under way", () => {
    expect(result.faults.map(({ end }) => end)).to.deep.equal(["landed", "landed", "landed", "landed"]);
    for (const { inFlight } of result.faults) {
      const { leased = 0, reads = 0, transactions = 0, unread } = inFlight ?? {};
      expect(leased + reads + transactions + (unread?.up ?? 0) + (unread?.down ?? 0)).to.be.greaterThan(0);
    }
  });

  it("ends green: every value, sum, version, batch, refusal, position, process and log line", () => {
    expect(result.verdict.flatMap(({ findings }) => findings)).to.deep.equal([]);
    expect(result.verdict.map(({ name }) => name)).to.deep.equal([
      "convergence",
      "landing",
      "data",
      "sums",
      "history",
      "batches",
      "refusals",
      "positions",
      "processes",
      "sessions",
      "output",
    ]);
  });

  for (const [at, { judge, title }] of wrongs.entries()) {
    it(`would turn red for ${title}`, () => {
      expect(red[at]).to.include(judge);
      // Nothing else was wrong before.
      if (at === 0) expect(red[at]).to.deep.equal([judge]);
    });
  }

  it("would turn red for a version that went back", () => {
    expect(backwards.join()).to.include("a version was overwritten by no newer one");
  });
});
