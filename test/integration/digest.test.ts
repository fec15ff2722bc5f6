import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import pg from "pg";
import {
  registryDigestSql,
  registryTableSql,
  stagingPriorTableSql,
  stagingTableSql,
} from "../../contracts/ddl.ts";
import { digestText, wireDigest } from "../../contracts/digest.ts";
import { type EntityName, entityNames, type FieldValue } from "../../contracts/entity.ts";
import { entityContract, type FieldContract } from "../../contracts/registry.ts";
import { isPlainText } from "../../contracts/value-check.ts";

const adminUrl = process.env["DUIJIE_TEST_POSTGRES_URL"];

const pad = (value: number, width: number) => String(value).padStart(width, "0");

const date = fc
  .date({ min: new Date("1800-01-01"), max: new Date("2199-12-31"), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10).replaceAll("-", ""));

/** Every canonical value of a type, not only likely ones: what the column stores must come back as the same text. */
const values: Readonly<Record<FieldContract["type"], fc.Arbitrary<string>>> = {
  text: fc.string({ unit: "binary", maxLength: 40 }).filter(isPlainText),
  ref: fc.string({ unit: "grapheme-ascii", maxLength: 32 }),
  code: fc.stringMatching(/^[0-9A-Z]{1,12}$/),
  date,
  month: date.map((day) => day.slice(0, 6)),
  decimal: fc.integer({ min: 0, max: 99_999 }).map((tenths) => (tenths / 10).toFixed(1)),
  integer: fc.integer({ min: 0, max: 9999 }).map(String),
  "yes-no": fc.constantFrom("0", "1"),
};

function records(entity: EntityName): fc.Arbitrary<FieldValue[]> {
  return fc.tuple(
    ...entityContract(entity).fields.map((field) => fc.option(values[field.type], { freq: 6 })),
  );
}

function insertSql(entity: EntityName): string {
  const { table, fields } = entityContract(entity);
  const columns = fields.map((field) => field.column).join(", ");
  const parameters = fields.map((_, at) => `$${at + 2}`).join(", ");
  return `INSERT INTO registry.${table} (province, source_key, version, batch_id, is_deleted, ${columns})
    VALUES ('34', $1, 1, 1, true, ${parameters})`;
}

describe("tables and digests in PostgreSQL", function () {
  this.timeout(60_000);
  const database = `digest_${randomBytes(4).toString("hex")}`;
  let admin: pg.Client;
  let client: pg.Client;

  before(async function () {
    if (adminUrl === undefined) this.skip();
    admin = new pg.Client({ connectionString: adminUrl });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${database}`);
    const url = new URL(adminUrl);
    url.pathname = `/${database}`;
    client = new pg.Client({ connectionString: url.href });
    await client.connect();
    await client.query("CREATE SCHEMA staging; CREATE SCHEMA registry");
    for (const entity of entityNames) {
      await client.query(stagingTableSql(entity) + stagingPriorTableSql(entity) + registryTableSql(entity));
    }
  });

  after(async () => {
    if (adminUrl === undefined) return;
    await client.end();
    await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    await admin.end();
  });

  it("explains every table and column in Chinese", async () => {
    const found = await client.query<{ name: string; comment: string | null }>(
      `SELECT c.oid::regclass || coalesce('.' || a.attname, '') AS name, d.description AS comment
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
       LEFT JOIN pg_description d ON d.objoid = c.oid AND d.objsubid = coalesce(a.attnum, 0)
       WHERE n.nspname IN ('staging', 'registry') AND c.relkind = 'r'`,
    );
    expect(found.rows.length).to.be.at.least(500);
    for (const { name, comment } of found.rows) expect(comment, name).to.match(/\p{Script=Han}/u);
  });

  for (const zone of ["UTC", "Asia/Shanghai", "America/Sao_Paulo"]) {
    for (const entity of entityNames) {
      it(`recomputes the digest text of ${entity} from its columns (${zone})`, async () => {
        await client.query(`SET timezone TO '${zone}'`);
        const rows = fc.sample(records(entity), { numRuns: 60, seed: 7 });
        await client.query(`TRUNCATE registry.${entityContract(entity).table}`);
        for (const [at, row] of rows.entries()) await client.query(insertSql(entity), [pad(at, 4), ...row]);
        const digest = registryDigestSql(entity, "r");
        const found = await client.query<{ text: string; digest: Buffer }>(
          `SELECT ${digest} AS text, sha256(convert_to(${digest}, 'UTF8')) AS digest
           FROM registry.${entityContract(entity).table} r ORDER BY source_key`,
        );
        expect(found.rows.map((row) => row.text)).to.deep.equal(rows.map(digestText));
        expect(found.rows.map((row) => row.digest.toString("hex"))).to.deep.equal(
          rows.map((row) => wireDigest(row).toString("hex")),
        );
      });
    }
  }

  it("keeps an identifier once, except for tombstones", async () => {
    const insert = (key: string, isDeleted: boolean) =>
      client.query(
        `INSERT INTO registry.school (province, source_key, version, batch_id, is_deleted, school_id) VALUES ('34', $1, 1, 1, $2, '2134900001')`,
        [key, isDeleted],
      );
    await client.query("TRUNCATE registry.school");
    await insert("a", false);
    await insert("b", true);
    const refused = await insert("c", false).then(
      () => "accepted",
      (error: unknown) => (error instanceof pg.DatabaseError ? error.code : "?"),
    );
    expect(refused).to.equal("23505");
  });
});
