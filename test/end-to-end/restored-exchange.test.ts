import { expect } from "chai";
import type pg from "pg";
import { entityNames } from "../../contracts/entity.ts";
import { entityContract } from "../../contracts/registry.ts";
import { xuejiShape } from "../../embedded/demo/xueji-rows.ts";
import type { DuijieProcess } from "../support/duijie-process.ts";
import { backUp, type ExchangeBackup, emptyAgain } from "../support/exchange-backup.ts";
import { freshDatabase, testPostgres } from "../support/servers.ts";
import { testBroker } from "../support/test-broker.ts";
import { lookInto, TwoNodes } from "../support/two-nodes.ts";
import { until } from "../support/until.ts";

const load = { chunkRows: 100, batchRows: 100, workers: 1, leaseSeconds: 3, pollMs: 100 };
const limits = { concurrentReads: 6, rowsPerSecond: 1500, protect: { enabled: false } };
const link = { sweepMs: 500, sealedSeconds: 2, receiptSeconds: 5 };

interface Seen {
  /** Digest by batch number. */
  readonly inbox: ReadonlyMap<string, string>;
  /** Version by table and key. */
  readonly versions: ReadonlyMap<string, bigint>;
}

describe("an exchange-db that is restored from a backup", function () {
  this.timeout(400_000);
  let nodes: TwoNodes;
  let nation: pg.Client;
  let node: DuijieProcess;
  let backup: ExchangeBackup;
  let lastSent: number;

  before(async () => {
    const database = async (role: string) => (await freshDatabase(`restored_${role}`)).url;
    const urls = {
      registry: await database("registry"),
      exchange: await database("exchange"),
      national: await database("national"),
    };
    nodes = new TwoNodes({
      name: "restored-exchange",
      province: "54",
      urls,
      brokers: await testBroker(),
      students: 2000,
      shape: xuejiShape,
      provinceParts: { load, link, registry: { limits } },
    });
    await nodes.generate();
    nodes.configure();
    await nodes.prepare();
    node = await nodes.startNation();
    nation = await lookInto(urls.national);
  });

  after(() => backup?.remove());
  after(async () => await nation?.end());
  after(async () => {
    if (node?.isRunning) node.kill("SIGCONT");
    await nodes?.close();
  });

  async function ask(statement: string): Promise<number> {
    const client = await lookInto(nodes.options.urls.exchange);
    try {
      const { rows } = await client.query<{ n: string }>(statement);
      return Number(rows[0]?.n ?? 0);
    } finally {
      await client.end();
    }
  }

  const landed = async () =>
    await ask("SELECT count(*) AS n FROM exchange.chunk WHERE entity = 'student' AND state = 'landed'");
  const highest = async () => await ask("SELECT coalesce(max(batch_id), 0) AS n FROM exchange.batch");
  /** The highest number that is known to have left the province: what was sealed and never sent may be numbered anew. */
  const sent = async () =>
    await ask(
      "SELECT coalesce(max(batch_id), 0) AS n FROM exchange.batch WHERE state <> 'sealed' AND wire_count > 0",
    );

  async function restore(): Promise<void> {
    await emptyAgain((await testPostgres()).adminUrl, nodes.options.urls.exchange);
    await backup.restore(nodes.options.urls.exchange);
  }

  /** What the nation holds and has received. */
  async function look(): Promise<Seen> {
    const inbox = await nation.query<{ id: string; digest: string }>(
      "SELECT batch_id::text AS id, encode(digest, 'hex') AS digest FROM national.inbox",
    );
    const versions = new Map<string, bigint>();
    for (const entity of entityNames) {
      const { table } = entityContract(entity);
      const { rows } = await nation.query<{ key: string; version: string }>(
        `SELECT source_key AS key, version FROM registry.${table}`,
      );
      for (const { key, version } of rows) versions.set(`${table} ${key}`, BigInt(version));
    }
    return { inbox: new Map(inbox.rows.map((row) => [row.id, row.digest])), versions };
  }

  /** Nothing that was there went back, nothing was sent under a number of other bytes. */
  async function expectNothingOld(before: Seen): Promise<Seen> {
    const now = await look();
    const wentBack = [...before.versions].filter(
      ([key, version]) => (now.versions.get(key) ?? -1n) < version,
    );
    expect(wentBack, "versions that went back").to.have.length(0);
    const reused = [...before.inbox].filter(([id, digest]) => now.inbox.get(id) !== digest);
    expect(reused, "numbers used twice").to.have.length(0);
    const refused = await nation.query("SELECT code, message_id FROM national.refusal");
    expect(refused.rows).to.deep.equal([]);
    return now;
  }

  it("is backed up in the middle of a load, while messages are on their way to a nation that stands still", async () => {
    const loader = nodes.start("province", "load", "run", "--json");
    await until("some of the pupils have landed", async () => (await landed()) >= 5, 90_000);
    backup = await backUp(nodes.options.urls.exchange);
    const atBackup = await highest();
    await until("the load went on after the backup", async () => (await sent()) >= atBackup + 4, 60_000);
    node.kill("SIGSTOP");
    const atStop = await highest();
    await until("more was sent than the nation has seen", async () => (await sent()) >= atStop + 4, 60_000);
    loader.kill("SIGKILL");
    await loader.ended;
    lastSent = await sent();
    expect(await ask("SELECT count(*) AS n FROM exchange.batch WHERE state = 'published'")).to.be.greaterThan(
      0,
    );
  });

  it("goes on: the open load is joined and ends, above every number that was sent before", async () => {
    await restore();
    const restored = await highest();
    expect(restored).to.be.lessThan(lastSent);
    const loader = nodes.start("province", "load", "run", "--json");
    await until(
      "the hello is sent",
      async () => (await ask("SELECT count(*) AS n FROM exchange.hello WHERE welcomed_at IS NULL")) > 0,
      60_000,
    );
    node.kill("SIGCONT");
    const end = await loader.ended;
    // Planted defects are parked: done with quarantine.
    expect(end.code, end.stderr).to.equal(3);
    expect(end.stderr).to.include("Joining load");
    const first = await ask(`SELECT min(batch_id) AS n FROM exchange.batch WHERE batch_id > ${restored}`);
    expect(first).to.be.greaterThan(lastSent);
    console.log(
      `      ${backup.way}; batches: ${restored} in the backup, ${lastSent} sent, first one afterwards ${first}`,
    );
  });

  it("sends no old version, and ends right: field by field, and each record in one outcome", async () => {
    const seen = await expectNothingOld({ inbox: new Map(), versions: new Map() });
    expect(seen.versions.size).to.be.greaterThan(5000);
    const found = await nodes.check();
    expect(found.differences, JSON.stringify(found)).to.equal(0);
  });

  /** A valid value that no pupil of the generated province has: `UPDATE` gives it, and takes it back. */
  const changed = "999999";

  it("notices what changed since the backup, and sends it all again when asked to", async () => {
    const registry = await lookInto(nodes.options.urls.registry);
    try {
      await registry.query("CREATE TABLE xueji.kept AS SELECT xs_id, yzbm FROM xueji.xs_jbxx");
      await registry.query(`UPDATE xueji.xs_jbxx SET yzbm = '${changed}'`);
      await nodes.province("load", "run", 3);
      const held = await nation.query("SELECT 1 FROM registry.student WHERE postal_code = $1", [changed]);
      expect(held.rowCount).to.be.greaterThan(1000);
      await registry.query(
        "UPDATE xueji.xs_jbxx x SET yzbm = k.yzbm FROM xueji.kept k WHERE k.xs_id = x.xs_id; DROP TABLE xueji.kept",
      );
    } finally {
      await registry.end();
    }
    const before = await look();
    await restore();
    // Rows that the backup holds as they are in the registry again count as unchanged: the nation has others.
    const differing = await nodes.province("load", "run", 1);
    expect(differing.stderr).to.include("INVARIANT_BROKEN");
    await nodes.province("load", "run", "--resend", 3);
    await expectNothingOld(before);
    const held = await nation.query("SELECT 1 FROM registry.student WHERE postal_code = $1", [changed]);
    expect(held.rowCount).to.equal(0);
    const entities = (await nodes.check()).entities;
    for (const [entity, one] of Object.entries(entities))
      expect(one.differences, `${entity} ${JSON.stringify(one)}`).to.equal(0);
  });
});
