import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { stringify } from "yaml";
import { migrate } from "../../exchange-db/migrate.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";
import { type CliResult, runCli } from "../support/run-cli.ts";
import { freshDatabase } from "../support/servers.ts";
import { smallProvince } from "../support/small-province.ts";
import { VendorRole } from "../support/vendor-role.ts";

describe("commands over the loads of vendors", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "duijie-vendor-commands-"));
  const rows = smallProvince("34", 20);
  let vendor: VendorRole;

  before(async () => {
    const { url } = await freshDatabase("vendor_commands");
    await migrate(url, "exchange", exchangeMigrations);
    vendor = await VendorRole.create(url, "34", "commands");
    const config = {
      role: "province",
      province: "34",
      exchangeDb: { url: { env: "EXCHANGE" } },
      kafka: { brokers: ["127.0.0.1:1"], requestTimeoutMs: 1000 },
      keys: {
        signing: { id: "34-1", privateKeyFile: "34.key" },
        nation: [{ id: "nation-1", publicKeyFile: "nation.pub" }],
      },
      registry: { engine: "vendor" },
    };
    writeFileSync(join(folder, "exchange.url"), url);
    writeFileSync(join(folder, "province.yaml"), stringify(config));
    env["EXCHANGE"] = url;
  });

  after(async () => await vendor?.end());
  after(() => rmSync(folder, { recursive: true }));

  const env: Record<string, string> = {};
  const cli = async (...args: string[]): Promise<CliResult> =>
    await runCli([...args, "--config", join(folder, "province.yaml")], { env });

  it("say that nothing waits, which is no fault", async () => {
    await vendor.open();
    for (const args of [
      ["load", "plan"],
      ["load", "run", "--dry-run"],
    ]) {
      const { exitCode, out } = await cli(...args);
      expect([exitCode, out]).to.deep.equal([
        0,
        "No vendor's load is closed and waits to be read; open loads: 1.\n",
      ]);
    }
    const { out } = await cli("load", "plan", "--json");
    expect(JSON.parse(out)).to.deep.equal({ runId: null, end: "nothing", openLoads: 1 });
  });

  it("plan and try the oldest closed load without taking it", async () => {
    const load = await vendor.deliver({ region: rows.region, student: rows.student });
    await vendor.deliver({ guardian: rows.guardian });
    const plan = await cli("load", "plan", "--json");
    expect(plan.exitCode, plan.err).to.equal(0);
    const { entities, scope } = JSON.parse(plan.out);
    expect(scope).to.deep.equal({ load });
    expect(entities.map((line: { entity: string; rows: number }) => [line.entity, line.rows])).to.deep.equal([
      ["region", 1],
      ["student", 20],
    ]);
    const tried = await cli("load", "run", "--dry-run", "--out", join(folder, "dry"), "--json");
    expect(tried.exitCode, tried.err).to.equal(0);
    const { entities: tallies } = JSON.parse(tried.out);
    expect(tallies.map((one: { wouldPass: number }) => one.wouldPass)).to.deep.equal([1, 20]);
    const listed = await cli("vendor", "list");
    expect(listed.out).to.match(/2 +test vendor +waits +partial +region 1, student 20/);
  });

  it("refuse a county, for a load is read as a whole", async () => {
    const { err, exitCode } = await cli("load", "run", "--dry-run", "--county", "340102");
    expect(exitCode).to.equal(2);
    expect(err).to.include("read as a whole");
  });

  it("check a load against the contract, also an open one, and take none", async () => {
    const [first, second] = rows.student;
    const load = await vendor.open();
    await vendor.write(load, {
      student: [
        { ...first, phone: null },
        { ...second, ethnicityCode: "58" },
      ],
    });
    const open = await cli("vendor", "verify", "--json");
    expect(open.exitCode, open.err).to.equal(3);
    const { entities, source } = JSON.parse(open.out);
    expect(source).to.deep.equal({ engine: "vendor", load, loadState: "open" });
    expect(entities.map((one: { entity: string; rows: number }) => [one.entity, one.rows])).to.deep.equal([
      ["student", 2],
    ]);
    const shown = await cli("vendor", "verify", "--load", load);
    expect(shown.out).to.match(
      /load_student +phone +phone 联系电话 +A required field is empty +1 +p000000\n/,
    );
    expect(shown.out).to.match(
      /ethnicity_code .*neither national nor in a mapping table \(58×1\) +1 +p000001\n/,
    );
    const sound = await cli("vendor", "verify", "--load", "2");
    expect(sound.exitCode, sound.out).to.equal(0);
    expect(sound.out).to.include("Nothing found: all 21 rows keep the contract.");
    expect((await cli("vendor", "list")).out).to.match(/2 +test vendor +waits/);
    const none = await cli("vendor", "verify", "--load", "99");
    expect([none.exitCode, none.err.split(":")[0]]).to.deep.equal([2, "LOAD_NOT_FOUND"]);
    expect((await cli("vendor", "verify", "--offline")).exitCode).to.equal(2);
    await cli("vendor", "abandon", load);
  });

  it("give a load up that was not taken", async () => {
    expect(await cli("vendor", "abandon", "2")).to.deep.include({
      exitCode: 0,
      out: "Load 2 is abandoned and will not be read.\n",
    });
    const again = await cli("vendor", "abandon", "2");
    expect(again.exitCode, "it stays abandoned").to.equal(0);
    expect((await cli("vendor", "list")).out).to.match(/2 +test vendor +abandoned/);
    const none = await cli("vendor", "abandon", "99");
    expect([none.exitCode, none.err.split(":")[0]]).to.deep.equal([2, "LOAD_NOT_FOUND"]);
    expect((await cli("vendor", "abandon", "first")).exitCode).to.equal(2);
  });

  it("check what a load needs in the exchange-db", async () => {
    const { out } = await cli("check");
    expect(out).to.match(/ok +registry +columns student/);
    expect(out).to.match(/ok +registry +index on the key student +key=source_key, index=present/);
  });
});
