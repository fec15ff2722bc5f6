import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../contracts/package-root.ts";

const folder = mkdtempSync(join(tmpdir(), "duijie-scripts-"));
after(() => rmSync(folder, { recursive: true }));

/** Runs code that has the plain JavaScript module under the name `it`. */
function program(module: string, code: string): string[] {
  const address = JSON.stringify(new URL(module, import.meta.url).href);
  return ["--input-type=module", "-e", `const it = await import(${address}); ${code}`];
}

describe("npm run", () => {
  const run = (args: string[]) =>
    spawnSync(process.execPath, [join(packageRoot, "scripts", "run.mjs"), ...args], { encoding: "utf8" });

  it("refuses what it does not know, in the reader's language, with exit code 2", () => {
    const english = run(["fly", "--lang", "en"]);
    expect([english.status, english.stderr.startsWith("usage: ")]).to.deep.equal([2, true]);
    const chinese = run(["fly", "--lang=zh"]);
    expect([chinese.status, chinese.stderr.startsWith("用法：")]).to.deep.equal([2, true]);
    expect(run(["constructor"]).status).to.equal(2);
  });
});

describe("a command in the foreground", () => {
  const child = (code: string) =>
    program(
      "child.mjs",
      `process.exitCode = await it.runInForeground(process.execPath, ["-e", ${JSON.stringify(code)}]);`,
    );

  it("gives its exit code back", () => {
    expect(spawnSync(process.execPath, child("process.exit(3)")).status).to.equal(3);
  });

  it("gives a signal that ended it back as a shell does", () => {
    expect(spawnSync(process.execPath, child('process.kill(process.pid, "SIGKILL")')).status).to.equal(137);
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const)
    it(`gets ${signal}, and is waited for`, async () => {
      const code = `process.on("${signal}", () => setTimeout(() => process.exit(7), 50)); console.log("up"); setInterval(() => {}, 1000);`;
      const starter = spawn(process.execPath, child(code), { stdio: ["ignore", "pipe", "ignore"] });
      await once(starter.stdout, "data");
      starter.kill(signal);
      const [exitCode] = await once(starter, "exit");
      expect(exitCode).to.equal(7);
    });
});

describe("the set-up lock", () => {
  const lock = join(packageRoot, ".duijie", "setup.lock");
  const trace = join(folder, "trace");
  const holder = program(
    "setup-lock.mjs",
    `const { appendFileSync } = await import("node:fs");
     await it.withSetupLock(async () => {
       appendFileSync(${JSON.stringify(trace)}, "in\\n");
       await new Promise((resolve) => setTimeout(resolve, 100));
       appendFileSync(${JSON.stringify(trace)}, "out\\n");
     });`,
  );

  it("lets one process in at a time", async () => {
    const processes = [1, 2, 3].map(() => spawn(process.execPath, holder, { stdio: "ignore" }));
    await Promise.all(processes.map((one) => once(one, "exit")));
    expect(readFileSync(trace, "utf8")).to.equal("in\nout\n".repeat(3));
    expect(existsSync(lock)).to.equal(false);
  });

  it("is taken over from a process that was killed", () => {
    const dead = spawnSync(process.execPath, ["-e", "console.log(process.pid)"], { encoding: "utf8" });
    writeFileSync(lock, dead.stdout.trim());
    expect(spawnSync(process.execPath, holder, { timeout: 8000 }).status).to.equal(0);
  });
});

describe("Node's version", () => {
  it("is checked before anything is installed", () => {
    const code = `Object.defineProperty(process.versions, "node", { value: "20.18.3" });
      await it.setUp().catch((error) => console.log(error.code, JSON.stringify(error.params)));`;
    const result = spawnSync(process.execPath, program("setup.mjs", code), { encoding: "utf8" });
    expect(result.stdout).to.equal('NODE_TOO_OLD {"found":"20.18.3","needed":"20.19"}\n');
  });
});
