import { expect } from "chai";
import type pg from "pg";
import { xuejiShape } from "../../embedded/demo/xueji-rows.ts";
import { freshDatabase } from "../support/servers.ts";
import { testBroker } from "../support/test-broker.ts";
import { lookInto, TwoNodes } from "../support/two-nodes.ts";
import { until } from "../support/until.ts";

/** Small chunks at a pace that leaves a moment in the middle of a load; lost things are sent again soon. */
const load = {
  chunkRows: 100,
  batchRows: 50,
  workers: 1,
  leaseSeconds: 3,
  pollMs: 100,
  quarantineShareMax: 1,
};
const limits = { concurrentReads: 2, rowsPerSecond: 1000, protect: { enabled: false } };
const link = { sweepMs: 500, sealedSeconds: 2, receiptSeconds: 10 };

describe("the recall of a load that was wrong", function () {
  this.timeout(300_000);
  let nodes: TwoNodes;
  let registry: pg.Client;
  let exchange: pg.Client;
  let national: pg.Client;
  let stateBefore: unknown;

  before(async () => {
    const database = async (role: string) => (await freshDatabase(`recalled_${role}`)).url;
    const urls = {
      registry: await database("registry"),
      exchange: await database("exchange"),
      national: await database("national"),
    };
    nodes = new TwoNodes({
      name: "recall",
      province: "53",
      urls,
      brokers: await testBroker(),
      students: 1200,
      shape: xuejiShape,
      provinceParts: { load, link, registry: { limits } },
    });
    await nodes.generate();
    nodes.configure();
    await nodes.prepare();
    await nodes.startNation();
    registry = await lookInto(urls.registry);
    exchange = await lookInto(urls.exchange);
    national = await lookInto(urls.national);
    await nodes.province("load", "run", 0, 3);
  });

  after(async () => await Promise.all([registry?.end(), exchange?.end(), national?.end()]));
  after(async () => await nodes?.close());

  it("begins in the middle: a broken export is being loaded, and the process dies", async () => {
    stateBefore = await state(national);
    await registry.query("CREATE TABLE public.kept AS SELECT * FROM xueji.xs_jbxx");
    await registry.query("UPDATE xueji.xs_jbxx SET lxdh = '13900000777'");
    await registry.query(`INSERT INTO xueji.xs_jbxx
      SELECT (jsonb_populate_record(NULL::xueji.xs_jbxx, to_jsonb(s) ||
        jsonb_build_object('xs_id', 'A' || right(xs_id, 10)))).*
      FROM (SELECT DISTINCT ON (xs_id) * FROM xueji.xs_jbxx WHERE xs_id IS NOT NULL ORDER BY xs_id LIMIT 60) s`);
    const loader = nodes.start("province", "load", "run", "--json");
    await until("the load is half applied", async () => (await settledStudents(exchange, 2)) >= 4, 60_000);
    loader.kill("SIGKILL");
    await loader.ended;
    expect(await state(national)).not.to.deep.equal(stateBefore);
  });

  it("is foretold by --dry-run, and without a terminal done only if told so", async () => {
    const foretold = await nodes.province("load", "recall", "--dry-run");
    expect(foretold.stdout).to.match(/student +\d+ +\d+ +[1-9]\d* /);
    const refused = await nodes.province("load", "recall", 2);
    expect(refused.stderr).to.contain("--yes");
    const { rows } = await exchange.query<{ state: string }>(
      "SELECT state FROM exchange.run ORDER BY run_id DESC LIMIT 1",
    );
    expect(rows[0]?.state).to.equal("running");
  });

  it("ends as before the load, field by field, although it was killed too", async () => {
    const first = nodes.start("province", "load", "recall", "--yes");
    await until("the recall is half done", async () => (await settledStudents(exchange, 3)) >= 1, 60_000);
    first.kill("SIGKILL");
    await first.ended;
    const status = await nodes.province("load", "status", "--run", "2");
    expect(status.stdout).to.contain("being taken back");
    await nodes.province("load", "run", 2);
    const { stdout } = await nodes.province("load", "recall", "--yes");
    expect(stdout).to.contain("was taken back");
    expect(stdout).not.to.contain("differs");
    expect(await state(national)).to.deep.equal(stateBefore);
    const again = await nodes.province("load", "recall", "--run", "2", "--yes", 2);
    expect(again.stderr).to.contain("LOAD_STATE_WRONG");
  });

  it("leaves a province that loads its corrected registry as if nothing had been", async () => {
    await registry.query("TRUNCATE xueji.xs_jbxx");
    await registry.query("INSERT INTO xueji.xs_jbxx SELECT * FROM public.kept");
    await registry.query("DROP TABLE public.kept");
    await nodes.province("load", "run", 0, 3);
    const check = await nodes.check();
    expect(check.differences).to.equal(0);
  });
});

async function settledStudents(exchange: pg.Client, runId: number): Promise<number> {
  const { rows } = await exchange.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM exchange.batch WHERE entity = 'student' AND state = 'settled' AND wire_count > 0 AND run_id = $1`,
    [runId],
  );
  return rows[0]?.n ?? 0;
}

/** All living records of the nation, every field, without what says how they came there. */
async function state(national: pg.Client): Promise<readonly unknown[]> {
  const { rows: tables } = await national.query<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'registry' AND table_type = 'BASE TABLE' ORDER BY 1",
  );
  const states: unknown[] = [];
  for (const { name } of tables) {
    const { rows } = await national.query<{ row: unknown }>(
      `SELECT to_jsonb(r) - '{version,batch_id}'::text[] AS row FROM registry.${name} r WHERE NOT is_deleted ORDER BY source_key COLLATE "C"`,
    );
    states.push(rows.map(({ row }) => ({ name, row })));
  }
  return states;
}
