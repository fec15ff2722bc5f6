import { expect } from "chai";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { entityContract } from "../../contracts/registry.ts";
import { doubtUnsent } from "../../exchange-db/batches.ts";
import { addsUp, type LedgerLine, ledgerOfRun } from "../../exchange-db/ledger.ts";
import { loadMappingTable } from "../../exchange-db/mapping-versions.ts";
import {
  beginRecall,
  type OpenRecall,
  recallableRun,
  recallForecast,
  recallingAlone,
  recallLines,
} from "../../exchange-db/recall.ts";
import { type Run, readRun } from "../../exchange-db/runs.ts";
import { Store } from "../../exchange-db/store.ts";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { askDigests, reconciliationOf } from "../../pipeline/stages/reconcile.ts";
import type { UpstreamFlow } from "../../pipeline/upstream-flow.ts";
import { BothSides, testKeys } from "../support/both-sides.ts";
import { freshDatabase } from "../support/servers.ts";
import { fillRegistry, type Row, smallProvince } from "../support/small-province.ts";
import { openAt, testBroker } from "../support/test-broker.ts";
import { until } from "../support/until.ts";

const province = "63";

describe("a recall", function () {
  this.timeout(400_000);
  let broker: Broker;
  let sides: BothSides;
  let registry: Store;
  let earlier: Record<string, readonly unknown[]>;
  let stagedBefore: unknown;
  let second: Run;
  let open: OpenRecall;

  before("a first load, part of which is parked", async () => {
    broker = await openAt(await testBroker(), {
      clientId: "recall",
      requestTimeoutMs: 20_000,
      messageBytesMax: 2_000_000,
    });
    const rows = smallProvince(province, 400);
    plant(rows.student);
    const source = await freshDatabase("recall_registry");
    await fillRegistry(source.url, rows);
    registry = new Store({
      url: source.url,
      name: "registry",
      connectionsMax: 1,
      statementTimeoutMs: 10_000,
    });
    sides = new BothSides({
      province,
      registryUrl: source.url,
      exchangeUrl: (await freshDatabase("recall_exchange")).url,
      nationalUrl: (await freshDatabase("recall_national")).url,
      broker,
      keys: testKeys(province),
      codes: { student: { hukouKindCode: "hukou-kind" } },
      chunkRows: 50,
      batchRows: 20,
    });
    await sides.migrate();
    await loadMappingTable(sides.exchange, province, "hukou-kind", [
      { sourceCode: "1", targetCode: "2", note: null },
      { sourceCode: "2", targetCode: "1", note: null },
    ]);
    await sides.startNode();
    await sides.startLink();
    const first = await sides.openLoad();
    expect(await sides.load(first)).to.equal("done");
    earlier = await national(sides);
    stagedBefore = await staged(sides);
    expect(lineOf(await ledgerOfRun(sides.exchange, first.runId), "student")).to.deep.include({
      read: 403,
      applied: 385,
      quarantined: 13,
      waiting: 5,
    });
  });

  after(async () => await sides?.close());
  after(async () => await registry?.close());
  after(async () => await broker?.close());

  it("begins on a load of which some batches are applied, some unanswered, some never sent", async () => {
    await changeEverything(registry, sides);
    second = await sides.openLoad();
    const end = sides.load(second, AbortSignal.timeout(120_000), (flow, entity) => {
      if (entity === "student") breakOff(flow, sides, second);
    });
    // A process that dies: what it had landed stays unsent, the run stays open.
    const error = await end.then(String, (failed: unknown) =>
      failed instanceof Error ? failed.message : "",
    );
    expect(error).to.equal("killed");
    const states = await sides.exchange.query<{ state: string; claimed: boolean; n: number }>(
      `SELECT state, send_begun_at IS NOT NULL AS claimed, count(*)::int AS n FROM exchange.batch
       WHERE run_id = $1 AND entity = 'student' AND wire_count > 0 GROUP BY 1, 2 ORDER BY 1, 2`,
      [second.runId],
    );
    expect(states.map(({ state, claimed }) => `${state} ${claimed}`)).to.deep.equal([
      "published true",
      "sealed false",
      "settled true",
    ]);
    expect((await readRun(sides.exchange, second.runId)).state).to.equal("running");
    expect(sums(earlier, await national(sides))).not.to.deep.equal({});
  });

  it("foretells what it would do and changes nothing", async () => {
    const target = await recallableRun(sides.exchange, province, null);
    expect(target.runId).to.equal(second.runId);
    const forecast = await recallForecast(sides.exchange, target);
    const student = forecast.find((line) => line.entity === "student");
    expect(student?.withdrawn).to.be.greaterThan(0);
    expect(student?.unanswered).to.be.greaterThan(0);
    expect(student?.byPrior).to.be.greaterThan(0);
    expect(forecast.find((line) => line.entity === "class")).to.deep.include({
      byDeletion: 1,
      byPrior: 2,
      gone: 0,
    });
    expect((await readRun(sides.exchange, second.runId)).state).to.equal("running");
  });

  it("lets nothing more be landed, stays open while the nation is silent, and keeps loads and replays out", async () => {
    open = await beginRecall(sides.exchange, second);
    const silent = await failure(
      sides.recall(
        open,
        () => null,
        () => undefined,
        1,
      ),
    );
    expect(silent).to.equal("RECEIPT_OVERDUE");
    expect((await readRun(sides.exchange, second.runId)).state).to.equal("recalling");
    expect(await failure(sides.openLoad())).to.equal("LOAD_STATE_WRONG");
    expect(await failure(sides.replayRun())).to.equal("LOAD_STATE_WRONG");
    expect(await sides.load(second)).to.equal("recalling");
    const again = await beginRecall(sides.exchange, await recallableRun(sides.exchange, province, null));
    expect(again.recall.runId).to.equal(open.recall.runId);
  });

  it("is made by one process at a time", async () => {
    const found = await recallingAlone(sides.exchange, second, async () => {
      return await failure(recallingAlone(sides.exchange, second, () => Promise.resolve()));
    });
    expect(found).to.equal("RECALL_RUNNING");
  });

  it("comes to the same end although it dies again and again", async () => {
    await sides.startNode();
    let deaths = 0;
    for (
      let fuse = 1;
      (await readRun(sides.exchange, second.runId)).state !== "recalled";
      fuse = 1 + (fuse % 3)
    ) {
      const burning = fuseOf(fuse);
      const end = await failure(sides.recall(open, burning.obstacle, burning.alter));
      if (end !== "nothing") deaths += 1;
      if (end !== "nothing") expect(end).to.equal("killed");
    }
    expect(deaths).to.be.greaterThan(3);
  });

  it("leaves the national registry as it was before the load, field by field", async () => {
    const now = await national(sides);
    expect(sums(earlier, now)).to.deep.equal({});
    expect(now).to.deep.equal(earlier);
    const tombstones = await sides.national.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM registry.student WHERE is_deleted",
    );
    expect(tombstones[0]?.n).to.be.greaterThan(0);
  });

  it("leaves staging and what is parked there as they were", async () => {
    expect(await staged(sides)).to.deep.equal(stagedBefore);
  });

  it("gives every record of both runs one outcome, and both sides the same digests", async () => {
    const ledgers = await allLedgers(sides);
    expect(ledgers.filter((line) => !addsUp(line))).to.deep.equal([]);
    const recalled = lineOf(await ledgerOfRun(sides.exchange, second.runId), "student");
    expect(recalled).to.deep.include({ pending: 0, quarantined: 0, rejected: 0, waiting: 0 });
    expect(recalled?.withdrawn).to.be.greaterThan(0);
    const lines = await recallLines(sides.exchange, open);
    const student = lines.find((line) => line.entity === "student");
    expect(student?.withdrawn).to.equal(recalled?.withdrawn);
    expect(student?.byPrior).to.be.greaterThan(0);
    expect(student?.byDeletion).to.be.greaterThan(0);
    expect(student?.parkedAgain).to.be.greaterThan(0);
    expect(await compare(sides, broker, open.recall)).to.deep.equal([]);
  });

  it("lets the next load send everything again, and can take that one back too", async () => {
    const third = await sides.openLoad();
    expect(await sides.load(third)).to.equal("done");
    const [held] = await sides.national.query<{ n: number; changed: number }>(
      `SELECT count(*)::int AS n, count(*) FILTER (WHERE phone = '13900000777')::int AS changed FROM registry.student WHERE NOT is_deleted`,
    );
    // 385 applied before, 10 newly mapped, 5 whose class came, 5 new ones, 1 corrected; one is parked over its applied row.
    expect(held).to.deep.equal({ n: 406, changed: 405 });
    expect(await compare(sides, broker, third)).to.deep.equal([]);
    open = await beginRecall(sides.exchange, third);
    expect(await sides.recall(open)).to.equal("done");
    expect(await national(sides)).to.deep.equal(earlier);
    expect(await staged(sides)).to.deep.equal(stagedBefore);
    expect((await allLedgers(sides)).filter((line) => !addsUp(line))).to.deep.equal([]);
    expect(await compare(sides, broker, open.recall)).to.deep.equal([]);
  });

  it("leaves alone what a newer load replaced since", async () => {
    const older = await sides.openLoad();
    expect(await sides.load(older)).to.equal("done");
    await registry.query(
      "UPDATE own.student SET phone = '13900000666' WHERE source_key BETWEEN 'p000100' AND 'p000109'",
    );
    const newer = await sides.openLoad();
    expect(await sides.load(newer)).to.equal("done");
    const target = await recallableRun(sides.exchange, province, older.runId);
    open = await beginRecall(sides.exchange, target);
    expect(await sides.recall(open)).to.equal("done");
    const now = await national(sides);
    const changed = Object.keys(sums(earlier, now));
    expect(changed).to.deep.equal(["student"]);
    const [held] = await sides.national.query<{ newer: number; older: number }>(
      `SELECT count(*) FILTER (WHERE phone = '13900000666')::int AS newer,
         count(*) FILTER (WHERE phone = '13900000777')::int AS older FROM registry.student WHERE NOT is_deleted`,
    );
    expect(held).to.deep.equal({ newer: 10, older: 0 });
    const lines = await recallLines(sides.exchange, open);
    expect(lines.find((line) => line.entity === "student")?.left).to.equal(10);
    expect((await allLedgers(sides)).filter((line) => !addsUp(line))).to.deep.equal([]);
    expect(await compare(sides, broker, open.recall)).to.deep.equal([]);
  });

  it("of the newer load afterwards passes over what was recalled", async () => {
    open = await beginRecall(sides.exchange, await recallableRun(sides.exchange, province, null));
    expect(await sides.recall(open)).to.equal("done");
    expect(await national(sides)).to.deep.equal(earlier);
    expect(await failure(recallableRun(sides.exchange, province, open.recalled.runId))).to.equal(
      "LOAD_STATE_WRONG",
    );
    expect(await failure(recallableRun(sides.exchange, province, open.recall.runId))).to.equal(
      "LOAD_STATE_WRONG",
    );
  });

  it("takes nothing for unsent in an exchange-db of which the nation has seen more", async () => {
    const run = await sides.openLoad();
    await sides.exchange.query(
      `WITH l AS (INSERT INTO exchange.landing (run_id, province, entity, origin, read_count, unchanged_count, trace_id)
         VALUES ($1, $2, 'student', 'chunk', 1, 0, '') RETURNING landing_id),
       b AS (INSERT INTO exchange.batch (batch_id, landing_id, run_id, province, entity, contract_version, mapping_version, record_count, wire_count, state, trace_id)
         SELECT nextval('exchange.batch_id_seq'), landing_id, $1, $2, 'student', 1, 1, 1, 1, 'sealed', '' FROM l RETURNING batch_id)
       SELECT batch_id FROM b`,
      [run.runId, province],
    );
    await sides.exchange.query(
      `INSERT INTO exchange.batch_payload (batch_id, province, headers, bytes)
       SELECT batch_id, province, '{}', '' FROM exchange.batch WHERE run_id = $1`,
      [run.runId],
    );
    const state = async () => {
      const rows = await sides.exchange.query<{ state: string; claimed: boolean; id: string }>(
        "SELECT state, send_begun_at IS NOT NULL AS claimed, batch_id AS id FROM exchange.batch WHERE run_id = $1",
        [run.runId],
      );
      return rows[0];
    };
    open = await beginRecall(sides.exchange, run);
    const batchId = BigInt((await state())?.id ?? 0);
    await doubtUnsent(sides.exchange, province, batchId);
    expect(await state()).to.deep.include({ state: "withdrawn", claimed: false });
    await doubtUnsent(sides.exchange, province, batchId + 1n);
    expect(await state()).to.deep.include({ state: "sealed", claimed: true });
    // Nobody has its bytes: it is taken out of the way of the tests that follow.
    await sides.exchange.query("UPDATE exchange.batch SET state = 'settled' WHERE run_id = $1", [run.runId]);
    expect(await sides.recall(open)).to.equal("done");
  });

  it("is refused where the earlier rows are no longer kept", async () => {
    const run = await sides.openLoad();
    expect(await sides.load(run)).to.equal("done");
    await sides.exchange.query("DELETE FROM staging.student_prior");
    const forecast = await recallForecast(sides.exchange, run);
    expect(forecast.find((line) => line.entity === "student")?.gone).to.be.greaterThan(300);
  });
});

/** Unmapped codes, pupils of a class that is not there, one key twice. */
function plant(students: Row[]): void {
  for (const row of students.slice(0, 10)) row["hukouKindCode"] = "7";
  for (const row of students.slice(10, 15)) row["classId"] = "late";
  const [copy] = students.slice(20, 21);
  students.push({ ...copy });
  // A contract fault, which no later load mends.
  students.push({ ...students[30], key: "bad1", birthDate: "20131399" });
  students.push({ ...students[31], key: "gone", hukouKindCode: "2" });
}

/** New values, new records with new parents, a new mapping, a record that is parked now, one that was corrected. */
async function changeEverything(registry: Store, sides: BothSides): Promise<void> {
  await registry.query("UPDATE own.student SET phone = '13900000777'");
  await registry.query("UPDATE own.school_class SET head_teacher = '沈知秋'");
  await registry.query("UPDATE own.student SET hukou_kind_code = '9' WHERE source_key = 'p000040'");
  await registry.query("UPDATE own.student SET birth_date = '20130506' WHERE source_key = 'bad1'");
  await registry.query(`INSERT INTO own.school_class SELECT 'late', own_county, 'late', school_id, grade_id, '9', '九班', class_type_code,
    formed_month, head_teacher, is_multi_grade, is_bilingual, is_valid FROM own.school_class LIMIT 1`);
  await registry.query(`INSERT INTO own.student SELECT (jsonb_populate_record(s, jsonb_build_object('source_key', 'a0' || right(source_key, 2), 'class_id', 'late'))).*
    FROM own.student s WHERE source_key BETWEEN 'p000050' AND 'p000054'`);
  await loadMappingTable(sides.exchange, province, "hukou-kind", [
    { sourceCode: "1", targetCode: "1", note: null },
    { sourceCode: "2", targetCode: "1", note: null },
    { sourceCode: "7", targetCode: "1", note: null },
  ]);
}

/** Four units go the whole way, two are sent to a nation that is gone, two are only landed; then the process dies. */
function breakOff(flow: UpstreamFlow, sides: BothSides, run: Run): void {
  const publish = flow.publish.bind(flow);
  let calls = 0;
  let gone: Promise<unknown> = Promise.resolve();
  flow.publish = async (sealed, signal) => {
    calls += 1;
    const call = calls;
    if (call < 5) return await publish(sealed, signal);
    // Workers run side by side: who comes after the fifth waits until that one was sent to nobody.
    if (call === 5) gone = nationGone(sides, run).then(async () => await publish(sealed, signal));
    await gone;
    if (call <= 6) return call === 5 ? [] : await publish(sealed, signal);
    if (call === 7) return [];
    throw new Error("killed");
  };
}

async function nationGone(sides: BothSides, run: Run): Promise<void> {
  await until("what was sent is settled", async () => {
    const rows = await sides.exchange.query(
      "SELECT 1 FROM exchange.batch WHERE run_id = $1 AND state = 'published'",
      [run.runId],
    );
    return rows.length === 0;
  });
  await sides.node?.stop(5000);
}

/** Lets so many steps happen, and none after them. */
function fuseOf(steps: number) {
  let left = steps;
  const burn = () => {
    left -= 1;
    return left < 0 ? new Error("killed") : null;
  };
  const alter = (flow: UpstreamFlow) => {
    const [land, publish] = [flow.land.bind(flow), flow.publish.bind(flow)];
    flow.land = async (unit, signal) => {
      const dead = burn();
      if (dead !== null) throw dead;
      return await land(unit, signal);
    };
    flow.publish = async (sealed, signal) => {
      const dead = burn();
      if (dead !== null) throw dead;
      return await publish(sealed, signal);
    };
  };
  // A look while waiting is no step; only a fuse that has burnt stops it.
  return { obstacle: () => (left < 0 ? new Error("killed") : null), alter };
}

/** All living records of the national registry, without what says how they came there. */
async function national(sides: BothSides): Promise<Record<string, readonly unknown[]>> {
  const found: Record<string, readonly unknown[]> = {};
  for (const entity of entityNames) {
    const rows = await sides.national.query<{ row: unknown }>(
      `SELECT to_jsonb(r) - '{version,batch_id}'::text[] AS row FROM registry.${entityContract(entity).table} r
       WHERE NOT is_deleted ORDER BY source_key COLLATE "C"`,
    );
    found[entity] = rows.map(({ row }) => row);
  }
  return found;
}

/** Entities whose records differ, with the number on each side. */
function sums(
  left: Record<string, readonly unknown[]>,
  right: Record<string, readonly unknown[]>,
): Record<string, string> {
  const differing = Object.keys(left).filter(
    (name) => JSON.stringify(left[name]) !== JSON.stringify(right[name]),
  );
  return Object.fromEntries(differing.map((name) => [name, `${left[name]?.length} ${right[name]?.length}`]));
}

/** Living rows of staging with what the source gave, and the open exceptions by key. */
async function staged(sides: BothSides): Promise<unknown> {
  const rows: unknown[] = [];
  for (const entity of entityNames) {
    rows.push(
      ...(await sides.exchange.query(
        `SELECT '${entity}' AS entity, to_jsonb(s) - '{batch_id,batch_ordinal,segment,origin,agreed_national_version,county}'::text[] AS row
         FROM staging.${entityContract(entity).table} s WHERE op = 'upsert' ORDER BY source_key`,
      )),
    );
  }
  const exceptions = await sides.exchange.query(
    `SELECT entity, source_key, outcome, code, field, findings FROM exchange.exception
     WHERE outcome IN ('quarantined', 'rejected', 'waiting') ORDER BY entity, source_key, source_hash`,
  );
  return { rows, exceptions };
}

async function allLedgers(sides: BothSides): Promise<readonly LedgerLine[]> {
  const runs = await sides.exchange.query<{ runId: string }>(`SELECT run_id AS "runId" FROM exchange.run`);
  const lines = await Promise.all(runs.map(async ({ runId }) => await ledgerOfRun(sides.exchange, runId)));
  return lines.flat();
}

/** Entities on whose count or digests both sides do not agree. */
async function compare(sides: BothSides, broker: Broker, run: Run): Promise<readonly unknown[]> {
  const key = sides.options.keys.province.signing;
  const askedId = await askDigests({ store: sides.exchange, broker, province, key }, run.runId, run.entities);
  const lines = async () => await reconciliationOf(sides.exchange, askedId);
  await until("the nation answered", async () => (await lines()).every((one) => one.isEqual !== null));
  return (await lines()).filter((line) => line.isEqual !== true);
}

async function failure(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "nothing",
    (error: unknown) =>
      error instanceof DuijieError ? error.code : error instanceof Error ? error.message : "?",
  );
}

function lineOf(ledger: readonly LedgerLine[], entity: EntityName): LedgerLine | undefined {
  return ledger.find((line) => line.entity === entity);
}
