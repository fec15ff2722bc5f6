import { expect } from "chai";
import fc from "fast-check";
import { allFaults, schedule, scheduleDigest } from "./schedule.ts";

const seeds = fc.integer({ min: 1, max: 1_000_000 });
const counts = fc.integer({ min: 0, max: 40 });
const nameOf = ({ kind, target, at }: ReturnType<typeof schedule>[number]) => `${kind} ${target} ${at}`;

describe("the schedule of a fault run", () => {
  it("is the same for the same seed", () => {
    fc.assert(
      fc.property(seeds, counts, (seed, count) => {
        const [one, other] = [schedule(seed, count), schedule(seed, count)];
        expect(one).to.deep.equal(other).and.to.have.length(count);
        expect(scheduleDigest(one)).to.equal(scheduleDigest(other));
      }),
    );
  });

  it("is known by its digest on every machine", () => {
    expect(scheduleDigest(schedule(1, 10))).to.equal("2623075dd50d");
    expect(scheduleDigest(schedule(2, 10))).to.equal("591605d7cf0e");
  });

  it("begins alike, however long it is", () => {
    fc.assert(
      fc.property(seeds, counts, (seed, count) => {
        expect(schedule(seed, 40).slice(0, count)).to.deep.equal(schedule(seed, count));
      }),
    );
  });

  it("differs from seed to seed", () => {
    const digests = Array.from({ length: 100 }, (_, seed) => scheduleDigest(schedule(seed, 10)));
    expect(new Set(digests).size).to.equal(100);
  });

  it("holds, over eight seeds in a row, nearly every fault that there is, and over thirty all", () => {
    const over = (first: number, count: number) =>
      new Set(
        Array.from({ length: count }, (_, at) => schedule(first + at, 10)).flatMap((one) => one.map(nameOf)),
      );
    fc.assert(
      fc.property(seeds, (first) => {
        expect(over(first, 8).size).to.be.at.least(Math.ceil(allFaults().length * 0.75));
      }),
    );
    expect([...over(1, 30)].toSorted()).to.deep.equal([...allFaults()].toSorted());
  });

  it("survives JSON", () => {
    const specs = schedule(7, 20);
    expect(JSON.parse(JSON.stringify(specs))).to.deep.equal(specs);
  });
});
