import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { digestText, wireDigest } from "./digest.ts";

describe("the wire digest", () => {
  it("writes each value as its byte length and itself, null as a dash", () => {
    expect(digestText(["12", null, "", "汉族", "𠮷", "é"])).to.equal("2:12,-,0:,6:汉族,4:𠮷,2:é");
  });

  it("counts bytes as UTF-8 does, whatever the text", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.string({ unit: "grapheme" }))), (values) => {
        const expected = values.map((value) =>
          value === null ? "-" : `${Buffer.byteLength(value)}:${value}`,
        );
        expect(digestText(values)).to.equal(expected.join(","));
      }),
    );
  });

  it("counts half of a surrogate pair as the three bytes that an encoder would write", () => {
    for (const value of ["\ud842", "\udfb7", "\ud842a", "\udfb7\ud842"]) {
      expect(digestText([value])).to.equal(`${Buffer.byteLength(value)}:${value}`);
    }
  });

  it("differs for records that differ, also where values shift between fields", () => {
    const field = fc.option(fc.string({ unit: fc.constantFrom("1", ":", ",", "-", "中"), maxLength: 4 }));
    const record = fc.array(field, { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(record, record, (left, right) => {
        expect(digestText(left) === digestText(right)).to.equal(
          JSON.stringify(left) === JSON.stringify(right),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it("is the SHA-256 of that text", () => {
    const values = ["2134001636", "汉族", null];
    expect(wireDigest(values)).to.deep.equal(createHash("sha256").update(digestText(values)).digest());
  });
});
