import { expect } from "chai";
import { limitFigures, medianRun, megabytes, pathFigures, ratioOf } from "./figures.ts";

const times = { from: 10_000, studentsSettled: 12_000, to: 15_000, runStarted: 9000, runEnded: 15_500 };

describe("figures of the benchmark", () => {
  it("takes the median of the runs as the limit", () => {
    const runs = [1500, 900, 1100].map((length) => ({ from: 0, to: length }));
    expect(medianRun(runs)).to.deep.equal({ from: 0, to: 1100 });
    expect(medianRun(runs.slice(0, 2))).to.deep.equal({ from: 0, to: 900 });
    expect(medianRun([])).to.equal(undefined);
  });

  it("counts a pupil with both guardians as one row on both sides", () => {
    expect(pathFigures(times, 1000)).to.deep.equal({
      rowsPerSecond: 200,
      seconds: 5,
      studentSeconds: 2,
      guardianSeconds: 3,
    });
    const cpu = (name: string, from: number, to: number) => (name === "bench" ? 1 : 2) * (to - from);
    expect(limitFigures([{ from: 0, to: 500 }], 1000, cpu)).to.deep.equal({
      rowsPerSecond: 2000,
      seconds: [0.5],
      cpuMicrosPerRow: { copy: 0.5, postgres: 1 },
    });
  });

  it("never shows a ratio as more than it is, nor memory as less", () => {
    expect(ratioOf({ rowsPerSecond: 1999 }, { rowsPerSecond: 10_000 })).to.equal(0.199);
    expect(ratioOf({ rowsPerSecond: 1 }, null)).to.equal(null);
    expect(megabytes(400 * 1024 * 1024 + 1)).to.equal(401);
  });
});
