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

describe("a kill inside a load of 20,000 pupils, five times", function () {
  this.timeout(900_000);
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
    await sumsHold();
    await loadEnds();
  });

  it("kills the national node while batches wait for it", async () => {
    await loadAgain();
    await moment("the national node", (now) => now.published > 0 && now.settled > 30);
    await kill(nation);
    await sumsHold();
    await loadEnds();
  });

  it("kills the broker while batches are on their way", async () => {
    await loadAgain();
    await moment("the broker", (now) => now.sealed + now.published > 0 && now.settled > 60);
    await world.broker.kill();
    await sumsHold();
    await world.broker.restart();
    await loadEnds();
  });

  it("kills PostgreSQL while transactions are open", async () => {
    await loadAgain();
    await moment("PostgreSQL", (now) => now.transactions > 0 && now.settled > 60);
    const { port } = world.postgres;
    await world.postgres.kill();
    world.postgres = await startPostgres({ dataFolder: join(world.folder, "postgres"), port });
    await sumsHold();
    await loadEnds();
  });

  it("kills the loader again, near the end", async () => {
    await loadAgain();
    await moment("the loader again", (now) => now.leased > 0 && now.settled > 120);
    await kill(loader);
    await sumsHold();
    await loadEnds();
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

  /** Each record once more: the next kill hits a load as large as the first, now over rows that are there. */
  async function loadAgain(): Promise<void> {
    loader = world.province("load", "run", "--resend");
    await until("a new load is open", async () => (await runs("running")) === 1, 60_000);
  }

  /** Starts again what is gone, as an operator would, to the load's end; then the checker judges, field by field. */
  async function loadEnds(): Promise<void> {
    if (hasEnded(nation)) nation = await world.startNation();
    if (hasEnded(loader)) loader = world.province("load", "run");
    const { code, output } = await ended(loader);
    expect(code, output).to.equal(3);
    expect(await runs("running"), "one load was open, and ended").to.equal(0);
    const check = await world.check();
    expect(check.differences, JSON.stringify(check)).to.equal(0);
    const { rows, fields } = check.entities.student;
    console.log(`checked: ${rows} pupils, ${fields} fields, 0 differences`);
  }

  function hasEnded(process: Process): boolean {
    return process.exitCode !== null || process.signalCode !== null;
  }

  async function runs(state: string): Promise<number> {
    const [row] = await world.exchange.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM exchange.run WHERE kind = 'load' AND state = $1",
      [state],
    );
    return row?.n ?? 0;
  }

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

  /** Of the load that is open. */
  async function inFlight(): Promise<InFlight> {
    const [row] = await world.exchange.query<InFlight & Record<string, unknown>>(
      `WITH now AS (SELECT run_id FROM exchange.run WHERE kind = 'load' AND state = 'running')
       SELECT (SELECT count(*)::int FROM exchange.chunk JOIN now USING (run_id) WHERE chunk.state = 'leased') AS leased,
         (SELECT count(*)::int FROM exchange.chunk JOIN now USING (run_id) WHERE chunk.state = 'landed') AS landed,
         (SELECT count(*)::int FROM exchange.batch JOIN now USING (run_id) WHERE batch.state = 'sealed') AS sealed,
         (SELECT count(*)::int FROM exchange.batch JOIN now USING (run_id) WHERE batch.state = 'published') AS published,
         (SELECT count(*)::int FROM exchange.batch JOIN now USING (run_id) WHERE batch.state = 'settled') AS settled,
         (SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'duijie' AND xact_start IS NOT NULL
            AND pid <> pg_backend_pid()) AS transactions`,
    );
    if (row === undefined) throw new Error("nothing found");
    return row;
  }

  /** What holds at every committed state, whoever has just died. */
  async function sumsHold(): Promise<void> {
    const wrong = await world.exchange.query(
      `SELECT entity FROM exchange.ledger
       WHERE read <> unchanged + pending + applied + quarantined + rejected + waiting + superseded + withdrawn OR applied < 0`,
    );
    expect(wrong).to.deep.equal([]);
  }
});
