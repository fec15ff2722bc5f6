import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { cpuBetween, ProcessSampler } from "./process-sampler.ts";

const marks = [
  { at: 1000, cpuMicros: 100 },
  { at: 2000, cpuMicros: 300 },
  { at: 4000, cpuMicros: 300 },
  { at: 5000, cpuMicros: 1300 },
];

describe("the sampler of processes", () => {
  it("tells the CPU of any span, on a line between its looks", () => {
    expect(cpuBetween(marks, 1000, 5000)).to.equal(1200);
    expect(cpuBetween(marks, 1500, 3000)).to.equal(100);
    expect(cpuBetween(marks, 4500, 4750)).to.equal(250);
  });

  it("counts nothing before the first look and after the last", () => {
    expect(cpuBetween(marks, 0, 900)).to.equal(0);
    expect(cpuBetween(marks, 0, 1500)).to.equal(100);
    expect(cpuBetween(marks, 5000, 9000)).to.equal(0);
    expect(cpuBetween([], 0, 9000)).to.equal(0);
  });

  it("keeps the peak of a process that has ended", async function () {
    if (process.platform !== "linux") this.skip();
    const child = spawn(process.execPath, ["-e", "process.stdin.resume(); console.log('up')"], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    // Before that it is not yet the program that it becomes.
    if (child.stdout !== null) await once(child.stdout, "data");
    const sampler = new ProcessSampler();
    sampler.watch("child", child.pid ?? 0);
    child.stdin?.end();
    await once(child, "exit");
    sampler.stop();
    expect(sampler.names).to.deep.equal(["child"]);
    expect(sampler.peakBytes("child")).to.be.greaterThan(1024 * 1024);
    expect(sampler.peakBytes("nobody")).to.equal(0);
  });
});
