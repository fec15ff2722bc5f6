import { expect } from "chai";
import fc from "fast-check";
import { rangesOf } from "./range-assigner.ts";

describe("range assignment", () => {
  it("gives neighbouring partitions, the first members one more", () => {
    const members = ["b", "c", "a"].map((memberId) => ({ memberId, topics: ["t"] }));
    const ranges = rangesOf(members, new Map([["t", [3, 0, 2, 1, 4]]]));
    expect(Object.fromEntries(ranges)).to.deep.equal({ a: { t: [0, 1] }, b: { t: [2, 3] }, c: { t: [4] } });
  });

  it("gives a member without a share nothing, and nobody a topic that it does not read", () => {
    const members = [
      { memberId: "a", topics: ["t"] },
      { memberId: "b", topics: ["t", "u"] },
    ];
    const ranges = rangesOf(
      members,
      new Map([
        ["t", [0]],
        ["u", [0]],
      ]),
    );
    expect(Object.fromEntries(ranges)).to.deep.equal({ a: { t: [0] }, b: { u: [0] } });
  });

  it("gives each partition to exactly one member", () => {
    const counts = fc.dictionary(fc.constantFrom("t", "u", "v"), fc.integer({ min: 1, max: 12 }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), counts, (memberCount, topics) => {
        const names = Object.keys(topics);
        const members = Array.from({ length: memberCount }, (_, at) => ({
          memberId: `m${at}`,
          topics: names,
        }));
        const partitions = new Map(
          names.map((name) => [name, Array.from({ length: topics[name] ?? 0 }, (_, at) => at)]),
        );
        const ranges = rangesOf(members, partitions);
        expect([...ranges.keys()].toSorted()).to.deep.equal(members.map(({ memberId }) => memberId));
        for (const [topic, all] of partitions) {
          const given = [...ranges.values()].flatMap((assignment) => assignment[topic] ?? []);
          expect(given.toSorted((a, b) => a - b)).to.deep.equal(all);
        }
      }),
    );
  });
});
