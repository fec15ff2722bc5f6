import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { textOf } from "./byte-range.ts";
import { digestText } from "./digest.ts";
import { RecordEncoder } from "./record-encoder.ts";

const unit = fc.constantFrom(
  "a",
  "9",
  '"',
  "\\",
  "\n",
  "\u0001",
  "\u007f",
  "é",
  "王",
  "𠮷",
  "\ud800",
  "\udc00",
  "\u2028",
  "/",
);
const value = fc.oneof(
  fc.constant(null),
  fc.string({ unit, maxLength: 12 }),
  fc.string({ unit, minLength: 90, maxLength: 120 }),
  fc.string({ unit: "binary" }),
);

describe("the encoder of records", () => {
  it("writes what JSON.stringify writes, and the digest of the published text", () => {
    const encoder = new RecordEncoder();
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), (values) => {
        const { digest, record } = encoder.encode(values);
        expect(textOf(record)).to.equal(JSON.stringify(values));
        expect(digest).to.equal(createHash("sha256").update(digestText(values)).digest("hex"));
      }),
      { numRuns: 500 },
    );
  });

  it("keeps earlier records when a later one needs a buffer of its own", () => {
    const encoder = new RecordEncoder();
    const all: (string | null)[][] = [
      ["a"],
      ["王".repeat(200_000)],
      ["b", null],
      ["c".repeat(99), "c".repeat(100), "c".repeat(999), "c".repeat(1000)],
    ];
    const encoded = all.map((values) => encoder.encode(values));
    expect(encoded.map(({ record }) => textOf(record))).to.deep.equal(
      all.map((values) => JSON.stringify(values)),
    );
    const digests = all.map((values) => createHash("sha256").update(digestText(values)).digest("hex"));
    expect(encoded.map(({ digest }) => digest)).to.deep.equal(digests);
  });
});
