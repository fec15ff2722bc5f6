import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../contracts/package-root.ts";
import { runStage } from "./stage-process.ts";
import { closingLine, mochaResult, type StageResult, stepResult, sum } from "./test-result.ts";
import { unitSpecs } from "./test-stages.ts";

describe("the result of a test run", () => {
  const folder = mkdtempSync(join(tmpdir(), "duijie-test-result-"));
  const resultFile = join(folder, "result.json");

  after(() => rmSync(folder, { recursive: true }));

  function resultOf(content: unknown, exitCode: number): StageResult {
    writeFileSync(resultFile, JSON.stringify(content));
    return mochaResult("unit", exitCode, resultFile);
  }

  it("counts a step as one", () => {
    const total = sum([stepResult("format", 0), stepResult("types", 2), stepResult("lint", 0)]);
    expect(closingLine(total)).to.equal("2 passed, 1 failed, 0 skipped");
    expect(total.failed).to.deep.equal(["types (exit 2)"]);
  });

  it("counts a mocha stage by its tests", () => {
    const result = resultOf({ passed: 3, failed: ["a"], skipped: [{ title: "b", reason: "c" }] }, 1);
    expect(closingLine(result)).to.equal("3 passed, 1 failed, 1 skipped");
    expect(result.skipped).to.deep.equal([{ title: "b", reason: "c" }]);
  });

  it("takes a stage where nothing ran, or all was skipped, as failed", () => {
    const skipped = [{ title: "b", reason: "c" }];
    expect(resultOf({ passed: 0, failed: [], skipped: [] }, 0).failed).to.deep.equal(["unit: no test ran"]);
    expect(resultOf({ passed: 0, failed: [], skipped }, 0).failed).to.deep.equal(["unit: no test ran"]);
  });

  it("takes mocha's early end as failed, also with exit code 0", () => {
    const gone = mochaResult("unit", 0, join(folder, "none.json"));
    expect(gone.failed).to.deep.equal(["unit: mocha ended early (exit 0)"]);
  });

  it("takes an exit code that the counts do not explain as failed", () => {
    expect(resultOf({ passed: 3, failed: [], skipped: [] }, 7).failed).to.deep.equal(["unit: exit 7"]);
  });
});

describe("the test reporter", () => {
  mkdirSync(join(packageRoot, ".duijie"), { recursive: true });
  // Below the clone, so that the test can import the project's modules.
  const folder = mkdtempSync(join(packageRoot, ".duijie", "reporter-"));
  const resultFile = join(folder, "result.json");

  after(() => rmSync(folder, { recursive: true }));

  async function runMocha(test: string, signal = new AbortController().signal): Promise<StageResult> {
    const file = join(folder, "one.test.ts");
    writeFileSync(file, test);
    rmSync(resultFile, { force: true });
    const exitCode = await runStage({
      args: ["node_modules/mocha/bin/mocha.js", "--reporter", "scripts/test-reporter.mjs", file],
      cwd: packageRoot,
      env: { ...process.env, DUIJIE_TEST_RESULT: resultFile },
      timeLimitMs: 60_000,
      signal,
      onOutput: () => {},
    });
    return mochaResult("one", exitCode, resultFile);
  }

  it("tells what passed, what failed, hooks too, and why something was skipped", async function () {
    this.timeout(60_000);
    const skip = JSON.stringify(join(packageRoot, "test", "support", "skip.ts"));
    const result = await runMocha(`
      import { skip } from ${skip};
      describe("a", () => {
        it("passes", () => {});
        it("fails", () => { throw new Error("no"); });
        it("is skipped", function () { skip(this, "no such server"); });
        it.skip("is left out", () => {});
        describe("b", () => { before(function () { skip(this, "nothing here"); }); it("waits", () => {}); });
        describe("c", () => { after(() => { throw new Error("no"); }); it("passes", () => {}); });
      });`);
    expect(result.passed).to.equal(2);
    expect(result.failed).to.deep.equal(["a fails", 'a c "after all" hook for "passes"']);
    expect(result.skipped).to.deep.equal([
      { title: "a is skipped", reason: "no such server" },
      { title: "a is left out", reason: "no reason given" },
      { title: "a b waits", reason: "nothing here" },
    ]);
  });
});

describe("the stages of npm test", () => {
  it("run the same unit tests as npm run check", () => {
    const text = readFileSync(join(packageRoot, "package.json"), "utf8");
    for (const spec of unitSpecs) expect(text).to.contain(JSON.stringify(`"${spec}"`).slice(1, -1));
  });
});
