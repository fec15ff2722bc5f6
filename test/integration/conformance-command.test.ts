import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../contracts/package-root.ts";
import { testPostgres } from "../support/servers.ts";

describe("npm run conformance", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "duijie-conformance-"));
  after(() => rmSync(folder, { recursive: true }));

  const run = async (args: readonly string[]) => {
    const { adminUrl } = await testPostgres();
    const script = join(packageRoot, "scripts", "conformance.ts");
    return spawnSync(process.execPath, ["--import=tsx", script, ...args], {
      cwd: packageRoot,
      encoding: "utf8",
      env: { ...process.env, DUIJIE_TEST_POSTGRES_URL: adminUrl },
    });
  };

  it("writes what each engine passed, and why it did not what it has not", async () => {
    const file = join(folder, "report.json");
    const args = ["--engine", "postgres,csv", "--case", "keys/", "--json", file, "--lang", "en"];
    const { status, stdout } = await run(args);
    expect(status, stdout).to.equal(0);
    const { cases, engines } = JSON.parse(readFileSync(file, "utf8"));
    expect(cases).to.be.greaterThan(15);
    const { postgres, csv } = engines;
    expect(postgres).to.include({ passed: cases, failed: 0, unsupported: 0, impossible: 0, skipped: 0 });
    expect(postgres.server).to.match(/^PostgreSQL \d/);
    expect(csv.failed).to.equal(0);
    expect(csv.passed + csv.unsupported).to.equal(cases);
    const [first] = csv.cases.filter(({ status: one }: { status: string }) => one === "unsupported");
    expect(first.reason.zh).to.match(/\p{Script=Han}/u);
    expect(first.reason.en).to.match(/^[a-z]/);
    expect(stdout).to.include("keys/null-keys: rows without a key are in the last range");
  });

  it("refuses an engine or a case that it does not know, with its usage and exit code 2", async () => {
    for (const args of [["--engine", "postgres,dbase"], ["--case", "no-such/"], ["--fast"]]) {
      const { status, stderr } = await run([...args, "--lang=zh"]);
      expect(status).to.equal(2);
      expect(stderr).to.match(/^用法：/);
    }
  });
});
