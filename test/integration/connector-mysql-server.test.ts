import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { encode } from "../../connectors/charset.ts";
import { assertCode } from "../../connectors/conformance/fault-cases.ts";
import { never, readAll, sourceOf, wholeRange } from "../../connectors/conformance/harness.ts";
import { wideRows, wideTable } from "../../connectors/conformance/reading-cases.ts";
import type { KeyRange, SourceEntity, SourceRow } from "../../connectors/connector.ts";
import { createMysqlConnector } from "../../connectors/mysql/mysql-connector.ts";
import { addressOf } from "../../connectors/mysql/options.ts";
import { type MysqlHarness, openMysqlHarness } from "../support/mysql-conformance.ts";
import { type TestMysql, testMysql } from "../support/mysql-server.ts";
import { skip } from "../support/skip.ts";

/** Rare and four-byte characters, GBK twins, interpuncts, full-width digits: what names of pupils are made of. */
const corpus = [
  "𠮷野家",
  "𪚥𰻞",
  "㐀㛃",
  "龴龵龻",
  "︐︒",
  "张\uE864",
  "\u{F0000}",
  "阿依古丽·买买提",
  "阿依古丽•买买提",
  "阿依古丽・买买提",
  "３４０１０４",
  "誠\\俓淺",
  "€",
  "ǹ",
];

describe("the MySQL connector on its server", function () {
  this.timeout(60_000);
  let server: TestMysql;
  let harness: MysqlHarness;

  before(async function () {
    server = await testMysql(this);
    harness = await openMysqlHarness("of_server", server);
  });
  afterEach(() => harness?.closeConnectors());
  after(async () => {
    for (const relation of made) await harness.sql(`DROP TABLE ${relation}`);
    await harness?.close();
  });

  const made: string[] = [];
  /** A table of the owner's own making, which the account may read. */
  async function table(name: string, columns: string, rows: readonly string[] = []): Promise<string> {
    const relation = `${harness.schema}.${name}`;
    await harness.sql(`CREATE TABLE ${relation} (${columns})`);
    made.push(relation);
    if (rows.length > 0) await harness.sql(`INSERT INTO ${relation} VALUES ${rows.join(", ")}`);
    await harness.grant(relation);
    return relation;
  }

  async function valuesOf(source: SourceEntity): Promise<readonly (readonly (string | null)[])[]> {
    const rows = await readAll(harness.connect(), source);
    return rows.toSorted((one, other) => Number(one.key) - Number(other.key)).map(({ values }) => values);
  }

  for (const charset of ["utf8mb4", "gbk", "gb18030", "utf16"] as const) {
    it(`reads rare names, twins, interpuncts and full-width digits of ${charset} columns as they are`, async function () {
      if ((await harness.sql(`SHOW CHARACTER SET LIKE '${charset}'`)).length === 0)
        skip(this, `this server has no charset ${charset}`);
      const names = charset === "gbk" ? corpus.filter((name) => encode(name, "gbk") !== null) : corpus;
      expect(names.length).to.be.greaterThan(5);
      const relation = await table(
        `corpus_${charset}`,
        `id INT PRIMARY KEY, xm VARCHAR(60) CHARACTER SET ${charset}`,
      );
      for (const [id, name] of names.entries()) {
        const bytes = charset === "gbk" || charset === "gb18030" ? encode(name, charset) : Buffer.from(name);
        const introducer = charset === "utf16" ? "_utf8mb4" : `_${charset}`;
        await harness.sql(
          `INSERT INTO ${relation} VALUES (${id}, ${introducer} X'${bytes?.toString("hex")}')`,
        );
      }
      const values = await valuesOf(sourceOf(relation, ["xm"]));
      expect(values.flat()).to.deep.equal(charset.startsWith("gb") ? names.map(standard) : names);
      expect(values.flat().join("")).to.not.match(/[?\uFFFD]/);
    });
  }

  it("keeps text keys of each charset in ranges: nothing missing, nothing double", async () => {
    for (const charset of ["gbk", "utf16", "utf8mb3", "latin1"] as const) {
      const of = charset === "utf16" ? "" : charset === "gbk" ? "COLLATE gbk_chinese_ci" : "";
      const relation = await table(
        `keys_${charset}`,
        `id INT PRIMARY KEY, xm VARCHAR(60) CHARACTER SET ${charset} ${of}, INDEX (xm)`,
      );
      const names = ["王", "李", "张", "赵", "诸葛", "a", "A", "'", "\\", "", "吕", "女"].flatMap((name) => [
        name,
        `${name}1`,
        `${name}2`,
      ]);
      const rows = names.map(
        (name, id) =>
          `(${id}, ${charset === "latin1" ? `X'${encode(name, "gbk")?.toString("hex")}'` : `_utf8mb4 X'${Buffer.from(name).toString("hex")}'`})`,
      );
      await harness.sql(`INSERT INTO ${relation} VALUES ${rows.join(", ")}`);
      const connector = harness.connect({ charset: charset === "latin1" ? "gbk" : "auto" });
      const source = sourceOf(relation, ["id"], { key: ["xm"] });
      const ids: (string | null | undefined)[] = [];
      for (const range of await connector.planRanges(source, 5, never))
        ids.push(...(await readAll(connector, source, range)).map(({ values }) => values[0]));
      expect(ids.length, charset).to.equal(names.length);
      expect(new Set(ids).size, charset).to.equal(names.length);
    }
  });

  it("hands zero dates on as their text, once, also as keys of a column that is NOT NULL", async () => {
    const relation = await table(
      "zero_dates",
      "id INT PRIMARY KEY, csrq DATE NOT NULL, rxrq DATETIME NOT NULL, INDEX (csrq)",
      [
        "(1, '0000-00-00', '0000-00-00 00:00:00')",
        "(2, '2010-00-00', '2010-09-01 00:00:00')",
        "(3, '2010-09-01', '2010-09-01 08:00:00')",
      ],
    );
    expect(await valuesOf(sourceOf(relation, ["csrq", "rxrq"]))).to.deep.equal([
      ["0000-00-00", "0000-00-00 00:00:00"],
      ["2010-00-00", "2010-09-01 00:00:00"],
      ["2010-09-01", "2010-09-01 08:00:00"],
    ]);
    const connector = harness.connect();
    const source = sourceOf(relation, ["id"], { key: ["csrq"] });
    const ranges = await connector.planRanges(source, 1, never);
    expect(ranges).to.have.length(4);
    expect(await idsOf(ranges, source)).to.deep.equal(["1", "2", "3"]);
  });

  it("writes each type of the server in one canonical text", async () => {
    const columns = [
      "id INT PRIMARY KEY",
      "a DECIMAL(65,30)",
      "b BIGINT UNSIGNED",
      "c FLOAT",
      "d BIT(1)",
      "e BIT(40)",
      "f TIME(3)",
      "g YEAR",
      "h ENUM('男','女')",
      "i SET('汉','回')",
      "j JSON",
      "k INT(6) ZEROFILL",
      "l VARBINARY(9)",
      "m DATETIME",
      "n DATETIME(3)",
      "o TINYINT(1)",
    ];
    const relation = await table("all_types", columns.join(", "), [
      `(1, 12345678901234567890123456789012345.000000000000000000000000000001, 18446744073709551615, 0.1, b'1', b'1000000000000000000000000000000000000001',
        '-08:30:00.5', 2010, '女', '汉,回', '{"a": "王"}', 42, X'00ff', '2010-09-01 08:00:00', '2010-09-01 08:00:00.120', 1)`,
    ]);
    expect(await valuesOf(sourceOf(relation, Array.from("abcdefghijklmno")))).to.deep.equal([
      [
        "12345678901234567890123456789012345.000000000000000000000000000001",
        "18446744073709551615",
        "0.1",
        "1",
        "549755813889",
        "-08:30:00.500",
        "2010",
        "女",
        "汉,回",
        '{"a": "王"}',
        "000042",
        "00ff",
        "2010-09-01 08:00:00",
        "2010-09-01 08:00:00.12",
        "1",
      ],
    ]);
  });

  it("takes keys of every type that has an order, and each row once", async () => {
    const relation = await table(
      "many_keys",
      "id INT PRIMARY KEY, a BIGINT UNSIGNED, b FLOAT, c ENUM('z','a','m'), d BIT(4), e VARBINARY(4), f TIME, g DOUBLE, h SET('y','x')",
      Array.from(
        { length: 40 },
        (_, id) =>
          `(${id}, 18446744073709551600 + ${id % 15}, ${id} / 7, ${(id % 3) + 1}, ${id % 16}, X'${(id * 7).toString(16).padStart(4, "0")}', '${id % 24}:00:00', ${id} / 3, ${id % 4})`,
      ),
    );
    for (const key of [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"], ["h"], ["c", "a"], ["b", "d"]]) {
      const source = sourceOf(relation, ["id"], { key });
      const ranges = await harness.connect().planRanges(source, 6, never);
      expect(ranges.length, key.join()).to.be.greaterThan(2);
      expect(await idsOf(ranges, source), key.join()).to.have.length(40);
    }
  });

  it("calls a text that holds NUL unreadable, for no text may hold it, and reads its neighbours", async () => {
    const relation = await table("nul", "id INT PRIMARY KEY, xm VARCHAR(9)", [
      "(1, '王')",
      "(2, CONCAT('张', CHAR(0), '敏'))",
    ]);
    const rows = await readAll(harness.connect(), sourceOf(relation, ["xm"]));
    const nul = rows.find(({ key }) => key === "2");
    expect(nul?.values).to.deep.equal([null]);
    expect(nul?.unreadable).to.deep.equal({ column: "xm", hex: Buffer.from("张\0敏").toString("hex") });
    expect(rows.find(({ key }) => key === "1")?.values).to.deep.equal(["王"]);
  });

  it("names a UTF-8 column whose text a lying client encoded twice", async () => {
    const twice = ["王小明", "李伟", "张敏", "刘洋", "陈杰", "杨静"].map(
      (name) => encode(name, "gbk")?.toString("latin1") ?? "",
    );
    const rows = twice.map((name, id) => `(${id}, _utf8mb4 X'${Buffer.from(name, "utf8").toString("hex")}')`);
    const relation = await table("encoded_twice", "id INT PRIMARY KEY, xm VARCHAR(30)", rows);
    const findings = await harness.connect().check([sourceOf(relation, ["xm"])], never);
    expect(findings.filter(({ ok }) => !ok).map(({ subject, code }) => [subject, code])).to.deep.equal([
      ["sample", "SOURCE_CHARSET_WRONG"],
    ]);
  });

  it("names a query that the server killed, and reads the range again", async () => {
    const { connector, source } = await wideTable(harness);
    const broken = async () => {
      for await (const page of connector.readRange(source, wholeRange, { pageRows: 10 }, never)) {
        expect(page).to.have.length(10);
        await harness.cancelStatements();
      }
    };
    const error = await assertCode(broken(), "SOURCE_UNREACHABLE");
    expect(error.params["reason"]).to.be.oneOf(["query-killed", "connection-lost"]);
    expect(await readAll(connector, source)).to.have.length(wideRows);
  });

  it("goes on after a pause that is longer than the server's patience with a client", async function () {
    const { connector, source } = await wideTable(harness);
    const [patience] = await harness.sql("SELECT @@GLOBAL.net_write_timeout AS seconds");
    if (Number(patience?.["seconds"]) > 5) skip(this, "this server is patient");
    let rows = 0;
    for await (const page of connector.readRange(source, wholeRange, { pageRows: 1000 }, never)) {
      if (rows === 0) await delay((Number(patience?.["seconds"]) + 1) * 1000);
      rows += page.length;
    }
    expect(rows).to.equal(wideRows);
  });

  it("ends a statement that runs too long, and says so", async () => {
    const relation = await table("slow", "id INT PRIMARY KEY", ["(1)", "(2)"]);
    const connector = ownConnector({ statementTimeoutMs: 1000 });
    const query = `SELECT id, SLEEP(id * 100) AS s FROM ${relation}`;
    const source = { ...sourceOf("", ["id"]), from: { query: `${query} HAVING s = 0` } };
    const error = await assertCode(
      connector.count(source, never).then(() => undefined),
      "SOURCE_UNREACHABLE",
    );
    expect(error.params["reason"]).to.equal("timeout");
    await connector.close();
  });

  it("refuses a query that writes by a function", async () => {
    const relation = await table("written", "id INT PRIMARY KEY", ["(1)"]);
    await harness.sql(
      `CREATE FUNCTION ${harness.schema}.writes() RETURNS INT DETERMINISTIC MODIFIES SQL DATA SQL SECURITY DEFINER
       BEGIN INSERT INTO ${relation} VALUES (9); RETURN 1; END`,
    );
    await harness.sql(`GRANT EXECUTE ON FUNCTION ${harness.schema}.writes TO ${harness.account}`);
    const source = { ...sourceOf("", ["id"]), from: { query: `SELECT ${harness.schema}.writes() AS id` } };
    await assertCode(readAll(harness.connect(), source), "SOURCE_CHANGED");
    expect(await valuesOf(sourceOf(relation, ["id"]))).to.deep.equal([["1"]]);
  });

  for (const [words, change, reason] of [
    ["an expired password", "PASSWORD EXPIRE", "password-expired"],
    ["a locked account", "ACCOUNT LOCK", "account-locked"],
    ["an account that may come by TLS alone", "REQUIRE SSL", undefined],
  ] as const) {
    it(`names ${words}`, async () => {
      const account = `'fault_${harness.schema}'@'%'`;
      await harness.sql(`CREATE USER ${account} IDENTIFIED BY 'pw'`);
      await harness.sql(`GRANT SHOW VIEW ON ${harness.schema}.* TO ${account}`);
      await harness.sql(`ALTER USER ${account} ${change}`);
      const connector = ownConnector({ user: `fault_${harness.schema}`, password: "pw" });
      const [finding] = await connector.check([], never);
      expect(finding).to.deep.include({ ok: false, subject: "server", code: "SOURCE_REFUSED" });
      expect(finding?.detail["reason"]).to.equal(reason);
      await connector.close();
      await harness.sql(`DROP USER ${account}`);
    });
  }

  it("refuses a server without TLS where TLS is asked for", async function () {
    const [tls] = await harness.sql("SHOW GLOBAL VARIABLES LIKE 'have_ssl'");
    if (tls?.["Value"] === "YES") skip(this, "this server has TLS");
    const connector = ownConnector({ tls: true });
    const [finding] = await connector.check([], never);
    expect(finding?.code).to.equal("SOURCE_REFUSED");
    expect(finding?.detail["reason"]).to.equal("tls");
    await connector.close();
  });

  it("says so where an account of all rights reads", async () => {
    const connector = ownConnector({});
    const findings = await connector.check([], never);
    await connector.close();
    expect(findings.find(({ subject }) => subject === "role")?.detail["warning"]).to.equal("superuser");
  });

  it("digests rows of more than the server's largest packet", async () => {
    const relation = await table("large", "id INT PRIMARY KEY, a LONGTEXT, b LONGTEXT");
    const [limit] = await harness.sql("SELECT @@GLOBAL.max_allowed_packet AS bytes");
    const half = Math.min(Number(limit?.["bytes"]) * 0.4, 40_000_000);
    await harness.sql(
      `INSERT INTO ${relation} VALUES (1, REPEAT('a', ${half}), NULL), (2, NULL, REPEAT('a', ${half}))`,
    );
    const source = sourceOf(relation, ["a", "b"]);
    const connector = harness.connect();
    const rows: SourceRow[] = await readAll(connector, source);
    expect(new Set(rows.map(({ hash }) => hash)).size).to.equal(2);
    expect((await connector.hashRange(source, wholeRange, never)).rows).to.equal(2);
  });

  async function idsOf(ranges: readonly KeyRange[], source: SourceEntity): Promise<readonly string[]> {
    const connector = harness.connect();
    const ids: string[] = [];
    for (const range of ranges)
      ids.push(...(await readAll(connector, source, range)).map(({ values }) => values[0] ?? ""));
    return ids;
  }

  /** By the owner's account, with what the test changes. */
  function ownConnector(more: Partial<Parameters<typeof createMysqlConnector>[0]>) {
    const fixed = { charset: "auto", connectTimeoutMs: 5_000, tls: false, concurrentReads: 1 } as const;
    const options = { ...fixed, statementTimeoutMs: 20_000 };
    const address = addressOf({ ...options, url: server.adminUrl });
    return createMysqlConnector({ ...options, ...address, database: harness.schema, ...more });
  }
});

/** Of a character that Unicode got later, the standard form: a GB database has it in the private one. */
function standard(name: string): string {
  return name.replace("\uE864", "\u9FBB");
}
