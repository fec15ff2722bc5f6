import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { xuejiShape } from "../../embedded/demo/xueji-rows.ts";
import { startPostgres } from "../../embedded/postgres-server.ts";
import { ended, kill, ProvinceWorld } from "../support/province-world.ts";
import { until } from "../support/until.ts";

/** What stands where at one moment. Sessions count as active while a transaction of theirs is open. */
interface InFlight {
  readonly leased: number;
  readonly landed: number;
  readonly sealed: number;
  readonly published: number;
  readonly settled: number;
  readonly transactions: number;
}

describe("five kills inside one load", function () {
  this.timeout(600_000);
  let world: ProvinceWorld;
  type Process = ReturnType<ProvinceWorld["start"]>;
  let loader: Process;
  let nation: Process;

  before(async () => {
    world = await ProvinceWorld.open({
      name: "crash-safety",
      students: 20_000,
      seed: "13",
      shape: xuejiShape,
      load: { chunkRows: 500, batchRows: 250, workers: 2, leaseSeconds: 4 },
    });
    await world.prepare();
    nation = await world.startNation();
    loader = world.province("load", "run");
  });

  after(async () => await world?.close());

  it("kills the loader while it holds leases", async () => {
    await moment("the loader", (now) => now.leased > 0 && now.landed >= 14);
    await kill(loader);
    await afterKill();
    loader = world.province("load", "run");
  });

  it("kills the national node while batches wait for it", async () => {
    const before = await settled();
    await moment("the national node", (now) => now.published > 0 && now.settled > before + 4);
    await kill(nation);
    await afterKill();
    nation = await world.startNation();
  });

  it("kills the broker while batches are on their way", async () => {
    const before = await settled();
    await moment("the broker", (now) => now.sealed + now.published > 0 && now.settled > before + 4);
    await world.broker.kill();
    await afterKill();
    await world.broker.restart();
  });

  it("kills PostgreSQL while transactions are open", async () => {
    const before = await settled();
    await moment("PostgreSQL", (now) => now.transactions > 0 && now.settled > before + 4);
    const { port } = world.postgres;
    await world.postgres.kill();
    world.postgres = await startPostgres({ dataFolder: join(world.folder, "postgres"), port });
    await afterKill();
  });

  it("kills the loader again, and ends with what the nation must hold, field by field", async () => {
    if (loader.exitCode !== null) loader = world.province("load", "run");
    if (nation.exitCode !== null) nation = await world.startNation();
    const before = await settled();
    await moment("the loader again", (now) => now.leased > 0 && now.settled > before + 4);
    await kill(loader);
    await afterKill();
    loader = world.province("load", "run");
    const { code, output } = await ended(loader);
    expect(code, output).to.equal(3);
    const check = await world.check();
    expect(check.differences).to.equal(0);
    await sumsHold();
    const [twice] = await world.exchange.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM exchange.chunk WHERE leases > 1",
    );
    expect(twice?.n).to.be.greaterThan(0);
  });

  it("would have been found out: a swapped hukou code in the mapping turns the checker red", async () => {
    const file = join(world.generated, "mappings", "hukou-kind.csv");
    const text = readFileSync(file, "utf8");
    const swapped = text.replaceAll(/^([^,\n]+),([12]),/gm, (_line, source: string, target: string) => {
      return `${source},${target === "1" ? "2" : "1"},`;
    });
    expect(swapped).not.to.equal(text);
    writeFileSync(file, swapped);
    const imported = await world.run("map", "import", "hukou-kind");
    writeFileSync(file, text);
    expect(imported.code, imported.output).to.equal(0);
    const { code, output } = await world.run("load", "run");
    expect(code, output).to.equal(3);
    expect((await world.check()).differences).to.be.greaterThan(10_000);
  });

  /** Waits for a moment in which something is under way, and says what it was. */
  async function moment(victim: string, isRight: (now: InFlight) => boolean): Promise<void> {
    let now: InFlight | null = null;
    await until(
      `something is in flight for ${victim}`,
      async () => {
        now = await inFlight().catch(() => null);
        return now !== null && isRight(now);
      },
      180_000,
    );
    console.log(`SIGKILL for ${victim} with in flight: ${JSON.stringify(now)}`);
  }

  async function inFlight(): Promise<InFlight> {
    const [row] = await world.exchange.query<InFlight & Record<string, unknown>>(
      `SELECT (SELECT count(*)::int FROM exchange.chunk WHERE state = 'leased') AS leased,
         (SELECT count(*)::int FROM exchange.chunk WHERE state = 'landed') AS landed,
         (SELECT count(*)::int FROM exchange.batch WHERE state = 'sealed') AS sealed,
         (SELECT count(*)::int FROM exchange.batch WHERE state = 'published') AS published,
         (SELECT count(*)::int FROM exchange.batch WHERE state = 'settled') AS settled,
         (SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'duijie' AND xact_start IS NOT NULL
            AND pid <> pg_backend_pid()) AS transactions`,
    );
    if (row === undefined) throw new Error("nothing found");
    return row;
  }

  async function settled(): Promise<number> {
    return (await inFlight()).settled;
  }

  /** What holds at every committed state, whoever has just died. */
  async function afterKill(): Promise<void> {
    await sumsHold();
    const held = await world.national.query("SELECT 1 FROM registry.student WHERE province <> '34' LIMIT 1");
    expect(held).to.deep.equal([]);
    const [applied] = await world.national.query<{ inbox: string; rows: string }>(
      `SELECT (SELECT coalesce(sum(applied_count), 0) FROM national.inbox WHERE entity = 'student') AS inbox,
         (SELECT count(*) FROM registry.student) AS rows`,
    );
    // Each applied record is one row: nothing was applied twice and nothing half.
    expect(Number(applied?.rows)).to.equal(Number(applied?.inbox));
  }

  async function sumsHold(): Promise<void> {
    const wrong = await world.exchange.query(
      `SELECT entity FROM exchange.ledger
       WHERE read <> unchanged + pending + applied + quarantined + rejected + waiting + superseded + withdrawn OR applied < 0`,
    );
    expect(wrong).to.deep.equal([]);
  }
});
