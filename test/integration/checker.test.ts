import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { entityContract } from "../../contracts/registry.ts";
import { type CheckOptions, type CheckResult, checkLoad } from "../../embedded/demo/checker.ts";
import { generateProvince } from "../../embedded/demo/generate.ts";
import { xuejiEntities } from "../../embedded/demo/registry-config.ts";
import { migrate } from "../../exchange-db/migrate.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";
import { nationalMigrations } from "../../national/migrations/index.ts";
import { connect, writeLoadByHand } from "../support/hand-made-load.ts";
import { freshDatabase } from "../support/servers.ts";

type Database = "registryUrl" | "exchangeUrl" | "nationalUrl";

interface Mutation {
  readonly title: string;
  readonly database: Database;
  readonly change: string;
  readonly undo: string;
  /** The part of the result that has to notice. */
  readonly noticed: (result: CheckResult) => number;
}

const pupil = "(SELECT min(source_key) FROM registry.student)";
const stagedPupil = "(SELECT min(source_key) FROM staging.student)";

const mutations: readonly Mutation[] = [
  {
    title: "one swapped hukou digit",
    database: "nationalUrl",
    change: `UPDATE registry.student SET hukou_kind_code = translate(hukou_kind_code, '12', '21') WHERE source_key = ${pupil}`,
    undo: `UPDATE registry.student SET hukou_kind_code = translate(hukou_kind_code, '12', '21') WHERE source_key = ${pupil}`,
    noticed: ({ entities }) => entities.student.differences,
  },
  {
    title: "one deleted row",
    database: "nationalUrl",
    change: `UPDATE registry.student SET is_deleted = true WHERE source_key = ${pupil}`,
    undo: "UPDATE registry.student SET is_deleted = false WHERE is_deleted",
    noticed: ({ entities }) => entities.student.missing,
  },
  {
    title: "one wrong school",
    database: "nationalUrl",
    change: `UPDATE registry.student SET school_id = 'X' || school_id WHERE source_key = ${pupil}`,
    undo: "UPDATE registry.student SET school_id = substr(school_id, 2) WHERE school_id LIKE 'X%'",
    noticed: ({ entities }) => entities.student.differences,
  },
  {
    title: "one date a day off",
    database: "nationalUrl",
    change: `UPDATE registry.student SET birth_date = birth_date + 1 WHERE source_key = ${pupil}`,
    undo: `UPDATE registry.student SET birth_date = birth_date - 1 WHERE source_key = ${pupil}`,
    noticed: ({ entities }) => entities.student.differences,
  },
  {
    title: "one NULL where a guardian has a value",
    database: "nationalUrl",
    change:
      "UPDATE registry.student_guardian SET relationship_code = NULL, job_title = relationship_code WHERE source_key = (SELECT min(source_key) FROM registry.student_guardian WHERE job_title IS NULL)",
    undo: "UPDATE registry.student_guardian SET relationship_code = job_title, job_title = NULL WHERE relationship_code IS NULL",
    noticed: ({ entities }) => entities.guardian.differences,
  },
  {
    title: "one extra row",
    database: "nationalUrl",
    change: `INSERT INTO registry.school_class (province, source_key, version, batch_id) VALUES ('34', 'zz', 1, 1)`,
    undo: "DELETE FROM registry.school_class WHERE source_key = 'zz'",
    noticed: ({ entities }) => entities.class.extra,
  },
  {
    title: "one row under another province",
    database: "nationalUrl",
    change: "INSERT INTO registry.campus (province, source_key, version, batch_id) VALUES ('35', 'zz', 1, 1)",
    undo: "DELETE FROM registry.campus WHERE province = '35'",
    noticed: ({ foreign }) => foreign.differences,
  },
  {
    title: "one wrong count in the ledger",
    database: "exchangeUrl",
    change: "UPDATE exchange.landing SET read_count = read_count + 1 WHERE entity = 'student'",
    undo: "UPDATE exchange.landing SET read_count = read_count - 1 WHERE entity = 'student'",
    noticed: ({ ledger }) => ledger.differences,
  },
  {
    title: "one pending batch",
    database: "exchangeUrl",
    change: "UPDATE exchange.batch SET state = 'published' WHERE entity = 'region'",
    undo: "UPDATE exchange.batch SET state = 'settled' WHERE entity = 'region'",
    noticed: ({ ledger }) => ledger.differences,
  },
  {
    title: "one exception with another code",
    database: "exchangeUrl",
    change: "UPDATE exchange.exception SET code = 'X' || code WHERE entity = 'class' AND ordinal = 0",
    undo: "UPDATE exchange.exception SET code = substr(code, 2) WHERE code LIKE 'X%'",
    noticed: ({ exceptions }) => exceptions.class.differences,
  },
  {
    title: "two exceptions that changed places",
    database: "exchangeUrl",
    change: swapKeys("quarantined", "waiting"),
    undo: swapKeys("quarantined", "waiting"),
    noticed: ({ exceptions }) => exceptions.student.differences,
  },
  {
    title: "one trimmed blank in staging",
    database: "exchangeUrl",
    change: `UPDATE staging.student SET phone = phone || ' ' WHERE source_key = ${stagedPupil}`,
    undo: `UPDATE staging.student SET phone = rtrim(phone) WHERE source_key = ${stagedPupil}`,
    noticed: ({ staging }) => staging.student.differences,
  },
  {
    title: "one NULL in staging that is empty text in the registry",
    database: "exchangeUrl",
    change:
      "UPDATE staging.student SET former_name = NULL, homepage = 'was empty' WHERE source_key = (SELECT min(source_key) FROM staging.student WHERE former_name = '')",
    undo: "UPDATE staging.student SET former_name = '', homepage = NULL WHERE homepage = 'was empty'",
    noticed: ({ staging }) => staging.student.differences,
  },
  {
    title: "one row of the registry that nobody read",
    database: "registryUrl",
    change: "INSERT INTO xueji.bj_jbxx (bj_id) VALUES ('zz')",
    undo: "DELETE FROM xueji.bj_jbxx WHERE bj_id = 'zz'",
    noticed: ({ staging, ledger }) => Math.min(staging.class.differences, ledger.differences),
  },
];

/** Counts by code stay the same: only a look at each key finds it. */
function swapKeys(one: string, other: string): string {
  const key = (outcome: string) =>
    `(SELECT min(ordinal) FROM exchange.exception WHERE entity = 'student' AND outcome = '${outcome}' AND code <> 'KEY_DUPLICATE' AND source_key IS NOT NULL)`;
  return `UPDATE exchange.exception e SET source_key = o.source_key FROM exchange.exception o
    WHERE e.entity = 'student' AND o.entity = 'student'
      AND ((e.ordinal = ${key(one)} AND o.ordinal = ${key(other)}) OR (e.ordinal = ${key(other)} AND o.ordinal = ${key(one)}))`;
}

describe("the checker", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "duijie-checker-"));
  let options: CheckOptions;

  before(async () => {
    const [registry, exchange, national] = await Promise.all([
      freshDatabase("checker_registry"),
      freshDatabase("checker_exchange"),
      freshDatabase("checker_national"),
    ]);
    options = { folder, registryUrl: registry.url, exchangeUrl: exchange.url, nationalUrl: national.url };
    await migrate(exchange.url, "exchange", exchangeMigrations);
    await migrate(national.url, "national", nationalMigrations);
    const truth = await generateProvince({ ...options, seed: "checker", students: 2000 });
    await writeLoadByHand({ ...options, truth, entities: xuejiEntities });
  });

  after(() => rmSync(folder, { recursive: true }));

  it("finds nothing wrong with a right end state, having compared all of it", async () => {
    const result = await checkLoad(options);
    expect(result.differences, JSON.stringify(result)).to.equal(0);
    expect(result.entities.student.rows).to.be.greaterThan(1800);
    expect(result.entities.student.fields).to.equal(
      result.entities.student.rows * entityContract("student").fields.length,
    );
    expect(result.entities.guardian.rows).to.be.greaterThan(3600);
    expect(result.staging.student.rows).to.equal(1998);
    expect(result.staging.student.registryRows).to.equal(2001);
  });

  for (const { title, database, change, undo, noticed } of mutations) {
    it(`turns red for ${title}`, async () => {
      const client = await connect(options[database]);
      try {
        const changed = await client.query(change);
        expect(changed.rowCount, "the mutation changed something").to.be.greaterThan(0);
        const result = await checkLoad(options);
        expect(noticed(result)).to.be.greaterThan(0);
        expect(result.differences).to.be.greaterThan(0);
      } finally {
        await client.query(undo);
        await client.end();
      }
    });
  }

  it("is green again after all mutations were undone", async () => {
    expect((await checkLoad(options)).differences).to.equal(0);
  });
});
