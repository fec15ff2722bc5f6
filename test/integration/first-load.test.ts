import { expect } from "chai";
import { silentLog } from "../../contracts/log.ts";
import { addsUp, type LedgerLine, ledgerOfRun } from "../../exchange-db/ledger.ts";
import { loadMappingTable } from "../../exchange-db/mapping-versions.ts";
import { mappingGaps, parkedSummary } from "../../exchange-db/parked.ts";
import { moveRun, type Run, readRun } from "../../exchange-db/runs.ts";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { planOf } from "../../pipeline/entity-plan.ts";
import { takeUpParked } from "../../pipeline/parked-flow.ts";
import { askDigests, reconciliationOf } from "../../pipeline/stages/reconcile.ts";
import { BothSides, testKeys } from "../support/both-sides.ts";
import { brokerKinds, skipWithout } from "../support/broker-kind.ts";
import { freshDatabase } from "../support/servers.ts";
import { fillRegistry, type Row, smallProvince } from "../support/small-province.ts";
import { openAt, testBroker } from "../support/test-broker.ts";
import { until } from "../support/until.ts";

const province = "35";

for (const kind of brokerKinds) {
  describe(`first load, both sides on real servers, messages by ${kind}`, function () {
    this.timeout(120_000);
    let broker: Broker;
    let sides: BothSides;
    let registry: { query(sql: string): Promise<unknown> };
    let first: Run;

    before(async function () {
      skipWithout(this, kind);
      broker = await openAt(await testBroker(kind), {
        clientId: "first-load",
        requestTimeoutMs: 20_000,
        messageBytesMax: 2_000_000,
      });
      const rows = smallProvince(province, 1200);
      plant(rows.student, rows.guardian);
      const source = await freshDatabase("first_load_registry");
      await fillRegistry(source.url, rows);
      sides = new BothSides({
        province,
        registryUrl: source.url,
        exchangeUrl: (await freshDatabase("first_load_exchange")).url,
        nationalUrl: (await freshDatabase("first_load_national")).url,
        broker,
        keys: testKeys(province),
        codes: { student: { hukouKindCode: "hukou-kind" } },
      });
      const { Store } = await import("../../exchange-db/store.ts");
      registry = new Store({
        url: source.url,
        name: "registry",
        connectionsMax: 1,
        statementTimeoutMs: 10_000,
      });
      await sides.migrate();
      await loadMappingTable(sides.exchange, province, "hukou-kind", [
        { sourceCode: "1", targetCode: "2", note: null },
        { sourceCode: "2", targetCode: "1", note: null },
      ]);
      await sides.startNode();
      await sides.startLink();
      first = await sides.openLoad();
    });

    after(async () => await sides?.close());
    after(async () => await broker?.close());
    after(async () => {
      if (registry !== undefined && "close" in registry && typeof registry.close === "function")
        await registry.close();
    });

    it("ends each record in exactly one outcome, and what was read is their sum", async () => {
      expect(await sides.load(first)).to.equal("done");
      const ledger = await ledgerOfRun(sides.exchange, first.runId);
      expect(ledger.filter((line) => !addsUp(line))).to.deep.equal([]);
      expect(lineOf(ledger, "student")).to.deep.include({
        read: 1204,
        applied: 1187,
        quarantined: 15,
        waiting: 2,
      });
      expect(lineOf(ledger, "guardian")).to.deep.include({ read: 2400, applied: 2376, waiting: 24 });
      expect((await readRun(sides.exchange, first.runId)).state).to.equal("done");
    });

    it("holds at the nation what the mapping says, not what the registry's digits seem to say", async () => {
      const [row] = await sides.national.query<{ hukou_kind_code: string; version: string; birth: string }>(
        "SELECT hukou_kind_code, version, birth_date::text AS birth FROM registry.student WHERE source_key = 'p000100'",
      );
      expect(row).to.deep.include({ hukou_kind_code: "2", birth: "2013-04-05" });
    });

    it("parks doubled keys and missing keys with all that they held", async () => {
      const rows = await sides.exchange.query<{ code: string; n: string; raw: number }>(
        `SELECT code, count(*) AS n, count(raw)::int AS raw FROM exchange.exception WHERE code LIKE 'KEY%' GROUP BY 1 ORDER BY 1`,
      );
      expect(rows).to.deep.equal([
        { code: "KEY_DUPLICATE", n: "2", raw: 2 },
        { code: "KEY_MISSING", n: "3", raw: 3 },
      ]);
    });

    it("agrees with the nation on count and digest of every entity, recomputed from the nation's columns", async () => {
      const link = sides.link;
      expect(link).not.to.equal(null);
      const options = {
        store: sides.exchange,
        broker,
        province: province as "35",
        key: sides.options.keys.province.signing,
      };
      const askedId = await askDigests(options, first.runId, first.entities);
      const answered = async () =>
        (await reconciliationOf(sides.exchange, askedId)).every((one) => one.isEqual !== null);
      await until("the nation answered", answered);
      const found = await reconciliationOf(sides.exchange, askedId);
      expect(found.filter((one) => one.isEqual !== true)).to.deep.equal([]);
      expect(found.find((one) => one.entity === "student")).to.deep.include({
        provinceRows: 1187,
        nationRows: 1187,
      });
    });

    it("sends nothing when nothing changed", async () => {
      const before = await inbox(sides);
      const rerun = await sides.openLoad();
      expect(rerun.runId).not.to.equal(first.runId);
      expect(await sides.load(rerun)).to.equal("done");
      const ledger = await ledgerOfRun(sides.exchange, rerun.runId);
      expect(lineOf(ledger, "student")).to.deep.include({ read: 1204, unchanged: 1204 });
      expect(lineOf(ledger, "guardian")).to.deep.include({ read: 2400, unchanged: 2400 });
      expect(await inbox(sides)).to.deep.equal(before);
    });

    it("names the missing code with the pupils behind it", async () => {
      const gaps = await mappingGaps(sides.exchange, province);
      expect(gaps).to.deep.equal([
        { entity: "student", field: "hukouKindCode", table: "hukou-kind", sourceCode: "7", records: 10 },
      ]);
    });

    it("releases exactly the rows that were parked on the code, and then their guardians", async () => {
      await loadMappingTable(sides.exchange, province, "hukou-kind", [
        { sourceCode: "1", targetCode: "2", note: null },
        { sourceCode: "2", targetCode: "1", note: null },
        { sourceCode: "7", targetCode: "1", note: null },
      ]);
      const replay = await sides.replayRun();
      const plan = planOf(sides.plans(), "student");
      const options = {
        store: sides.exchange,
        province,
        pageRows: 7,
        kind: "replay" as const,
        filter: { outcomes: ["quarantined" as const] },
        log: silentLog,
      };
      const result = await takeUpParked(
        options,
        plan,
        await sides.flow(replay, "student"),
        AbortSignal.timeout(30_000),
      );
      expect(result).to.deep.equal({ looked: 10, released: 10, kept: 0 });
      await until("the nation settled the released pupils", async () => {
        const line = lineOf(await ledgerOfRun(sides.exchange, replay.runId), "student");
        return line?.applied === 10 && line.pending === 0;
      });
      const guardians = planOf(sides.plans(), "guardian");
      const release = { ...options, kind: "release" as const, filter: { outcomes: ["waiting" as const] } };
      const freed = await takeUpParked(
        release,
        guardians,
        await sides.flow(replay, "guardian"),
        AbortSignal.timeout(30_000),
      );
      expect(freed).to.deep.equal({ looked: 20, released: 20, kept: 0 });
      await until("their guardians are settled", async () => {
        const line = lineOf(await ledgerOfRun(sides.exchange, replay.runId), "guardian");
        return line?.applied === 20 && line.pending === 0;
      });
      await moveRun(sides.exchange, replay.runId, ["running"], "done");
      const all = [
        ...(await ledgerOfRun(sides.exchange, first.runId)),
        ...(await ledgerOfRun(sides.exchange, replay.runId)),
      ];
      expect(all.filter((line) => !addsUp(line))).to.deep.equal([]);
      expect(lineOf(all, "student")).to.deep.include({ quarantined: 5, superseded: 10 });
    });

    it("sends an orphan when its class has come, and nothing else", async () => {
      await registry.query(`INSERT INTO own.school_class SELECT 'late', own_county, 'late', school_id, grade_id, '9', '九班', class_type_code,
      formed_month, head_teacher, is_multi_grade, is_bilingual, is_valid FROM own.school_class LIMIT 1`);
      const run = await sides.openLoad();
      expect(await sides.load(run)).to.equal("done");
      const ledger = await ledgerOfRun(sides.exchange, run.runId);
      expect(ledger.filter((line) => !addsUp(line))).to.deep.equal([]);
      expect(lineOf(ledger, "class")).to.deep.include({ applied: 1, unchanged: 2 });
      // Two orphans of the class, read again from staging, and their four guardians.
      expect(lineOf(ledger, "student")).to.deep.include({ read: 1206, unchanged: 1204, applied: 2 });
      expect(lineOf(ledger, "guardian")).to.deep.include({ read: 2404, unchanged: 2400, applied: 4 });
      const left = await parkedSummary(sides.exchange, province);
      expect(left.filter((one) => one.outcome === "waiting")).to.deep.equal([]);
    });

    it("sends a changed record with the version both sides agreed on, and keeps the earlier row", async () => {
      await registry.query("UPDATE own.student SET phone = '13900000009' WHERE source_key = 'p000001'");
      const run = await sides.openLoad();
      expect(await sides.load(run)).to.equal("done");
      expect(lineOf(await ledgerOfRun(sides.exchange, run.runId), "student")).to.deep.include({
        unchanged: 1203,
        applied: 1,
      });
      const [row] = await sides.exchange.query<{ same: boolean; phone: string }>(
        `SELECT s.agreed_national_version = p.batch_id AS same, p.phone FROM staging.student s JOIN staging.student_prior p USING (province, source_key)
       WHERE s.source_key = 'p000001' ORDER BY p.batch_id DESC LIMIT 1`,
      );
      expect(row).to.deep.equal({ same: true, phone: "13900000001" });
      const [held] = await sides.national.query<{ phone: string }>(
        "SELECT phone FROM registry.student WHERE source_key = 'p000001'",
      );
      expect(held?.phone).to.equal("13900000009");
    });

    it("waits while the load is paused and goes on when it is resumed", async () => {
      await registry.query("UPDATE own.student SET phone = '13900000008' WHERE source_key < 'p000300'");
      const run = await sides.openLoad();
      await moveRun(sides.exchange, run.runId, ["running"], "paused");
      const ending = sides.load(run);
      await until("the loader has planned its first entity", async () => {
        const rows = await sides.exchange.query("SELECT 1 FROM exchange.chunk WHERE run_id = $1", [
          run.runId,
        ]);
        return rows.length > 0;
      });
      const leased = await sides.exchange.query(
        "SELECT 1 FROM exchange.chunk WHERE run_id = $1 AND state <> 'open'",
        [run.runId],
      );
      expect(leased).to.deep.equal([]);
      await moveRun(sides.exchange, run.runId, ["paused"], "running");
      expect(await ending).to.equal("done");
      expect(lineOf(await ledgerOfRun(sides.exchange, run.runId), "student")).to.deep.include({
        // One of the 300 has a key that another row has too.
        applied: 299,
      });
    });

    it("begins above the highest batch that the nation has seen, also after the exchange-db lost its sequence", async () => {
      const [seen] = await sides.national.query<{ id: string }>(
        "SELECT max(batch_id) AS id FROM national.inbox WHERE province = '35'",
      );
      await sides.link?.stop(5000);
      await sides.exchange.query("SELECT setval('exchange.batch_id_seq', 1)");
      await sides.startLink();
      const [next] = await sides.exchange.query<{ id: string }>(
        "SELECT nextval('exchange.batch_id_seq') AS id",
      );
      expect(Number(next?.id)).to.be.greaterThan(Number(seen?.id));
    });
  });
}

/** 10 pupils with an unmapped code, 2 orphans, 2 with one key, 3 without a key (the last two kinds have guardians no more). */
function plant(students: Row[], guardians: Row[]): void {
  for (const row of students.slice(0, 10)) row["hukouKindCode"] = "7";
  for (const row of students.slice(10, 12)) row["classId"] = "late";
  const [copy, ...nameless] = students.slice(20, 24).map((row) => ({ ...row }));
  students.push({ ...copy }, ...nameless.map((row) => ({ ...row, key: null })));
  for (const row of guardians) if (row["studentKey"] === "p000020") row["studentKey"] = "p000021";
}

function lineOf(ledger: readonly LedgerLine[], entity: string): LedgerLine | undefined {
  return ledger.find((line) => line.entity === entity);
}

async function inbox(sides: BothSides): Promise<unknown> {
  return await sides.national.query("SELECT count(*) AS n, sum(repeats) AS repeats FROM national.inbox");
}
