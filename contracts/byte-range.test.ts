import { expect } from "chai";
import fc from "fast-check";
import { ByteSlab, textOf } from "./byte-range.ts";

describe("a slab of bytes", () => {
  it("gives back every text, also those that need a buffer of their own", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "王", "𠮷", "é", "\n") });
    fc.assert(
      fc.property(fc.array(text), fc.nat(300_000), (texts, length) => {
        const slab = new ByteSlab();
        const all = [...texts, "长".repeat(length), ...texts];
        const ranges = all.map((one) => slab.append(one));
        expect(ranges.map(textOf)).to.deep.equal(all);
      }),
      { numRuns: 20 },
    );
  });
});
