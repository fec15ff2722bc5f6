import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import pg from "pg";
import { liveCases } from "../../connectors/conformance/live-cases.ts";
import type { EngineReport } from "../../connectors/conformance/report.ts";
import { conformanceCases } from "../../connectors/conformance.ts";
import { nodeEnvironment, nodeFolder, provinceContent } from "../support/province-folder.ts";
import { runCli } from "../support/run-cli.ts";
import { freshDatabase } from "../support/servers.ts";
import { fillRegistry, smallProvince } from "../support/small-province.ts";

const province = "44";
const pupils = 300;
const role = `verifier_${process.pid}`;
const password = "verifies";

interface Report {
  readonly engine: string;
  readonly mode: string;
  readonly parts: Readonly<Record<string, EngineReport>>;
}

describe("connector verify", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "duijie-verify-"));
  let registry: string;
  let env: Record<string, string>;
  let config: string;

  before(async () => {
    registry = (await freshDatabase("verify_registry")).url;
    await fillRegistry(registry, smallProvince(province, pupils));
    await sql(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'; GRANT USAGE ON SCHEMA own TO ${role};
      GRANT SELECT ON ALL TABLES IN SCHEMA own TO ${role}`);
    const url = new URL(registry);
    url.username = role;
    url.password = password;
    const urls = {
      registry: url.href,
      exchange: registry,
      national: registry,
      brokers: ["127.0.0.1:9"],
    } as const;
    env = { ...nodeEnvironment(urls), OWNER_URL: registry };
    config = nodeFolder(folder, province)("province", provinceContent(province, urls));
  });
  after(async () => {
    await sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    rmSync(folder, { recursive: true });
  });

  async function sql(text: string): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: registry });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows ?? [];
    } finally {
      await client.end();
    }
  }

  async function verify(...options: readonly string[]) {
    const file = join(folder, "report.json");
    rmSync(file, { force: true });
    const result = await runCli(["connector", "verify", "--config", config, "--json", file, ...options], {
      env,
    });
    const report = (): Report => JSON.parse(readFileSync(file, "utf8"));
    return { ...result, report };
  }

  it("proves without writing what can be proven on the configured tables, and says why it can't the rest", async () => {
    const { report } = await verify("--read-only");
    const { engine, mode, parts } = report();
    expect([engine, mode]).to.deep.equal(["postgres", "read-only"]);
    const { student } = parts;
    expect(student?.cases.map(({ id }) => id)).to.deep.equal(liveCases.map(({ id }) => id));
    expect(student).to.include({ failed: 0, unsupported: 0, passed: liveCases.length - 1, impossible: 1 });
    const [few] = student?.cases.filter(({ status }) => status === "impossible") ?? [];
    expect(few?.id).to.equal("live/back-pressure");
    expect(few?.reason?.zh).to.match(/\p{Script=Han}/u);
  });

  it("names a doubled key, a missing key and a missing index, by counts alone, and ends with 1", async () => {
    await sql("DROP INDEX own.school_source_key_idx");
    const [school] = await sql("SELECT * FROM own.school LIMIT 1");
    await sql("INSERT INTO own.school SELECT * FROM own.school LIMIT 1");
    await sql(
      "INSERT INTO own.school SELECT (json_populate_record(s, '{\"source_key\": null}')).* FROM own.school s LIMIT 1",
    );
    try {
      const { exitCode, report } = await verify();
      expect(exitCode).to.equal(1);
      const failures = report().parts["school"]?.cases.filter(({ status }) => status === "failed") ?? [];
      const byId = new Map(failures.map(({ failure, id }) => [id, failure]));
      expect(byId.get("live/keys")).to.equal("1 rows without a key, 1 with another's");
      expect(byId.get("live/key-index")).to.equal("no index gives the order of the key");
      expect(JSON.stringify(report())).to.not.include(String(school?.["name"]));
    } finally {
      await sql("CREATE INDEX ON own.school (source_key)");
      await sql("DELETE FROM own.school WHERE source_key IS NULL");
      await sql(
        "DELETE FROM own.school a USING own.school b WHERE a.source_key = b.source_key AND a.ctid > b.ctid",
      );
    }
  });

  it("runs the whole suite in a scratch schema by the configured role, and leaves nothing there", async () => {
    const { report } = await verify("--scratch-schema", "duijie_verify", "--owner-url-env", "OWNER_URL");
    const { mode, parts } = report();
    const { scratch } = parts;
    const failures = scratch?.cases.filter(({ status }) => status === "failed");
    expect(failures).to.deep.equal([]);
    expect(mode).to.equal("scratch");
    expect(scratch?.cases).to.have.length(conformanceCases.length);
    expect(scratch?.passed).to.be.greaterThan(95);
    const impossible = scratch?.cases.filter(({ status }) => status === "impossible") ?? [];
    // Databases and passwords are the server's, not the scratch schema's.
    expect(impossible.map(({ id }) => id)).to.include("faults/expired-password");
    expect(impossible.every(({ reason }) => reason !== undefined)).to.equal(true);
    const left = await sql("SELECT 1 FROM pg_namespace WHERE nspname = 'duijie_verify'");
    expect(left).to.deep.equal([]);
  });

  it("takes no schema that exists, and touches nothing in it", async () => {
    await sql("CREATE SCHEMA taken; CREATE TABLE taken.precious (id integer)");
    const { err, exitCode } = await verify("--scratch-schema", "taken", "--owner-url-env", "OWNER_URL");
    expect(exitCode).to.equal(2);
    expect(err).to.include("The schema taken exists");
    expect(await sql("SELECT * FROM taken.precious")).to.deep.equal([]);
  });

  it("refuses both ways at once, a schema without an owner, and an unfit name", async () => {
    const both = await verify("--read-only", "--scratch-schema", "x", "--owner-url-env", "OWNER_URL");
    const ownerless = await verify("--scratch-schema", "x");
    const unfit = await verify("--scratch-schema", "x; DROP", "--owner-url-env", "OWNER_URL");
    for (const { exitCode } of [both, ownerless, unfit]) expect(exitCode).to.equal(2);
    expect(both.err).to.include("exclude each other");
    expect(ownerless.err).to.include("--owner-url-env");
    expect(unfit.err).to.include("can't be named");
  });
});
