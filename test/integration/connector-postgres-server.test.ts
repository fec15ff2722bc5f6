import { expect } from "chai";
import pg from "pg";
import { never, readAll, sourceOf, wholeRange } from "../../connectors/conformance/harness.ts";
import { wideRows, wideTable } from "../../connectors/conformance/reading-cases.ts";
import type { Connector, SourceEntity } from "../../connectors/connector.ts";
import { readOnlyGrants } from "../../connectors/postgres/grants.ts";
import type { PostgresOptions } from "../../connectors/postgres/options.ts";
import { createPostgresConnector } from "../../connectors/postgres/postgres-connector.ts";
import { rowHash } from "../../connectors/postgres/statements.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { openPostgresHarness, type PostgresHarness } from "../support/postgres-conformance.ts";

/** What only PostgreSQL has, beside the suite that every engine passes. */
describe("the PostgreSQL connector on its server", function () {
  this.timeout(60_000);
  let harness: PostgresHarness;
  const connectors: Connector[] = [];

  before(async () => {
    harness = await openPostgresHarness("connector_server");
  });
  afterEach(async () => {
    for (const connector of connectors.splice(0)) await connector.close();
    await harness.closeConnectors();
  });
  after(() => harness.close());

  /** As the owner of everything, or with other options than the suite's. */
  function connect(more: Partial<PostgresOptions> = {}): Connector {
    const connector = createPostgresConnector({
      url: harness.ownerUrl,
      charset: "auto",
      statementTimeoutMs: 20_000,
      connectTimeoutMs: 5_000,
      tls: false,
      concurrentReads: 1,
      ...more,
    });
    connectors.push(connector);
    return connector;
  }

  async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!(await isSo())) if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
  }

  it("reads no further than its consumer: the server waits to write", async () => {
    const { connector, source } = await wideTable(harness, { concurrentReads: 1 });
    const pages = connector.readRange(source, wholeRange, { pageRows: 10 }, never)[Symbol.asyncIterator]();
    await pages.next();
    const isWaiting = async () => {
      const rows = await harness.sql(
        `SELECT 1 FROM pg_stat_activity WHERE usename = '${harness.role}' AND wait_event = 'ClientWrite'`,
      );
      return rows.length === 1;
    };
    await until(isWaiting, "ClientWrite");
    await pages.return?.();
  });

  it("holds a page, not a range: memory stays flat over 300,000 rows", async () => {
    const relation = await harness.createTable("flat", [
      { name: "id", type: "integer" },
      { name: "name", type: "text" },
    ]);
    await harness.sql(
      `INSERT INTO ${relation} SELECT n, repeat('合肥市蜀山区', 20) || n FROM generate_series(1, 300000) n`,
    );
    const connector = harness.connect();
    const megabytes: number[] = [];
    let rows = 0;
    for await (const page of connector.readRange(
      sourceOf(relation, ["id", "name"]),
      wholeRange,
      { pageRows: 2000 },
      never,
    )) {
      rows += page.length;
      megabytes.push(process.memoryUsage().rss / 1e6);
    }
    expect(rows).to.equal(300_000);
    const growth = Math.max(...megabytes.slice(20)) - Math.max(...megabytes.slice(0, 20));
    // The rows are 115 MB of text.
    expect(growth).to.be.below(60);
  });

  it("opens read-only transactions under its own name", async () => {
    const query = `SELECT current_setting('transaction_read_only') AS id, current_setting('application_name') AS name`;
    const source: SourceEntity = { ...sourceOf("", ["id", "name"]), from: { query } };
    const [row] = await readAll(connect(), source);
    expect(row?.values).to.deep.equal(["on", "duijie"]);
  });

  it("ends what the server still computes when it is aborted", async () => {
    const query = "SELECT 1 AS id, pg_sleep(30)::text AS name";
    const source: SourceEntity = { ...sourceOf("", ["id", "name"]), from: { query } };
    const isRunning = async () => {
      const rows = await harness.sql(
        `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid() AND state = 'active'`,
      );
      return rows.length > 0;
    };
    const controller = new AbortController();
    const reason = new Error("stopped by the test");
    const hashing = connect()
      .hashRange(source, wholeRange, controller.signal)
      .catch((error: unknown) => error);
    await until(isRunning, "the statement runs");
    controller.abort(reason);
    expect(await hashing).to.equal(reason);
    await until(async () => !(await isRunning()), "the statement is cancelled");
  });

  it("gives up on a server that sends nothing, with SOURCE_UNREACHABLE", async () => {
    const query = "SELECT 1 AS id, pg_sleep(30)::text AS name";
    const source: SourceEntity = { ...sourceOf("", ["id", "name"]), from: { query } };
    const connector = connect({ statementTimeoutMs: 300 });
    const before = performance.now();
    for (const work of [readAll(connector, source), connector.hashRange(source, wholeRange, never)]) {
      const error = await work.catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(DuijieError).with.property("code", "SOURCE_UNREACHABLE");
    }
    expect(performance.now() - before).to.be.below(10_000);
  });

  it("does not count a slow consumer as a silent server", async () => {
    const { source } = await wideTable(harness);
    const connector = connect({ statementTimeoutMs: 400 });
    let rows = 0;
    let isFirst = true;
    for await (const page of connector.readRange(source, wholeRange, { pageRows: 1000 }, never)) {
      rows += page.length;
      // The consumer is at work for longer than the server may be silent.
      const busyUntil = performance.now() + (isFirst ? 700 : 0);
      await until(async () => performance.now() > busyUntil, "the consumer's work");
      isFirst = false;
    }
    expect(rows).to.equal(wideRows);
  });

  it("is content with the rights of the script that duijie writes, and with nothing less", async () => {
    const relation = await harness.createTable(
      "granted",
      [
        { name: "id", type: "integer" },
        { name: "name", type: "text" },
        { name: "other", type: "text" },
      ],
      ["id"],
    );
    await harness.insert(relation, ["id", "name", "other"], [["1", "a", "b"]]);
    const role = `granted_${process.pid}`;
    await harness.sql(`REVOKE ALL ON SCHEMA xj FROM PUBLIC`);
    await harness.sql(readOnlyGrants([sourceOf(relation, ["name"])], role, (key) => key));
    try {
      await harness.sql(`ALTER ROLE ${role} PASSWORD 'granted'`);
      const url = new URL(harness.ownerUrl);
      const connector = connect({ url: `postgres://${role}:granted@${url.host}${url.pathname}` });
      const findings = await connector.check([sourceOf(relation, ["name"])], never);
      expect(findings.filter(({ ok, detail }) => !ok || detail["warning"] !== undefined)).to.deep.equal([]);
      expect((await readAll(connector, sourceOf(relation, ["name"])))[0]?.values).to.deep.equal(["a"]);
      const refused = await readAll(connector, sourceOf(relation, ["other"])).catch(
        (error: unknown) => error,
      );
      expect(refused).to.have.property("code", "SOURCE_REFUSED");
      await connector.close();
    } finally {
      await harness.sql(`DROP OWNED BY ${role}`);
      await harness.sql(`DROP ROLE ${role}`);
    }
  });

  it("warns of a role that is a superuser, and of row security", async () => {
    const relation = await harness.createTable("secured", [{ name: "id", type: "integer" }], ["id"]);
    await harness.sql(`ALTER TABLE ${relation} ENABLE ROW LEVEL SECURITY`);
    const source = sourceOf(relation, ["id"]);
    const owner = await connect().check([source], never);
    expect(owner.find(({ subject }) => subject === "role")?.detail["warning"]).to.equal("superuser");
    const reader = await harness.connect().check([source], never);
    expect(reader.find(({ subject }) => subject === "table")?.detail["warning"]).to.equal("row-security");
    expect(reader.find(({ subject }) => subject === "role")?.detail["warning"]).to.equal(undefined);
  });

  it("has a hash for servers before PostgreSQL 14 that tells the same rows apart", async () => {
    const shape = new Map(
      ["a", "b"].map((name) => [name, { name, typeId: 25, typeModifier: -1, type: "text" }]),
    );
    const source = sourceOf("", ["a", "b"], { key: ["a"] });
    const charset = { charset: "utf8", serverEncoding: "UTF8", isUnicode: true } as const;
    const hash = rowHash({
      source,
      shape: { from: "rows", columns: shape },
      charset,
      versionNumber: 100_000,
    });
    const rows = await harness.sql(
      `SELECT count(DISTINCT ${hash})::int AS hashes, count(*)::int AS rows FROM
         (VALUES ('ab','c'), ('a','bc'), ('abc',''), ('','abc'), ('abc',NULL), (NULL,'abc'), ('A','bc'), ('"','""'), ('a,','')) AS v (a, b)`,
    );
    expect(rows[0]).to.deep.equal({ hashes: 9, rows: 9 });
  });

  it("reads EUC_CN, whose bytes the server checks", async () => {
    const database = `euc_cn_${process.pid}`;
    await harness.sql(
      `CREATE DATABASE ${database} ENCODING 'EUC_CN' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    const url = new URL(harness.ownerUrl);
    url.pathname = `/${database}`;
    const owner = new pg.Client({ connectionString: url.href });
    await owner.connect();
    try {
      await owner.query("CREATE TABLE pupil (id text PRIMARY KEY, county text)");
      await owner.query(
        "INSERT INTO pupil VALUES ('王一', '蜀山区'), ('李二', '庐阳区'), ('a''\\', '蜀山区')",
      );
      const connector = connect({ url: url.href });
      const source = sourceOf("pupil", ["id"], { countyColumn: "county", scope: { counties: ["蜀山区"] } });
      const ids: (string | null)[] = [];
      for (const range of await connector.planRanges(source, 1, never)) {
        ids.push(...(await readAll(connector, source, range)).map(({ key }) => key));
      }
      expect(ids).to.have.members(["王一", "a'\\"]).and.have.length(2);
      expect((await connector.check([source], never)).filter(({ ok }) => !ok)).to.deep.equal([]);
      await connector.close();
    } finally {
      await owner.end();
      await harness.sql(`DROP DATABASE ${database} WITH (FORCE)`);
    }
  });

  it("is SOURCE_CHANGED for a key without an order, and the check says so", async () => {
    await harness.sql("CREATE TABLE xj.unordered (id integer, place point)");
    await harness.sql(`GRANT SELECT ON xj.unordered TO ${harness.role}`);
    const source = sourceOf("xj.unordered", ["id"], { key: ["place"] });
    const connector = harness.connect();
    const planned = await connector.planRanges(source, 10, never).catch((error: unknown) => error);
    expect(planned).to.have.property("code", "SOURCE_CHANGED");
    const failed = (await connector.check([source], never)).filter(({ ok }) => !ok);
    expect(failed.map(({ subject, code }) => [subject, code])).to.deep.equal([["key", "SOURCE_CHANGED"]]);
  });
});
