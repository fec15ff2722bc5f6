import { expect } from "chai";
import fc from "fast-check";
import { BirthLedger } from "./birth-ledger.ts";
import { mergeByKey } from "./checker-rows.ts";
import { checkCharacter, citizenId, withWrongCheck } from "./citizen-id.ts";
import { DefectSchedule } from "./defects.ts";
import { gradesOf, planProvince } from "./province-plan.ts";
import { regionsOfProvince } from "./region-data.ts";
import { SeededRandom } from "./seeded-random.ts";
import { jsonText } from "./text-files.ts";

describe("parts of the demo", () => {
  it("computes the check character of the national standard's own examples", () => {
    expect(checkCharacter("11010519491231002")).to.equal("X");
    expect(checkCharacter("44052418800101001")).to.equal("4");
    expect(withWrongCheck(citizenId("340102", "20150301", 7)).slice(17)).not.to.equal(
      checkCharacter("34010220150301007"),
    );
  });

  it("draws the same numbers for the same seed and others for another stream", () => {
    const draw = (...parts: (string | number)[]) =>
      Array.from(
        { length: 5 },
        (
          (r) => () =>
            r.next()
        )(new SeededRandom(...parts)),
      );
    expect(draw("7", "school", 1)).to.deep.equal(draw("7", "school", 1));
    expect(draw("7", "school", 1)).not.to.deep.equal(draw("7", "school", 2));
  });

  it("never deals the same birth date and sequence twice in a county", () => {
    const births = new BirthLedger();
    const seen = new Set(
      Array.from({ length: 3000 }, (_, at) => JSON.stringify(births.take("340102", 2015, at % 2 === 0))),
    );
    expect(seen.size).to.equal(3000);
  });

  it("plants each kind as often as asked, whatever the size", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 3000 }),
        fc.integer({ min: 0, max: 5 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (pupils, perKind, phase) => {
          const schedule = new DefectSchedule(["a", "b", "c"], perKind, pupils, phase);
          const planted = Array.from({ length: pupils }, (_, at) => schedule.at(at)).filter(
            (kind) => kind !== null,
          );
          expect(planted.toSorted()).to.deep.equal(
            ["a", "b", "c"].flatMap((kind) => Array.from({ length: perKind }, () => kind)),
          );
        },
      ),
    );
  });

  it("plans exactly the pupils that are asked for", () => {
    for (const students of [1, 50, 2000, 31_337]) {
      const plan = planProvince({ seed: "s", province: "34", students });
      const seats = plan.schools
        .flatMap(gradesOf)
        .flatMap((grade) => grade.classes)
        .reduce((sum, one) => sum + one.pupils, 0);
      expect(seats).to.equal(students);
      expect(new Set(plan.schools.map((school) => school.schoolId)).size).to.equal(plan.schools.length);
    }
  });

  it("knows the regions of every province, and codes that were divided", () => {
    for (const province of ["11", "34", "46", "65"]) {
      const { regions, counties, split } = regionsOfProvince(province);
      expect(regions.length).to.be.greaterThan(counties.length);
      expect(split.length).to.be.greaterThan(0);
    }
    expect(regionsOfProvince("34").split).to.include("341424");
    expect(regionsOfProvince("34").renamed).to.deep.include({ oldCode: "340823", newCode: "340722" });
  });

  it("writes JSON text that reads back", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => JSON.parse(jsonText(text)) === text));
  });

  it("merges two ordered streams and refuses a stream out of order", async () => {
    const merge = async (left: string[], right: string[]) => {
      const found: string[] = [];
      for await (const { key, left: l, right: r } of mergeByKey(
        stream(left),
        stream(right),
        (k) => k,
        (k) => k,
      )) {
        found.push(`${key}${l === undefined ? "-" : "l"}${r === undefined ? "-" : "r"}`);
      }
      return found;
    };
    // U+FF41 sorts after a surrogate pair in UTF-16, before it in bytes.
    expect(await merge(["a", "b", "ａ"], ["b", "ａ", "𠮷"])).to.deep.equal(["al-", "blr", "ａlr", "𠮷-r"]);
    const failed = await merge(["b", "a"], []).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failed).to.be.instanceOf(RangeError);
  });
});

async function* stream(keys: readonly string[]): AsyncGenerator<string> {
  for (const key of keys) yield await Promise.resolve(key);
}
