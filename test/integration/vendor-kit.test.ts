import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import pg from "pg";
import type { ReportedFault, VendorReport } from "../../cli/vendor-verify/report.ts";
import { contractsPath } from "../../contracts/package-root.ts";
import { fillKitTables, Kit } from "../support/kit-tables.ts";
import { type CliResult, runCli } from "../support/run-cli.ts";
import { freshDatabase } from "../support/servers.ts";
import { smallProvince } from "../support/small-province.ts";

/** Table, column, kind (with the rule or codes), rows, keys: what a vendor has to be told of each planted fault. */
type Line = readonly [table: string, column: string | null, fault: string, rows: number, keys: string];

describe("a vendor who follows the kit on PostgreSQL", function () {
  this.timeout(120_000);
  let kit: Kit;
  let url: string;
  let vendor: pg.Client;
  let reader: string;
  const role = `kit_reader_${process.pid}`;
  const all = smallProvince("34", 60);

  before(async () => {
    kit = await Kit.write("postgres", "34");
    ({ url } = await freshDatabase("vendor_kit"));
    vendor = new pg.Client({ connectionString: url });
    await vendor.connect();
  });

  after(async () => {
    await vendor?.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await vendor?.end();
  });
  after(() => kit?.remove());

  /** A grade's code follows from the year, so each set of rows has its own. */
  let now = new Date(2026, 8, 1);

  const verify = async (...more: string[]): Promise<CliResult> =>
    await runCli(["vendor", "verify", ...more, "--offline", "--config", join(kit.folder, "verify.yaml")], {
      env: { REGISTRY_URL: reader },
      now,
    });

  const report = async (): Promise<VendorReport> => {
    const file = join(kit.folder, "report.json");
    const { err, exitCode } = await verify("--json", file);
    expect([0, 3], err).to.include(exitCode);
    const found: VendorReport = JSON.parse(readFileSync(file, "utf8"));
    expect(exitCode).to.equal(found.clean ? 0 : 3);
    const schema: object = JSON.parse(readFileSync(contractsPath("vendor-report.v1.schema.json"), "utf8"));
    const isValid = new Ajv2020({
      strict: true,
      allowUnionTypes: true,
      formats: { "date-time": true },
    }).compile(schema);
    expect(isValid(found), JSON.stringify(isValid.errors)).to.equal(true);
    return found;
  };

  it("makes tables and a role by the scripts, which are explained in Chinese", async () => {
    await vendor.query(kit.text("1-tables.sql"));
    await vendor.query(kit.text("3-grants.sql").replaceAll("duijie_reader", role));
    await vendor.query(`ALTER ROLE ${role} PASSWORD 'reader'`);
    const address = new URL(url);
    address.username = role;
    address.password = "reader";
    reader = address.href;
    const { rows } = await vendor.query<{ missing: string }>(
      `SELECT c.relname || '.' || a.attname AS missing FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
       WHERE c.relnamespace = 'duijie'::regnamespace AND c.relkind = 'r' AND col_description(c.oid, a.attnum) !~ '[一-龥]'`,
    );
    expect(rows).to.deep.equal([]);
  });

  it("is told that the tables are empty", async () => {
    const found = await report();
    expect(linesOf(found)).to.deep.equal(
      ["school", "grade", "class", "student", "guardian"].map((entity) => [
        `duijie.dj_${entity}`,
        null,
        "TABLE_EMPTY",
        0,
        "",
      ]),
    );
  });

  it("finds nothing wrong with the example, whose adaptation would be accepted", async () => {
    await vendor.query(kit.text("4-example.sql"));
    const { err, exitCode, out } = await verify();
    expect(exitCode, out + err).to.equal(0);
    const { acceptance, clean, rows, soundRows } = await report();
    expect({ clean, rows, soundRows }).to.deep.equal({ clean: true, rows: 12, soundRows: 12 });
    expect([acceptance.VA1.passed, acceptance.VA2.passed, acceptance.VA3.passed]).to.deep.equal([
      true,
      true,
      true,
    ]);
    await vendor.query(
      "TRUNCATE duijie.dj_region, duijie.dj_school, duijie.dj_campus, duijie.dj_grade, duijie.dj_class, duijie.dj_student, duijie.dj_guardian",
    );
  });

  it("is told of every planted fault, with table, column, count and keys, and of nothing else", async () => {
    now = new Date(2020, 9, 1);
    await fillKitTables(vendor, all);
    await plant(vendor);
    const found = await report();
    expect(linesOf(found)).to.deep.equal(planted);
    expect(found.clean).to.equal(false);
    const student = found.entities.find(({ entity }) => entity === "student");
    expect(student).to.deep.include({ rows: 60, soundRows: 50 });
    const phone = student?.columns.find(({ field }) => field === "phone");
    expect(phone).to.deep.include({ required: true, filled: 59, column: "phone" });
    const { absent, present, required } = found.acceptance.VA1;
    expect(absent.map(({ column, entity }) => `${entity}.${column}`)).to.deep.equal([
      "campus.school_id",
      "campus.campus_no",
      "campus.name",
      "grade.name",
    ]);
    expect(present).to.equal(required - absent.length);
    const { inUse, mapped } = found.acceptance.VA2;
    expect(inUse - mapped).to.equal(2);
    expect(found.acceptance.VA3.passed).to.equal(false);
  });

  it("reads it in Chinese, without a name, number or address", async () => {
    const { exitCode, out } = await runCli(
      ["vendor", "verify", "--offline", "--config", join(kit.folder, "verify.yaml")],
      { env: { REGISTRY_URL: reader }, language: "zh", now },
    );
    expect(exitCode).to.equal(3);
    expect(out).to.match(
      /duijie\.dj_student +ethnicity_code +民族 ethnicityCode +代码不在国家代码表里.*（58×2 90×1） +3 /,
    );
    expect(out).to.match(/VA1 必填字段齐全 +未通过/);
    expect(out).not.to.match(/学童|家长|春风|139000/);
  });

  it("finds nothing once all is corrected", async () => {
    await correct(vendor);
    const found = await report();
    expect(linesOf(found)).to.deep.equal([]);
    expect(found).to.deep.include({ clean: true, soundRows: found.rows });
  });

  it("gets the same from views of that shape, whose dates and numbers are of the database's own types", async () => {
    const other = await freshDatabase("vendor_kit_views");
    const client = new pg.Client({ connectionString: other.url });
    await client.connect();
    await client.query(kit.text("2-views.sql"));
    const config = join(kit.folder, "views.yaml");
    writeFileSync(config, kit.text("verify.yaml"));
    const empty = await runCli(["vendor", "verify", "--offline", "--json", "--config", config], {
      env: { REGISTRY_URL: other.url },
    });
    expect(empty.exitCode, empty.err).to.equal(3);
    await client.query(`
      CREATE TABLE xs AS SELECT DISTINCT 'x' AS xs_id, date '2020-04-05' AS csrq, 1.5 AS jl;
      DROP VIEW duijie.dj_student;`);
    await client.query(
      kit
        .text("2-views.sql")
        .split(/(?=^CREATE OR REPLACE VIEW)/m)
        .filter((part) => part.startsWith("CREATE OR REPLACE VIEW duijie.dj_student "))
        .join("")
        .replace("CAST(NULL AS varchar(200)) AS source_key", "xs_id AS source_key")
        .replace("CAST(NULL AS varchar(32)) AS birth_date", "csrq AS birth_date")
        .replace("CAST(NULL AS varchar(32)) AS commute_km", "jl AS commute_km")
        .replace("FROM (SELECT 1) AS source (nothing)\nWHERE 1 = 0", "FROM xs"),
    );
    const { out } = await runCli(["vendor", "verify", "--offline", "--json", "--config", config], {
      env: { REGISTRY_URL: other.url },
    });
    await client.end();
    const found: VendorReport = JSON.parse(out);
    const columns = found.entities.find(({ entity }) => entity === "student")?.columns ?? [];
    for (const field of ["birthDate", "commuteKm"]) {
      expect(columns.find((one) => one.field === field)).to.deep.include({ filled: 1, faults: [] });
    }
    expect(columns.find(({ field }) => field === "name")?.faults[0]).to.deep.include({
      kind: "REQUIRED",
      rows: 1,
    });
  });
});

/** One fault of each kind and some together; guardians become a view, for a table with a key can't hold doubled ones. */
async function plant(vendor: pg.Client): Promise<void> {
  const student = (at: number, change: string) =>
    `UPDATE duijie.dj_student SET ${change} WHERE source_key = 'p${String(at).padStart(6, "0")}'`;
  const statements = [
    student(0, "phone = NULL"),
    student(1, "name = repeat('长', 61)"),
    student(2, "ethnicity_code = '58'"),
    student(3, "ethnicity_code = '58', postal_code = '  '"),
    student(4, "ethnicity_code = '90'"),
    student(5, "birth_date = '20130230'"),
    student(6, "name = E'学\\u0007童'"),
    student(7, "class_id = 'nowhere'"),
    student(8, "phone = '123'"),
    student(9, "birth_date = '20990101'"),
    `INSERT INTO duijie.dj_class SELECT (r).* FROM (SELECT jsonb_populate_record(c, '{"source_key": "zz"}') AS r
       FROM duijie.dj_class c ORDER BY source_key LIMIT 1) AS one`,
    "ALTER TABLE duijie.dj_grade RENAME COLUMN name TO name_before",
    "ALTER TABLE duijie.dj_campus RENAME TO dj_campus_before",
    "ALTER TABLE duijie.dj_guardian RENAME TO jz",
    `CREATE VIEW duijie.dj_guardian AS SELECT * FROM duijie.jz
       UNION ALL SELECT (r).* FROM (SELECT jsonb_populate_record(j, '{"source_key": null}') AS r FROM duijie.jz j WHERE source_key = 'p000010-1') a
       UNION ALL SELECT * FROM duijie.jz WHERE source_key = 'p000011-2'
       UNION ALL SELECT (r).* FROM (SELECT jsonb_populate_record(j, '{"source_key": "lonely", "student_key": "nobody"}') AS r FROM duijie.jz j WHERE source_key = 'p000010-1') b`,
    "GRANT SELECT ON duijie.dj_guardian TO PUBLIC",
  ];
  for (const sql of statements) await vendor.query(sql);
}

const planted: readonly Line[] = [
  ["duijie.dj_campus", null, "TABLE_MISSING SOURCE_CHANGED", 0, ""],
  ["duijie.dj_grade", "name", "COLUMN_MISSING", 0, ""],
  ["duijie.dj_grade", "name", "REQUIRED", 2, "g2134000001 g2134000002"],
  ["duijie.dj_class", "class_id", "IDENTIFIER_DUPLICATE", 1, "zz"],
  ["duijie.dj_student", "name", "TOO_LONG 61", 1, "p000001"],
  ["duijie.dj_student", "name", "CHARACTERS", 1, "p000006"],
  ["duijie.dj_student", "birth_date", "FORM", 1, "p000005"],
  ["duijie.dj_student", "birth_date", "RULE STUDENT_BIRTH_DATE_FUTURE", 1, "p000009"],
  ["duijie.dj_student", "ethnicity_code", "CODE_UNMAPPED 58:2 90:1", 3, "p000002 p000003 p000004"],
  ["duijie.dj_student", "class_id", "PARENT_MISSING", 1, "p000007"],
  // What else follows from a birth in the future.
  ["duijie.dj_student", "enrolled_month", "RULE STUDENT_ENROLLED_AGE", 1, "p000009"],
  ["duijie.dj_student", "phone", "REQUIRED", 1, "p000000"],
  ["duijie.dj_student", "phone", "RULE STUDENT_PHONE", 1, "p000008"],
  ["duijie.dj_student", "postal_code", "REQUIRED", 1, "p000003"],
  ["duijie.dj_guardian", null, "KEY_MISSING", 1, ""],
  ["duijie.dj_guardian", null, "KEY_DUPLICATE", 2, "p000011-2"],
  ["duijie.dj_guardian", "student_key", "PARENT_MISSING", 1, "lonely"],
];

async function correct(vendor: pg.Client): Promise<void> {
  for (const sql of [
    "ALTER TABLE duijie.dj_grade RENAME COLUMN name_before TO name",
    "ALTER TABLE duijie.dj_campus_before RENAME TO dj_campus",
    "DROP VIEW duijie.dj_guardian",
    "ALTER TABLE duijie.jz RENAME TO dj_guardian",
    "DELETE FROM duijie.dj_class WHERE source_key = 'zz'",
    "DELETE FROM duijie.dj_student WHERE source_key < 'p000010'",
  ])
    await vendor.query(sql);
  await fillKitTables(vendor, { student: smallProvince("34", 10).student });
}

function linesOf({ entities }: VendorReport): readonly Line[] {
  return entities.flatMap(({ columns, faults, relation }) => [
    ...faults.map((fault): Line => [relation, null, ...said(fault)]),
    ...columns.flatMap(({ column, faults: found }) =>
      found.map((fault): Line => [relation, column, ...said(fault)]),
    ),
  ]);
}

function said(fault: ReportedFault): readonly [string, number, string] {
  const { code, codes, keys, kind, longest, rows, rule } = fault;
  const more = [rule, code, longest, codes?.map((one) => `${one.code}:${one.rows}`).join(" ")];
  const text = [kind, ...more.filter((part) => part !== undefined && part !== null && part !== "")];
  return [text.join(" "), rows, keys.join(" ")];
}
