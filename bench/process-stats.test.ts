import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { childProcesses, parseProcessStats, processStats } from "./process-stats.ts";

const stat =
  "4711 (postgres: a) b (c) S 1 4711 4711 0 -1 4194560 5000 90000 3 7 120 30 400 50 20 0 1 0 987654 381000000 9000 18446744073709551615 1 1 0";
const status = [
  "Name:\tpostgres",
  "VmPeak:\t  400000 kB",
  "VmHWM:\t   52000 kB",
  "VmRSS:\t   50000 kB",
  "RssAnon:\t    8000 kB",
  "RssFile:\t    2000 kB",
  "RssShmem:\t   40000 kB",
].join("\n");

describe("process statistics", () => {
  it("reads times and memory, whatever the process calls itself", () => {
    expect(parseProcessStats(stat, status)).to.deep.equal({
      cpuMicros: 1_500_000,
      endedChildrenCpuMicros: 4_500_000,
      privateBytes: 8000 * 1024,
      sharedBytes: 40_000 * 1024,
      residentPeakBytes: 52_000 * 1024,
    });
  });

  it("takes what the kernel does not say as zero", () => {
    expect(parseProcessStats(stat, "Name:\tkthreadd")).to.deep.include({
      privateBytes: 0,
      residentPeakBytes: 0,
    });
  });

  it("says nothing of a process that is not there", () => {
    expect(processStats(2 ** 30)).to.equal(undefined);
    expect(childProcesses(2 ** 30)).to.deep.equal([]);
  });

  it("sees this process and its children", async function () {
    if (process.platform !== "linux") this.skip();
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    await once(child, "spawn");
    try {
      const own = processStats(process.pid);
      expect(own?.cpuMicros).to.be.greaterThan(0);
      expect(own?.residentPeakBytes).to.be.at.least(own?.privateBytes ?? Number.POSITIVE_INFINITY);
      expect(childProcesses(process.pid).map(({ pid }) => pid)).to.include(child.pid);
    } finally {
      child.stdin?.end();
      await once(child, "exit");
    }
  });
});
