import { expect } from "chai";
import pg from "pg";
import { loadQuery } from "../../connectors/vendor/load-query.ts";
import type { EntityName } from "../../contracts/entity.ts";
import { addsUp, ledgerOfRun } from "../../exchange-db/ledger.ts";
import { acceptAbsence, moveRun, type Run, readRun } from "../../exchange-db/runs.ts";
import { nextVendorLoad, purgeLoads, vendorLoads } from "../../exchange-db/vendor-loads.ts";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { BothSides, testKeys } from "../support/both-sides.ts";
import { freshDatabase } from "../support/servers.ts";
import { type Row, smallProvince } from "../support/small-province.ts";
import { openAt, testBroker } from "../support/test-broker.ts";
import { VendorRole } from "../support/vendor-role.ts";

const province = "52";

describe("loads that vendors write by SQL", function () {
  this.timeout(180_000);
  let broker: Broker;
  let sides: BothSides;
  let vendor: VendorRole;
  let stranger: VendorRole;
  const all = smallProvince(province, 300);
  const parents = { region: all.region, school: all.school, grade: all.grade, class: all.class };

  before(async () => {
    broker = await openAt(await testBroker(), {
      clientId: "vendor",
      requestTimeoutMs: 20_000,
      messageBytesMax: 2_000_000,
    });
    const exchangeUrl = (await freshDatabase("vendor_exchange")).url;
    sides = new BothSides({
      province,
      registryUrl: exchangeUrl,
      exchangeUrl,
      nationalUrl: (await freshDatabase("vendor_national")).url,
      broker,
      keys: testKeys(province),
      chunkRows: 100,
      readsLoads: true,
    });
    await sides.migrate();
    await sides.startNode();
    await sides.startLink();
    vendor = await VendorRole.create(exchangeUrl, province, "own");
    stranger = await VendorRole.create(exchangeUrl, "11", "other");
  });

  after(async () => await vendor?.end());
  after(async () => await stranger?.end());
  after(async () => await sides?.close());
  after(async () => await broker?.close());

  async function refused(work: Promise<unknown>): Promise<{ code: string; text: string }> {
    try {
      await work;
    } catch (error) {
      if (error instanceof pg.DatabaseError)
        return { code: error.code ?? "", text: `${error.message} ${error.hint ?? ""}` };
      throw error;
    }
    return { code: "", text: "was not refused" };
  }

  async function loaded(): Promise<Run> {
    const run = await sides.takeLoad();
    if (run === null) throw new Error("no load waits");
    expect(await sides.load(run)).to.equal("done");
    await ledgerIsWhole(run);
    return run;
  }

  async function ledgerIsWhole(run: Run): Promise<void> {
    const lines = await ledgerOfRun(sides.exchange, run.runId);
    expect(lines.every(addsUp), JSON.stringify(lines)).to.equal(true);
  }

  const living = async (table: string) => {
    const rows = await sides.national.query<{ key: string }>(
      `SELECT source_key AS key FROM registry.${table} WHERE province = $1 AND NOT is_deleted ORDER BY 1`,
      [province],
    );
    return rows.map(({ key }) => key);
  };

  const summary = async (load: string) => {
    const rows = await vendor.query(
      "SELECT entity, op, coalesce(outcome, 'none') AS outcome, records FROM staging.load_summary WHERE load_id = $1 ORDER BY 1, 2, 3",
      [load],
    );
    return Object.fromEntries(
      rows.map((row) => [`${row["entity"]} ${row["op"]} ${row["outcome"]}`, Number(row["records"])]),
    );
  };

  it("are ignored while they are open", async () => {
    const load = await vendor.open();
    await vendor.write(load, { region: all.region });
    expect(await sides.takeLoad()).to.equal(null);
    expect(await summary(load)).to.deep.equal({ "region upsert none": 1 });
    await vendor.query("SELECT staging.abandon_load($1)", [load]);
  });

  it("are not closed with counts that differ, and say what was found", async () => {
    const load = await vendor.open();
    await vendor.write(load, { region: all.region, student: all.student.slice(0, 3) });
    const answers = [
      await refused(vendor.close(load, { region: 1, student: 4 })),
      await refused(vendor.close(load, { region: 1 })),
      await refused(vendor.close(load, { region: 1, student: 3, pupil: 1 })),
      await refused(vendor.close(load, { region: 1, student: -3 })),
      await refused(vendor.close(load, { region: 1, student: "3" })),
      await refused(vendor.close(load, {})),
    ];
    expect(answers.map(({ code }) => code)).to.deep.equal(answers.map(() => "DJ422"));
    expect(answers[0]?.text).to.include("student：申报 4，实有 3");
    expect(answers[1]?.text).to.include("student：申报 无，实有 3");
    expect(answers[2]?.text).to.include("pupil");
    expect((await vendorLoads(sides.exchange, province, 1))[0]?.state).to.equal("open");
    expect(await sides.takeLoad()).to.equal(null);
    await vendor.query("SELECT staging.abandon_load($1)", [load]);
    expect((await refused(vendor.write(load, { region: all.region }))).code).to.equal("DJ409");
  });

  it("can't be changed once they are closed, and are taken in their order", async () => {
    const first = await vendor.deliver(parents);
    const second = await vendor.deliver({ student: all.student, guardian: all.guardian });
    const tries = [
      await refused(vendor.write(first, { region: all.region })),
      await refused(vendor.close(first, { region: 1 })),
      await refused(
        vendor.query("UPDATE staging.vendor_load SET declared = '{}' WHERE load_id = $1", [first]),
      ),
      await refused(
        vendor.query("UPDATE staging.vendor_load SET state = 'open' WHERE load_id = $1", [first]),
      ),
    ];
    expect(tries.map(({ code }) => code)).to.deep.equal(["DJ409", "DJ409", "DJ409", "DJ409"]);
    const toTaken = "UPDATE staging.vendor_load SET state = 'taken' WHERE load_id = $1";
    expect((await refused(vendor.query(toTaken, [first]))).code).to.equal("23514");
    const toDone = "UPDATE staging.vendor_load SET state = 'done' WHERE load_id = $1";
    expect((await refused(vendor.query(toDone, [first]))).code).to.equal("DJ409");
    const rights = [
      "UPDATE staging.load_region SET name_zh = 'x'",
      "DELETE FROM staging.load_region",
      "TRUNCATE staging.load_region",
      "SELECT * FROM staging.load_region",
      "UPDATE staging.vendor_load SET run_id = 1",
      "INSERT INTO staging.vendor_load (province, vendor, state) VALUES ('52', 'x', 'closed')",
      "INSERT INTO staging.load_region (province, load_id, row_no) OVERRIDING SYSTEM VALUE VALUES ('52', 1, 1)",
      "SELECT * FROM staging.student",
      "SELECT * FROM exchange.exception",
    ];
    for (const sql of rights) expect((await refused(vendor.query(sql))).code, sql).to.equal("42501");
    const owners = ["UPDATE staging.load_region SET name_zh = 'x'", "TRUNCATE staging.load_region"];
    for (const sql of [...owners, "DELETE FROM staging.load_region WHERE load_id = $1"]) {
      const values = sql.includes("$1") ? [first] : [];
      const text = await sides.exchange.query(sql, values).then(
        () => "done",
        () => "refused",
      );
      expect(text, sql).to.equal("refused");
    }
    expect((await nextVendorLoad(sides.exchange, province))?.loadId).to.equal(first);
    const plan = await sides.exchange.query(
      `EXPLAIN SELECT * FROM (${loadQuery("guardian", province, second)}) AS source WHERE source_key >= 'p1' AND source_key < 'p2'`,
    );
    expect(JSON.stringify(plan)).to.include("load_guardian_key");
    const firstRun = await loaded();
    const secondRun = await loaded();
    expect([firstRun.scope.load, secondRun.scope.load]).to.deep.equal([first, second]);
    expect(await sides.takeLoad()).to.equal(null);
    expect((await living("student")).length).to.equal(300);
    expect(await summary(second)).to.deep.equal({
      "student upsert applied": 300,
      "guardian upsert applied": 600,
    });
  });

  it("of another province can be neither seen nor written", async () => {
    const foreign = await stranger.open();
    const own = await vendor.open();
    const tries = [
      await refused(stranger.query("SELECT staging.open_load($1, 'x')", [province])),
      await refused(
        stranger.query("INSERT INTO staging.load_region (province, load_id) VALUES ($1, $2)", [
          province,
          own,
        ]),
      ),
      await refused(
        stranger.query("INSERT INTO staging.load_region (province, load_id) VALUES ('11', $1)", [own]),
      ),
      await refused(stranger.query("SELECT staging.close_load($1, '{\"region\": 0}')", [own])),
      await refused(stranger.query("SELECT staging.abandon_load($1)", [own])),
      await refused(stranger.query("SELECT staging.count_load($1, $2)", [province, own])),
    ];
    expect(tries.map(({ code }) => code)).to.deep.equal([
      "42501",
      "42501",
      "DJ409",
      "DJ404",
      "DJ404",
      "42501",
    ]);
    for (const view of ["vendor_load", "load_verdict", "load_deletion", "load_summary"]) {
      const rows = await stranger.query(`SELECT * FROM staging.${view}`);
      expect(
        rows.map((row) => row["load_id"]),
        view,
      ).to.deep.equal(view === "vendor_load" ? [foreign] : []);
    }
    await vendor.query("SELECT staging.abandon_load($1)", [own]);
  });

  it("give a verdict for each row, as the ledger counts them", async () => {
    const rows: Row[] = all.student.slice(0, 20).map((row) => ({ ...row }));
    change(rows, 0, { name: "改名" });
    change(rows, 1, { ethnicityCode: "58" });
    change(rows, 2, { phone: null });
    change(rows, 3, { classId: "nowhere" });
    change(rows, 4, { schoolId: `21${province}000009` });
    rows.push({ ...rows[5], name: "又一次" }, { ...rows[6], key: null });
    const load = await vendor.deliver({ student: rows });
    const run = await loaded();
    const verdicts = await vendor.query(
      "SELECT source_key, outcome, code, field, standing, standing_code FROM staging.load_verdict WHERE load_id = $1 ORDER BY row_no",
      [load],
    );
    expect(verdicts.map((row) => [row["outcome"], row["code"], row["field"]])).to.deep.equal([
      ["applied", null, null],
      ["quarantined", "MAPPING_MISSING", "ethnicityCode"],
      ["quarantined", "CONTRACT_VIOLATION", "phone"],
      ["waiting", "PARENT_MISSING", "classId"],
      ["waiting", "PARENT_MISSING", "schoolId"],
      ["quarantined", "KEY_DUPLICATE", null],
      ...Array.from({ length: 14 }, () => ["unchanged", null, null]),
      ["quarantined", "KEY_DUPLICATE", null],
      ["quarantined", "KEY_MISSING", null],
    ]);
    expect(new Set(verdicts.slice(6, 20).map((row) => row["standing"]))).to.deep.equal(new Set(["applied"]));
    const [line] = await ledgerOfRun(sides.exchange, run.runId);
    expect(line).to.deep.include({ read: 22, applied: 1, quarantined: 5, waiting: 2, unchanged: 14 });
    expect(await summary(load)).to.deep.equal({
      "student upsert applied": 1,
      "student upsert quarantined": 5,
      "student upsert unchanged": 14,
      "student upsert waiting": 2,
    });
    expect(JSON.stringify(verdicts)).not.to.match(/改名|学童|139000/);
  });

  it("say of a row that did not change how its record stands", async () => {
    const rows: Row[] = all.student.slice(0, 3).map((row) => ({ ...row }));
    change(rows, 0, { name: "改名" });
    change(rows, 1, { ethnicityCode: "58" });
    change(rows, 2, { phone: null });
    const load = await vendor.deliver({ student: rows });
    await loaded();
    const verdicts = await vendor.query(
      "SELECT outcome, standing, standing_code FROM staging.load_verdict WHERE load_id = $1 ORDER BY row_no",
      [load],
    );
    expect(verdicts.map((row) => [row["outcome"], row["standing"], row["standing_code"]])).to.deep.equal([
      ["unchanged", "applied", null],
      ["unchanged", "quarantined", "MAPPING_MISSING"],
      ["unchanged", "quarantined", "CONTRACT_VIOLATION"],
    ]);
  });

  it("delete nothing where they do not call themselves complete", async () => {
    const before = await living("student");
    await vendor.deliver({ student: all.student.slice(0, 250) });
    await loaded();
    expect(await living("student")).to.deep.equal(before);
  });

  it("delete exactly what is absent where they are complete, of the declared entities alone", async () => {
    const load = await vendor.deliver({ student: all.student.slice(0, 285) }, true);
    const run = await loaded();
    expect(await living("student")).to.deep.equal(all.student.slice(0, 285).map((row) => row["key"]));
    expect((await living("student_guardian")).length).to.equal(600);
    const deleted = await vendor.query(
      "SELECT source_key, outcome FROM staging.load_deletion WHERE load_id = $1 ORDER BY 1",
      [load],
    );
    expect(deleted).to.deep.equal(
      all.student.slice(285).map((row) => ({ source_key: row["key"], outcome: "applied" })),
    );
    expect((await summary(load))["student delete applied"]).to.equal(15);
    const open = await sides.exchange.query(
      "SELECT code FROM exchange.exception WHERE province = $1 AND outcome = 'quarantined'",
      [province],
    );
    expect(open, "what was doubled or had no key is in the load no more").to.deep.equal([]);
    await ledgerIsWhole(run);
  });

  it("bring a deleted record back, as a newer version", async () => {
    await vendor.deliver({ student: all.student.slice(280) });
    await loaded();
    expect((await living("student")).length).to.equal(300);
  });

  it("delete children before parents, each as one version", async () => {
    const [key = ""] = all.student.map((row) => row["key"] ?? "");
    const load = await vendor.deliver(
      { student: all.student.slice(1), guardian: all.guardian.filter((row) => row["studentKey"] !== key) },
      true,
    );
    await loaded();
    const batches = await vendor.query(
      "SELECT entity, min(batch_id) AS first FROM staging.load_deletion WHERE load_id = $1 GROUP BY 1 ORDER BY 2",
      [load],
    );
    expect(batches.map((row) => row["entity"])).to.deep.equal(["guardian", "student"]);
    expect(await living("student")).not.to.include(key);
  });

  it("ask before they delete a large share, and change nothing until a person accepts", async () => {
    const before = await living("student");
    const load = await vendor.deliver({ student: all.student.slice(0, 200) }, true);
    const run = await sides.takeLoad();
    if (run === null) throw new Error("no load waits");
    expect(await sides.load(run)).to.equal("held");
    const held = await readRun(sides.exchange, run.runId);
    expect(held.hold).to.deep.include({ entity: "student", rows: 299, absent: 100 });
    expect(await living("student")).to.deep.equal(before);
    expect(await summary(load)).to.deep.equal({ "student upsert none": 200 });
    await moveRun(sides.exchange, run.runId, ["held"], "stopped");
    expect((await nextVendorLoad(sides.exchange, province))?.state).to.equal("closed");
    const again = await sides.takeLoad();
    if (again === null) throw new Error("no load waits");
    expect(await sides.load(again)).to.equal("held");
    await acceptAbsence(sides.exchange, again.runId);
    expect(await sides.load(again)).to.equal("done");
    expect(await living("student")).to.deep.equal(all.student.slice(0, 200).map((row) => row["key"]));
    await ledgerIsWhole(again);
  });

  it("lose their rows after their retention, and keep what was counted", async () => {
    const rowsOf = async (entity: EntityName) =>
      Number(
        (await sides.exchange.query<{ n: string }>(`SELECT count(*) AS n FROM staging.load_${entity}`))[0]?.n,
      );
    const open = await vendor.open();
    await vendor.write(open, { student: all.student.slice(0, 5) });
    expect(await purgeLoads(sides.exchange, province, 30)).to.deep.equal([]);
    const purged = await purgeLoads(sides.exchange, province, 0);
    expect(purged.length).to.be.greaterThan(8);
    expect(await rowsOf("student"), "rows of the open load").to.equal(5);
    expect(await rowsOf("guardian")).to.equal(0);
    const done = (await vendorLoads(sides.exchange, province, 50)).filter(({ state }) => state === "done");
    expect(done.every(({ purgedAt }) => purgedAt !== null)).to.equal(true);
    expect(await purgeLoads(sides.exchange, province, 0)).to.deep.equal([]);
  });

  it("agree with the nation in the end", async () => {
    const { rows } = (
      await sides.exchange.query<{ rows: string }>(
        "SELECT count(*) AS rows FROM staging.student WHERE province = $1 AND op = 'upsert'",
        [province],
      )
    )[0] ?? { rows: "" };
    expect(Number(rows)).to.equal((await living("student")).length);
  });
});

function change(rows: Row[], at: number, values: Row): void {
  rows[at] = { ...rows[at], ...values };
}
