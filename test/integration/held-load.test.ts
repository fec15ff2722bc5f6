import { expect } from "chai";
import { addsUp, ledgerOfRun } from "../../exchange-db/ledger.ts";
import { acceptShare, readRun } from "../../exchange-db/runs.ts";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { BothSides, testKeys } from "../support/both-sides.ts";
import { freshDatabase } from "../support/servers.ts";
import { fillRegistry, smallProvince } from "../support/small-province.ts";
import { openAt, testBroker } from "../support/test-broker.ts";

const province = "42";

describe("a load with too many parked rows", function () {
  this.timeout(120_000);
  let broker: Broker;
  let sides: BothSides;

  before(async () => {
    broker = await openAt(await testBroker(), {
      clientId: "held",
      requestTimeoutMs: 20_000,
      messageBytesMax: 2_000_000,
    });
    const rows = smallProvince(province, 600);
    // Another county's pupils are all well: 30 of 300 is the share of the first county, 30 of 600 that of the entity.
    rows.student.slice(300).forEach((row) => {
      row["county"] = "well";
    });
    for (const row of rows.student.slice(0, 30)) row["ethnicityCode"] = "58";
    const source = await freshDatabase("held_registry");
    await fillRegistry(source.url, rows);
    sides = new BothSides({
      province,
      registryUrl: source.url,
      exchangeUrl: (await freshDatabase("held_exchange")).url,
      nationalUrl: (await freshDatabase("held_national")).url,
      broker,
      keys: testKeys(province),
      quarantine: { shareMax: 0.06, rowsMin: 200 },
      chunkRows: 100,
    });
    await sides.migrate();
    await sides.startNode();
    await sides.startLink();
  });

  after(async () => await sides?.close());
  after(async () => await broker?.close());

  it("stops at the county whose share can get no better, and goes on when a person accepts it", async () => {
    const run = await sides.openLoad();
    expect(await sides.load(run)).to.equal("held");
    const { hold, state } = await readRun(sides.exchange, run.runId);
    expect(state).to.equal("held");
    expect(hold).to.deep.include({ entity: "student", county: "county", rows: 300 });
    expect(hold?.quarantined).to.be.greaterThan(18);
    expect((await ledgerOfRun(sides.exchange, run.runId)).every(addsUp)).to.equal(true);
    await acceptShare(sides.exchange, run.runId);
    expect(await sides.load(run)).to.equal("done");
    const [line] = (await ledgerOfRun(sides.exchange, run.runId)).filter((one) => one.entity === "student");
    expect(line).to.deep.include({ read: 600, applied: 570, quarantined: 30 });
  });
});
