import { expect } from "chai";
import { LogFile } from "./log-file.ts";

describe("a log file whose disk runs full", () => {
  /** A disk with so many bytes left. */
  function disk(bytesLeft: number) {
    const state = { left: bytesLeft, text: "" };
    const told: string[] = [];
    const file = new LogFile({
      append: (bytes) => {
        if (state.left === 0) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
        const taken = bytes.subarray(0, state.left);
        state.left -= taken.length;
        state.text += taken.toString("utf8");
        return taken.length;
      },
      tell: (code) => told.push(code),
      now: () => "2026-09-01T00:00:00.000Z",
    });
    return { file, state, told };
  }

  it("loses lines without stopping anybody, and says so once", () => {
    const { file, state, told } = disk(8);
    for (const line of ["one\n", "two\n", "three\n", "four\n"]) file.write(line);
    expect(state.text).to.equal("one\ntwo\n");
    expect(told).to.deep.equal(["ENOSPC"]);
  });

  it("goes on with the number of lines lost, on a line of its own", () => {
    for (const left of [8, 9, 11, 14]) {
      const { file, state, told } = disk(left);
      for (const line of ["one\n", "two\n", "three\n", "four\n"]) file.write(line);
      state.left = 1000;
      file.write("five\n");
      file.write("six\n");
      const lines = state.text.trimEnd().split("\n");
      const lost = lines.findIndex((line) => line.includes("log.lines-lost"));
      const count = left === 14 ? 1 : 2;
      expect(JSON.parse(lines[lost] ?? ""), String(left)).to.deep.equal({
        level: "warn",
        time: "2026-09-01T00:00:00.000Z",
        event: "log.lines-lost",
        count,
      });
      expect(lines.slice(lost + 1)).to.deep.equal(["five", "six"]);
      expect(told).to.deep.equal(["ENOSPC"]);
    }
  });

  it("survives a disk that takes only half of what it would say", () => {
    const { file, state, told } = disk(3);
    file.write("one\n");
    state.left = 20;
    file.write("two\n");
    state.left = 1000;
    file.write("three\n");
    const lines = state.text.trimEnd().split("\n");
    expect(lines[0]).to.equal("one");
    expect(lines.at(-2)).to.include('"count":2');
    expect(lines.at(-1)).to.equal("three");
    expect(told).to.deep.equal(["ENOSPC"]);
  });
});
