import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import pg from "pg";
import { entityNames } from "../../contracts/entity.ts";
import { entityContract, recordValidator } from "../../contracts/registry.ts";
import { generateProvince } from "../../embedded/demo/generate.ts";
import type { TruthFile } from "../../embedded/demo/truth.ts";
import { keepCanaries } from "../support/run-output.ts";
import { freshDatabase } from "../support/servers.ts";

const students = 2400;

describe("the demo province", function () {
  this.timeout(120_000);
  const folders = [1, 2].map(() => mkdtempSync(join(tmpdir(), "duijie-province-")));
  const [folder = "", again = ""] = folders;
  let truth: TruthFile;
  let registry: pg.Client;

  before(async () => {
    const { url } = await freshDatabase("province");
    truth = await generateProvince({ registryUrl: url, folder: again, seed: "one", students });
    truth = await generateProvince({ registryUrl: url, folder, seed: "one", students });
    keepCanaries(folder, "demo-province");
    registry = new pg.Client({ connectionString: url });
    await registry.connect();
  });

  after(async () => {
    await registry.end();
    for (const one of folders) rmSync(one, { recursive: true });
  });

  for (const entity of entityNames) {
    it(`expects only records of ${entity} that fulfil contract, profile and rules, in byte order of their keys`, () => {
      const { fields } = entityContract(entity);
      const validate = recordValidator(entity, "national-2013", { today: "20261101" });
      const records = ndjson(join(folder, "expected", `${entity}.ndjson`));
      expect(records.length).to.equal(truth.entities[entity].applied);
      expect(records.length).to.be.greaterThan(5);
      let before = Buffer.alloc(0);
      for (const { key = null, ...record } of records) {
        expect(Object.keys(record)).to.have.members(fields.map((field) => field.name));
        const { errors } = validate(fields.map((field) => record[field.name] ?? null));
        expect(errors, `${entity} ${key}`).to.deep.equal([]);
        const bytes = Buffer.from(key ?? "");
        expect(Buffer.compare(before, bytes), `${entity} ${key}`).to.equal(-1);
        before = bytes;
      }
    });

    it(`says what becomes of each row of ${entity}`, async () => {
      const { read, applied, quarantined, rejected, waiting } = truth.entities[entity];
      const ended = [quarantined, rejected, waiting].flatMap((codes) => Object.values(codes));
      expect(applied + sum(ended)).to.equal(read);
      const tables = {
        region: "xzqh",
        school: "xx_jbxx",
        campus: "xq_jbxx",
        grade: "nj_jbxx",
        class: "bj_jbxx",
        student: "xs_jbxx",
        guardian: "jz_jbxx",
      };
      const { rows } = await registry.query<{ count: string }>(
        `SELECT count(*) FROM xueji.${tables[entity]}`,
      );
      expect(rows[0]?.count).to.equal(String(read));
      const planted = truth.defects.filter((defect) => defect.entity === entity);
      expect(sum(planted.map((defect) => defect.count))).to.equal(sum(ended));
    });
  }

  it("writes the same bytes for the same seed", () => {
    const digest = (root: string) =>
      readdirSync(root, { recursive: true, encoding: "utf8" })
        .filter((name) => /\.\w+$/.test(name))
        .toSorted()
        .map(
          (name) =>
            `${name} ${createHash("sha256")
              .update(readFileSync(join(root, name)))
              .digest("hex")}`,
        );
    expect(digest(folder)).to.have.length.greaterThan(30);
    expect(digest(again)).to.deep.equal(digest(folder));
  });

  it("plants each kind of defect, and parks few enough rows that no load stops for it", () => {
    const kinds = truth.defects
      .filter(({ kind }) => !/^(of|guardian-of)-/.test(kind))
      .map(({ kind }) => kind);
    expect(kinds).to.have.length(25);
    expect(truth.defects.every(({ count }) => count > 0)).to.equal(true);
    for (const entity of ["student", "guardian"] as const) {
      const { read, quarantined } = truth.entities[entity];
      expect(sum(Object.values(quarantined)) / read).to.be.lessThan(0.012);
    }
  });

  it("gives no ID number to two pupils", () => {
    const numbers = ndjson(join(folder, "expected", "student.ndjson")).flatMap(
      ({ idDocNo }) => idDocNo ?? [],
    );
    expect(numbers.length).to.be.greaterThan(2000);
    expect(new Set(numbers).size).to.equal(numbers.length);
  });

  it("spells the registry in ways that must not survive: reversed digits, full width, blanks, abolished codes", async () => {
    const { rows } = await registry.query<Record<string, string>>(`SELECT
      count(*) FILTER (WHERE sfzh ~ '[０-９]') AS full_width, count(*) FILTER (WHERE xm LIKE '% ') AS blanks,
      count(*) FILTER (WHERE sfzh LIKE '%x') AS small_x, count(*) FILTER (WHERE octet_length(xm) > 3 * length(rtrim(xm)) + 2) AS four_bytes,
      count(*) FILTER (WHERE xm LIKE '%·%') AS interpuncts, count(*) FILTER (WHERE hkxz IN ('3', '4', '5')) AS groups,
      count(*) FILTER (WHERE left(xs_id, 2) = 'xs') AS small_keys, count(*) FILTER (WHERE cym = '') AS empty FROM xueji.xs_jbxx`);
    const { four_bytes: _rare, ...counts } = rows[0] ?? {};
    for (const [trap, count] of Object.entries(counts)) expect(Number(count), trap).to.be.greaterThan(0);
    const byKey = await registry.query<{ xs_id: string; hkxz: string }>(
      "SELECT xs_id, hkxz FROM xueji.xs_jbxx WHERE hkxz IN ('1', '2')",
    );
    const legacy = new Map(byKey.rows.map((row) => [row.xs_id, row.hkxz]));
    const turned = ndjson(join(folder, "expected", "student.ndjson")).filter(
      ({ key, hukouKindCode }) => legacy.get(key ?? "") === hukouKindCode,
    );
    expect(turned).to.deep.equal([]);
  });

  it("leaves one school out of the mapping and one out of the ministry's list", () => {
    const mapping = csv(join(folder, "mappings", "school-id.csv"));
    const ministry = new Set(csv(join(folder, "ministry-schools.csv")).map((line) => line["school_id"]));
    expect(mapping.length).to.equal(truth.entities.school.read - 1);
    expect(mapping.filter((line) => !ministry.has(line["target_code"])).length).to.equal(1);
    expect(ministry.size).to.be.greaterThan(truth.entities.school.applied);
  });
});

function ndjson(path: string): Record<string, string | null>[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function csv(path: string): Record<string, string>[] {
  return parse(readFileSync(path), { columns: true });
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
