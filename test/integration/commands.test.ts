import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import pg from "pg";
import { parse, stringify } from "yaml";
import { packageRoot } from "../../contracts/package-root.ts";
import {
  type Content,
  type NodeUrls,
  nationalContent,
  nodeEnvironment,
  nodeFolder,
  provinceContent,
} from "../support/province-folder.ts";
import { runCli } from "../support/run-cli.ts";
import { freshDatabase } from "../support/servers.ts";
import { fillRegistry, schoolIdsOf, smallProvince } from "../support/small-province.ts";
import { testBroker } from "../support/test-broker.ts";
import { until } from "../support/until.ts";

const province = "43";
const pupils = 250;
/** Every tenth pupil has a gender that nobody mapped. */
const unmapped = pupils / 10;
const roleNames = ["duijie_reader", "duijie_owner", "duijie_exchange", "duijie_national"] as const;

interface Ledger {
  readonly read: number;
  readonly [outcome: string]: number | string;
}

describe("commands of two nodes whose roles have the rights of the GRANT scripts, and no more", function () {
  this.timeout(120_000);
  let folder: string;
  let owners: NodeUrls;
  let env: Record<string, string>;
  let files: { province: string; national: string };
  let nation: ChildProcess | null = null;
  const children: ChildProcess[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "duijie-commands-"));
    const databases = await Promise.all(
      ["registry", "exchange", "national"].map(async (name) => await freshDatabase(`commands_${name}`)),
    );
    const [registry = "", exchange = "", national = ""] = databases.map(({ url }) => url);
    owners = { registry, exchange, national, brokers: await testBroker() };
    const rows = smallProvince(province, pupils);
    rows.student.forEach((row, index) => {
      if (index % 10 === 0) row["genderCode"] = "X";
    });
    await fillRegistry(registry, rows);
    const write = nodeFolder(folder, province);
    files = {
      province: write("province", withGenderTable(provinceContent(province, owners))),
      national: write("national", nationalContent(province, owners)),
    };
    env = nodeEnvironment(owners);
  });

  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    for (const url of [owners.registry, owners.exchange, owners.national]) {
      const roles = roleNames.map(own).join(", ");
      await sql(url, `REASSIGN OWNED BY ${roles} TO CURRENT_USER; DROP OWNED BY ${roles}`).catch(
        () => undefined,
      );
    }
    for (const name of roleNames) await sql(owners.registry, `DROP ROLE IF EXISTS ${own(name)}`);
    rmSync(folder, { recursive: true });
  });

  function withGenderTable(content: Content): Content {
    const text = JSON.stringify(content).replace(
      '"genderCode":"gender_code"',
      '"genderCode":{"column":"gender_code","codes":"sex"}',
    );
    const changed: Content = JSON.parse(text);
    return { ...changed, mappings: { sex: "./sex.csv" } };
  }

  /** Roles belong to the whole server: other test runs may have theirs. */
  const own = (role: string) => `${role}_${process.pid}`;

  async function sql(url: string, statement: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const result = await client.query(statement);
      return Array.isArray(result) ? [] : result.rows;
    } finally {
      await client.end();
    }
  }

  async function runScript(name: string, url: string, role: string): Promise<string> {
    const script = readFileSync(join(folder, "grants", name), "utf8").replaceAll(role, own(role));
    await sql(url, `${script}; ALTER ROLE ${own(role)} PASSWORD 'secret'`);
    const restricted = new URL(url);
    restricted.username = own(role);
    restricted.password = "secret";
    return restricted.href;
  }

  async function provinceCli(...args: string[]) {
    return await runCli([...args, "--config", files.province], { env });
  }

  async function nationCli(...args: string[]) {
    return await runCli([...args, "--config", files.national], { env });
  }

  /** A process of its own: signals are not for this one. */
  function start(args: readonly string[]) {
    const child = spawn(process.execPath, ["--import=tsx", join(packageRoot, "cli", "main.ts"), ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    return child;
  }

  async function startNation(): Promise<void> {
    const child = start(["national", "--json", "--config", files.national]);
    nation = child;
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    await until("the nation is ready", () => Promise.resolve(out.includes('"ready":true')), 60_000);
  }

  it("are set up: tables by the owners, roles by the scripts, the ministry's schools", async () => {
    expect((await provinceCli("grants")).exitCode).to.equal(0);
    expect((await nationCli("grants")).exitCode).to.equal(0);
    env = {
      ...env,
      EXCHANGE_OWNER: await runScript("exchange-owner.sql", owners.exchange, "duijie_owner"),
      NATIONAL_OWNER: await runScript("national-owner.sql", owners.national, "duijie_owner"),
    };
    expect(await provinceCli("migrate", "--owner-url-env", "EXCHANGE_OWNER", "--json")).to.include({
      exitCode: 0,
    });
    const migrated = await nationCli("migrate", "--owner-url-env", "NATIONAL_OWNER", "--json");
    expect(migrated.exitCode).to.equal(0);
    expect(JSON.parse(migrated.out).regions).to.be.greaterThan(6000);
    expect((await provinceCli("migrate")).out).to.include("up to date");

    const [reader, exchange, national] = [
      await runScript("registry-readonly.sql", owners.registry, "duijie_reader"),
      await runScript("exchange-daemon.sql", owners.exchange, "duijie_exchange"),
      await runScript("national-daemon.sql", owners.national, "duijie_national"),
    ];
    env = { ...env, ...nodeEnvironment({ ...owners, registry: reader, exchange, national }) };

    const schools = schoolIdsOf(province).map((id) => `${id},School,211,430102000000,430102000000`);
    const header = "school_id,name,school_type_code,region_code,managing_authority_code";
    writeFileSync(join(folder, "schools.csv"), `${[header, ...schools].join("\n")}\n`);
    const refused = await nationCli("national", "import", "schools", join(folder, "schools.csv"));
    expect(refused.exitCode, "the daemon's role writes no school").to.equal(1);
    expect(refused.err).to.include("STORE_REFUSED");
    const asOwner = ["--owner-url-env", "NATIONAL_OWNER", "--json"];
    const imported = await nationCli(
      "national",
      "import",
      "schools",
      join(folder, "schools.csv"),
      ...asOwner,
    );
    expect(JSON.parse(imported.out)).to.deep.equal({ read: 2, added: 2, changed: 0, unchanged: 0 });
    const again = await nationCli("national", "import", "schools", join(folder, "schools.csv"), ...asOwner);
    expect(JSON.parse(again.out)).to.deep.equal({ read: 2, added: 0, changed: 0, unchanged: 2 });
  });

  it("pass the check once the nation runs and the table is loaded", async () => {
    writeFileSync(join(folder, "sex.csv"), "source_code,target_code\n1,1\n2,2\n");
    const nationChecked = await nationCli("check", "--json");
    expect(nationChecked.exitCode, nationChecked.out).to.equal(0);
    await startNation();
    expect((await provinceCli("check")).exitCode, "the table is not loaded").to.equal(2);
    expect((await provinceCli("map", "import")).out).to.include("2 entries, 2 added");
    expect((await provinceCli("map", "import")).out).to.include("no new version");
    const { exitCode, out } = await provinceCli("check", "--json");
    expect(exitCode, out).to.equal(0);
    const lines: { part: string; remedy: string | null }[] = JSON.parse(out).lines;
    // Of a broker that is no Kafka the check warns, and it is right.
    const warnings = lines.filter(({ part, remedy }) => remedy !== null && part !== "kafka");
    expect(warnings).to.deep.equal([]);
  });

  it("plan a load without writing anything", async () => {
    const { exitCode, out } = await provinceCli("load", "plan", "--json");
    expect(exitCode).to.equal(0);
    const plan = JSON.parse(out);
    const student = plan.entities.find((line: { entity: string }) => line.entity === "student");
    expect(student).to.deep.include({ relation: "own.student", rows: pupils, missingTables: [] });
    expect(student.counties).to.deep.equal([{ county: "county", rows: pupils }]);
    expect(student.ranges).to.equal(4);
    expect(plan.rows).to.equal(1 + 2 + 2 + 2 + pupils * 3);
  });

  it("try a load without a trace: failing rows as files, nothing in a database", async () => {
    const rows = join(folder, "rows");
    const { exitCode, out } = await provinceCli("load", "run", "--dry-run", "--out", rows, "--json");
    expect(exitCode).to.equal(3);
    const student = JSON.parse(out).entities.find((line: { entity: string }) => line.entity === "student");
    expect(student).to.deep.include({ read: pupils, wouldPass: pupils - unmapped, wouldPark: unmapped });
    expect(student.byCode).to.deep.equal({ MAPPING_MISSING: unmapped });
    const lines = readdirSync(join(rows, "student", "county")).flatMap((file) =>
      readFileSync(join(rows, "student", "county", file), "utf8")
        .trimEnd()
        .split("\r\n")
        .slice(1),
    );
    expect(lines).to.have.length(unmapped);
    const [state] = await sql(
      owners.exchange,
      "SELECT (SELECT count(*)::int FROM exchange.run) AS runs, (SELECT count(*)::int FROM exchange.segment) AS segments, is_called FROM exchange.batch_id_seq",
    );
    expect(state).to.deep.equal({ runs: 0, segments: 0, is_called: false });
  });

  it("load the province, count every row and end with 3 while something is parked", async () => {
    const { exitCode, out, err } = await provinceCli("load", "run", "--accept-quarantine", "--json");
    expect(exitCode, err).to.equal(3);
    const { end, ledger, open, reconciliation } = JSON.parse(out);
    expect({ end, open }).to.deep.equal({ end: "done", open: unmapped * 3 });
    const lines: Record<string, Ledger> = Object.fromEntries(
      ledger.map((line: { entity: string }) => [line.entity, line]),
    );
    expect(lines["student"]).to.include({ read: pupils, quarantined: unmapped, applied: pupils - unmapped });
    expect(lines["guardian"]).to.include({ waiting: 2 * unmapped, applied: 2 * (pupils - unmapped) });
    for (const line of reconciliation) expect(line.isEqual, line.entity).to.equal(true);
    const status = await provinceCli("load", "status", "--json");
    expect(JSON.parse(status.out)).to.deep.include({ ledger, reconciliation, oldestUnsettledSeconds: null });
    expect((await provinceCli("load", "status")).out)
      .to.include("done")
      .and.include("equal");
  });

  it("list what is parked, heaviest code first, with keys masked unless asked for", async () => {
    const { out } = await provinceCli("quarantine", "list", "--limit", "5", "--json");
    const { entries, gaps, summary } = JSON.parse(out);
    expect(gaps).to.deep.equal([
      { entity: "student", field: "genderCode", table: "sex", sourceCode: "X", records: unmapped },
    ]);
    expect(summary).to.deep.include({
      entity: "guardian",
      outcome: "waiting",
      code: "PARENT_MISSING",
      field: "studentKey",
      records: 2 * unmapped,
    });
    expect(entries).to.have.length(5);
    for (const { key } of entries) expect(key).to.match(/^\*\*\*.{0,2}$/);
    const shown = await provinceCli("quarantine", "list", "--limit", "1", "--show-keys", "--json");
    expect(JSON.parse(shown.out).entries[0].key).to.match(/^p\d{6}/);
  });

  it("release exactly the rows of a code that was loaded, and their children", async () => {
    writeFileSync(join(folder, "sex.csv"), "source_code,target_code\n1,1\n2,2\nX,2\n");
    expect((await provinceCli("map", "import", "sex")).out).to.include("1 added");
    const { exitCode, out } = await provinceCli(
      "quarantine",
      "replay",
      "--code",
      "MAPPING_MISSING",
      "--json",
    );
    expect(exitCode, out).to.equal(0);
    const lines: { entity: string }[] = JSON.parse(out).lines;
    expect(lines.find((line) => line.entity === "student")).to.deep.equal({
      entity: "student",
      looked: unmapped,
      released: unmapped,
      kept: 0,
      followed: 0,
    });
    expect(lines.find((line) => line.entity === "guardian")).to.include({
      looked: 0,
      followed: 2 * unmapped,
    });
    expect((await provinceCli("quarantine", "list")).out).to.include("Nothing is parked");
  });

  it("send nothing for a province that did not change", async () => {
    const messages = "SELECT count(*)::int AS batches FROM exchange.batch";
    const [before] = await sql(owners.exchange, messages);
    const { exitCode, out } = await provinceCli("load", "run", "--json");
    expect(exitCode).to.equal(0);
    const ledger: readonly Ledger[] = JSON.parse(out).ledger;
    for (const line of ledger) expect(line["unchanged"]).to.equal(line.read);
    expect(await sql(owners.exchange, messages)).to.deep.equal([before]);
  });

  it("load a pilot county alone", async () => {
    const { exitCode, out } = await provinceCli("load", "run", "--county", "elsewhere", "--json");
    expect(exitCode).to.equal(0);
    const lines: readonly (Ledger & { entity: string })[] = JSON.parse(out).ledger;
    expect(lines.find((line) => line.entity === "student")).to.include({ read: 0 });
  });

  it("refuse to steer a load that has ended", async () => {
    for (const verb of ["pause", "resume", "stop"]) {
      const { exitCode, err } = await provinceCli("load", verb);
      expect(exitCode, verb).to.equal(2);
      expect(err).to.include("LOAD_STATE_WRONG").and.include("done");
    }
  });

  it("steer one that is open, and ask for a decision on one that is held", async () => {
    const open = `INSERT INTO exchange.run (province, kind, state, mapping_version, profile, entities)
      VALUES ('${province}', 'load', 'running', 0, 'national-2013', '["student"]')`;
    await sql(owners.exchange, open);
    expect((await provinceCli("load", "resume")).err).to.include("LOAD_STATE_WRONG");
    expect((await provinceCli("load", "pause")).out).to.include("load resume");
    expect((await provinceCli("load", "pause")).err)
      .to.include("LOAD_STATE_WRONG")
      .and.include("paused");
    expect(JSON.parse((await provinceCli("load", "resume", "--json")).out).state).to.equal("running");
    const hold = JSON.stringify({ entity: "student", county: "county", rows: 1000, quarantined: 50 });
    await sql(
      owners.exchange,
      `UPDATE exchange.run SET state = 'held', hold = '${hold}' WHERE state = 'running'`,
    );
    const status = await provinceCli("load", "status");
    expect(status.err).to.include("50 of 1000").and.include("5.0 %");
    const undecided = await provinceCli("load", "resume");
    expect(undecided.exitCode).to.equal(3);
    expect(undecided.err).to.include("QUARANTINE_SHARE_EXCEEDED").and.include("county");
    expect((await provinceCli("load", "resume", "--accept-quarantine")).exitCode).to.equal(0);
    expect((await provinceCli("load", "stop")).out).to.include("stopped");
    const [run] = await sql(owners.exchange, "SELECT state FROM exchange.run ORDER BY run_id DESC LIMIT 1");
    expect(run).to.deep.equal({ state: "stopped" });
  });

  it("hand back what a stopped load had begun, and go on with the next", async () => {
    const content: Content = parse(readFileSync(files.province, "utf8"));
    const registry = {
      ...(content["registry"] as Content),
      limits: { rowsPerSecond: 50, pageRows: 100, protect: { enabled: false } },
    };
    const slow = join(folder, "slow.yaml");
    writeFileSync(slow, stringify({ ...content, registry }));
    const child = start(["load", "run", "--config", slow]);
    const leased = async () =>
      await sql(owners.exchange, "SELECT 1 FROM exchange.chunk WHERE state = 'leased'");
    await until("a chunk is being read", async () => (await leased()).length > 0, 60_000);
    const asked = performance.now();
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    expect(code).to.equal(130);
    expect(performance.now() - asked).to.be.lessThan(10_500);
    expect(await leased()).to.deep.equal([]);
    const { exitCode, err, out } = await provinceCli("load", "run", "--json");
    expect(exitCode, err).to.equal(0);
    expect(err).to.include("Joining load");
    for (const line of JSON.parse(out).ledger) expect(line.unchanged).to.equal(line.read);
  });

  it("export the ministry's schools and regions, ready to be imported again", async () => {
    const file = join(folder, "exported.csv");
    const args = ["national", "export", "schools", "--out", file];
    expect((await nationCli(...args)).out).to.include("2 rows");
    const asOwner = ["--owner-url-env", "NATIONAL_OWNER", "--json"];
    const imported = await nationCli("national", "import", "schools", file, ...asOwner);
    expect(JSON.parse(imported.out), imported.err).to.deep.include({ read: 2, unchanged: 2 });
    const regions = (await nationCli("national", "export", "regions")).out.split("\r\n");
    expect(regions[0]).to.equal(
      "\uFEFFcode,name_zh,level,parent_code,effective_from,effective_to,successor_codes",
    );
    expect(regions.some((line) => line.startsWith("340104,蜀山区,county"))).to.equal(true);
  });

  it("end the nation within ten seconds of SIGTERM", async () => {
    const child = nation;
    if (child === null) throw new Error("the nation does not run");
    const asked = performance.now();
    child.kill("SIGTERM");
    const [code] = await once(child, "exit");
    expect(code).to.equal(143);
    expect(performance.now() - asked).to.be.lessThan(10_500);
  });
});
