import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import mysql from "mysql2/promise";
import type { Connector, SourceEntity } from "../../connectors/connector.ts";
import { engineOf } from "../../connectors/engines.ts";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { type CheckOptions, checkLoad } from "../../embedded/demo/checker.ts";
import { generateProvince } from "../../embedded/demo/generate.ts";
import { MysqlRegistry } from "../../embedded/demo/mysql-registry.ts";
import { xuejiEntities } from "../../embedded/demo/registry-config.ts";
import type { TruthFile } from "../../embedded/demo/truth.ts";
import { migrate } from "../../exchange-db/migrate.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";
import { nationalMigrations } from "../../national/migrations/index.ts";
import { writeLoadByHand } from "../support/hand-made-load.ts";
import { testMysql } from "../support/mysql-server.ts";
import { keepCanaries } from "../support/run-output.ts";
import { freshDatabase } from "../support/servers.ts";

const students = 2000;
const never = new AbortController().signal;

describe("a province whose registry is on MariaDB", function () {
  this.timeout(180_000);
  const root = mkdtempSync(join(tmpdir(), "duijie-mysql-province-"));
  const [tables, ofMysql] = [join(root, "tables"), join(root, "mysql")];
  let url: string;
  let truth: TruthFile;
  let databases: Pick<CheckOptions, "registryUrl" | "exchangeUrl" | "nationalUrl">;

  before(async function () {
    url = (await testMysql(this)).adminUrl;
    const [registry, exchange, national] = await Promise.all([
      freshDatabase("mysql_registry"),
      freshDatabase("mysql_exchange"),
      freshDatabase("mysql_national"),
    ]);
    databases = { registryUrl: registry.url, exchangeUrl: exchange.url, nationalUrl: national.url };
    const province = { seed: "mysql", students };
    truth = await generateProvince({ ...province, registryUrl: registry.url, folder: tables });
    const openDatabase = async () => await MysqlRegistry.open(url);
    await generateProvince({ ...province, openDatabase, folder: ofMysql });
    keepCanaries(tables, "mysql-province");
  });
  after(async () => {
    rmSync(root, { recursive: true });
    if (url !== undefined) await onMysql("DROP DATABASE IF EXISTS xueji");
  });

  async function onMysql(statement: string): Promise<void> {
    const connection = await mysql.createConnection({ uri: url });
    await connection.query(statement);
    await connection.end();
  }

  it("has to come to the same as on PostgreSQL, byte for byte", () => {
    const expected = digestsOf(tables);
    expect(Object.keys(expected)).to.have.length.above(40);
    expect(digestsOf(ofMysql)).to.deep.equal(expected);
  });

  it("is read as on PostgreSQL, row by row and text by text", async () => {
    const place = { folder: root, exchangeUrl: "" };
    const postgres = engineOf("postgres").open({ url: databases.registryUrl, concurrentReads: 1 }, place);
    const mariadb = engineOf("mysql").open({ url, concurrentReads: 1 }, place);
    try {
      for (const entity of entityNames) {
        const rows = await textsOf(mariadb, sourceOf(entity));
        expect(rows).to.have.length(truth.entities[entity].read);
        expect(rows).to.deep.equal(await textsOf(postgres, sourceOf(entity)));
      }
    } finally {
      await Promise.all([postgres.close(), mariadb.close()]);
    }
  });

  it("is checked independently, and one digit of one row turns the checker red", async () => {
    await migrate(databases.exchangeUrl, "exchange", exchangeMigrations);
    await migrate(databases.nationalUrl, "national", nationalMigrations);
    await writeLoadByHand({ ...databases, folder: tables, truth, entities: xuejiEntities });
    const options = { ...databases, folder: ofMysql, database: { engine: "mysql", url } } as const;
    const right = await checkLoad(options);
    expect(right.differences, JSON.stringify(right)).to.equal(0);
    expect(right.staging.student).to.include({ registryRows: 2001, rows: 1998 });
    await onMysql("UPDATE xueji.xs_jbxx SET hkszd = '349999' WHERE xs_id = BINARY 'XS0000000001'");
    expect((await checkLoad(options)).staging.student.differences).to.equal(1);
  });
});

/** All that the generator wrote. */
function digestsOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.\w+$/.test(name),
  );
  const digest = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  return Object.fromEntries(names.toSorted().map((name) => [name, digest(name)]));
}

function sourceOf(entity: EntityName): SourceEntity {
  const { county, fields, key, table = "" } = xuejiEntities[entity] ?? { key: [], fields: {} };
  const columns = Object.entries(fields).flatMap(([field, entry]) => {
    if (typeof entry === "string") return [{ field, column: entry }];
    return "column" in entry ? [{ field, column: entry.column }] : [];
  });
  const source = { entity, from: { relation: table }, key, columns };
  return county === undefined ? source : { ...source, countyColumn: county };
}

/** Key, county and texts of all rows of all ranges, in one order. */
async function textsOf(connector: Connector, source: SourceEntity): Promise<string[]> {
  const texts: string[] = [];
  for (const range of await connector.planRanges(source, 300, never)) {
    for await (const page of connector.readRange(source, range, { pageRows: 200 }, never)) {
      texts.push(...page.map(({ county, key, values }) => JSON.stringify([key, county, values])));
    }
  }
  return texts.toSorted();
}
