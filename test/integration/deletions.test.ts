import { expect } from "chai";
import type { EntityName } from "../../contracts/entity.ts";
import { entityContract } from "../../contracts/registry.ts";
import { takeBatchIds } from "../../exchange-db/batches.ts";
import { knownRows } from "../../exchange-db/known-rows.ts";
import { addsUp, type LedgerLine, ledgerOfRun } from "../../exchange-db/ledger.ts";
import { moveRun, type Run } from "../../exchange-db/runs.ts";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { traceParent } from "../../pipeline/envelope.ts";
import { askDigests, reconciliationOf } from "../../pipeline/stages/reconcile.ts";
import type { CapturedUnit } from "../../pipeline/unit.ts";
import { BothSides, testKeys } from "../support/both-sides.ts";
import { freshDatabase } from "../support/servers.ts";
import { fillRegistry, smallProvince } from "../support/small-province.ts";
import { openAt, testBroker } from "../support/test-broker.ts";
import { until } from "../support/until.ts";

const province = "62";
const signal = AbortSignal.timeout(240_000);

describe("deletions", function () {
  this.timeout(240_000);
  let broker: Broker;
  let sides: BothSides;
  let deleting: Run;

  before(async () => {
    broker = await openAt(await testBroker(), {
      clientId: "deletions",
      requestTimeoutMs: 20_000,
      messageBytesMax: 2_000_000,
    });
    const source = await freshDatabase("deletions_registry");
    await fillRegistry(source.url, smallProvince(province, 40));
    sides = new BothSides({
      province,
      registryUrl: source.url,
      exchangeUrl: (await freshDatabase("deletions_exchange")).url,
      nationalUrl: (await freshDatabase("deletions_national")).url,
      broker,
      keys: testKeys(province),
    });
    await sides.migrate();
    await sides.startNode();
    await sides.startLink();
    expect(await sides.load(await sides.openLoad())).to.equal("done");
    deleting = await sides.replayRun();
  });

  after(async () => await sides?.close());
  after(async () => await broker?.close());

  /** Deletes keys as a connector that tells deletions would. */
  const remove = async (entity: EntityName, keys: readonly string[]) => {
    const flow = await sides.flow(deleting, entity);
    const carried = await flow.carry(await unitOf(sides, entity, keys), signal);
    await until("the deletion is settled", async () => {
      const open = await sides.exchange.query(
        "SELECT 1 FROM exchange.batch WHERE run_id = $1 AND state <> 'settled'",
        [deleting.runId],
      );
      return open.length === 0;
    });
    return carried;
  };

  const compare = async () => {
    const key = sides.options.keys.province.signing;
    const options = { store: sides.exchange, broker, province, key } as const;
    const askedId = await askDigests(options, deleting.runId, deleting.entities);
    const lines = async () => await reconciliationOf(sides.exchange, askedId);
    await until("the nation answered", async () => (await lines()).every((one) => one.isEqual !== null));
    return await lines();
  };

  it("reach the nation as tombstones, and both sides count the same afterwards", async () => {
    await remove("guardian", ["p000003-1", "p000003-2"]);
    await remove("student", ["p000003", "p000004"]);
    const [tombstone] = await sides.national.query<Record<string, unknown>>(
      "SELECT is_deleted, name, school_id FROM registry.student WHERE source_key = 'p000003'",
    );
    expect(tombstone).to.deep.equal({ is_deleted: true, name: null, school_id: null });
    const lines = await compare();
    expect(lines.filter((line) => line.isEqual !== true)).to.deep.equal([]);
    expect(lines.find((line) => line.entity === "student")).to.deep.include({
      provinceRows: 38,
      nationRows: 38,
    });
    const ledger = await ledgerOfRun(sides.exchange, deleting.runId);
    expect(lineOf(ledger, "student")).to.deep.include({ read: 2, applied: 2 });
    expect(ledger.filter((line) => !addsUp(line))).to.deep.equal([]);
  });

  it("leave in staging key and version, and what the record was in the row that they replaced", async () => {
    const rows = await sides.exchange.query(
      `SELECT s.op, s.name, p.name IS NOT NULL AS "wasKept", s.agreed_national_version = p.batch_id AS "isAgreed"
       FROM staging.student s JOIN staging.student_prior p USING (province, source_key) WHERE s.source_key = 'p000003'`,
    );
    expect(rows).to.deep.equal([{ op: "delete", name: null, wasKept: true, isAgreed: true }]);
  });

  it("are unchanged when they come again", async () => {
    const again = await remove("student", ["p000003"]);
    expect(again).to.deep.include({ read: 1, unchanged: 1, published: 0 });
  });

  it("of a parent leave its children alone", async () => {
    await remove("class", [`c21${province}000001`]);
    const lines = await compare();
    expect(lines.filter((line) => line.isEqual !== true)).to.deep.equal([]);
    const [kept] = await sides.national.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM registry.student WHERE class_id = 'c21${province}000001' AND NOT is_deleted`,
    );
    expect(kept?.n).to.equal(19);
  });

  it("are undone by the next load that finds the row in the registry, parents first", async () => {
    await moveRun(sides.exchange, deleting.runId, ["running"], "done");
    const run = await sides.openLoad();
    expect(await sides.load(run)).to.equal("done");
    const ledger = await ledgerOfRun(sides.exchange, run.runId);
    expect(lineOf(ledger, "class")).to.deep.include({ read: 2, unchanged: 1, applied: 1 });
    expect(lineOf(ledger, "student")).to.deep.include({ read: 40, unchanged: 38, applied: 2 });
    expect(lineOf(ledger, "guardian")).to.deep.include({ read: 80, unchanged: 78, applied: 2 });
    const lines = await compare();
    expect(lines.filter((line) => line.isEqual !== true)).to.deep.equal([]);
    expect(lines.find((line) => line.entity === "student")).to.deep.include({ nationRows: 40 });
  });
});

async function unitOf(sides: BothSides, entity: EntityName, keys: readonly string[]): Promise<CapturedUnit> {
  const batchIds = await takeBatchIds(sides.exchange, 4);
  const known = await knownRows(sides.exchange, province, entity, keys);
  const { fields, table } = entityContract(entity);
  const held = await sides.exchange.query<{ key: string; batchId: string }>(
    `SELECT source_key AS key, batch_id AS "batchId" FROM staging.${table} WHERE source_key = ANY ($1)`,
    [keys],
  );
  const rows = held.map(({ key, batchId }) => ({
    key,
    hash: "deleted",
    county: null,
    op: "delete" as const,
    raw: fields.map(() => null),
    line: null,
    unreadable: null,
    known: known.get(key) ?? null,
    // A row that is deleted already is compared, a living one taken up as it stands.
    parkedIn: known.get(key)?.op === "delete" ? null : batchId,
  }));
  return {
    origin: { kind: "replay", segment: null, token: null, isFirst: false },
    traceParent: traceParent(),
    batchIds,
    readCount: rows.length,
    unchangedCount: 0,
    rows,
    keyless: [],
    counties: new Map(),
  };
}

function lineOf(ledger: readonly LedgerLine[], entity: EntityName): LedgerLine | undefined {
  return ledger.find((line) => line.entity === entity);
}
