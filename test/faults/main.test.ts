import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { packageRoot } from "../../contracts/package-root.ts";
import { schedule, scheduleDigest } from "./schedule.ts";

const run = promisify(execFile);

describe("the command of the fault run", function () {
  this.timeout(60_000);
  const program = join(packageRoot, "test", "faults", "main.ts");
  const start = async (...args: readonly string[]) =>
    await run(process.execPath, ["--import=tsx", program, ...args], { cwd: packageRoot });

  it("prints a plan, outside of any test run", async () => {
    const { stdout } = await start("--plan", "--seed", "3", "--seeds", "2", "--faults", "4");
    const lines = stdout.trim().split("\n");
    expect(lines[0]).to.equal(`seed 3: schedule ${scheduleDigest(schedule(3, 4))}`);
    expect(lines.slice(1, 5).map((line): unknown => JSON.parse(line))).to.deep.equal(schedule(3, 4));
    expect(lines).to.have.length(10);
  });

  it("says what is wrong with an argument", async () => {
    const failed = await start("--seeds", "none").catch((error: unknown) => error);
    expect(failed).to.include({ code: 2 });
    expect(String(failed)).to.include("--seeds none: a whole number");
  });
});
