import { expect } from "chai";
import fc from "fast-check";
import { entityContract } from "../contracts/registry.ts";
import { type BatchForm, BatchTextReader, batchEnd, batchFrame } from "./batch-text.ts";
import type { WireRecord } from "./registry-port.ts";

const contract = entityContract("guardian");
const width = contract.fields.length;
const frame = batchFrame("34", contract);
const batchId = 1234n;
const form = { province: "34", contract, batchId, faultOf: () => null };

type Values = readonly (string | null)[];
type Head = readonly ["upsert" | "delete", string, null, number, number | null, number];

const headOf = (key: string): Head => ["upsert", key, null, 1234, null, 0];

function batchOf(records: readonly (readonly [Head, Values])[]): Buffer {
  const lines = records.map(([head, values]) => `\n${JSON.stringify([...head, ...values])}`);
  return Buffer.from(`${frame}${lines.join(",")}${batchEnd}`, "utf8");
}

const read = (bytes: Buffer, different: Partial<BatchForm> = {}) =>
  BatchTextReader.read(bytes, { ...form, ...different })?.map(({ record }) => record) ?? null;

/** Few different values, so that neighbours share some. */
const value = fc.oneof(
  fc.constantFrom(null, "", "1", "20", "201", "欧阳", "𠮷野", "é"),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const head = fc.tuple(
  fc.constantFrom("upsert" as const, "delete" as const),
  fc.oneof(fc.stringMatching(/^[0-9a-z]{1,6}$/), fc.string({ unit: "binary", minLength: 1, maxLength: 4 })),
  fc.constant(null),
  fc.constant(1234),
  fc.option(fc.nat(), { nil: null }),
  fc.nat({ max: 3 }),
);
const record = fc.tuple(head, fc.array(value, { minLength: width, maxLength: width }));

function expectSame(found: readonly WireRecord[], records: readonly (readonly [Head, Values])[]): void {
  expect(found.map(({ values }) => values)).to.deep.equal(records.map(([, values]) => values));
  expect(
    found.map((one) => [one.op, one.key, one.previousKey, one.baseNationalVersion, one.custodyEpoch]),
  ).to.deep.equal(
    records.map(([[op, key, previousKey, , base, epoch]]) => [
      op,
      key,
      previousKey,
      base === null ? null : BigInt(base),
      epoch,
    ]),
  );
  for (const { key, line, parents, values } of found) {
    if (line === undefined) expect(JSON.stringify([key, values])).to.include("\\");
    else expect(parents).to.deep.equal(contract.parents.map(({ field }) => values[contract.indexOf(field)]));
  }
  expect(found.every(({ ordinal, version }, at) => ordinal === at && version === batchId)).to.equal(true);
}

describe("the text of a batch", () => {
  it("is read as a parser reads it, whatever its values are", () => {
    let escaped = 0;
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), (records) => {
        const found = read(batchOf(records));
        // Left to the parser as a whole: it alone looks for what no database can store.
        expect(found === null).to.equal(JSON.stringify(records).includes("\\u0000"));
        if (found === null) return;
        escaped += found.filter(({ line }) => line === undefined).length;
        expectSame(found, records);
      }),
      { numRuns: 300, seed: 7 },
    );
    expect(escaped).to.be.greaterThan(100);
  });

  it("is never read otherwise than a parser reads it, whichever byte of it is changed", () => {
    const values: Values = contract.fields.map((_, at) => [null, "1", "欧阳", "20"][at % 4] ?? null);
    const bytes = batchOf([
      [headOf("a1"), values],
      [headOf("a2"), values],
    ]);
    let refused = 0;
    for (let at = frame.length - 5; at < bytes.length; at += 1) {
      for (const byte of [0, 9, 0x20, 0x22, 0x2c, 0x30, 0x41, 0x5b, 0x5c, 0x5d, 0x7f]) {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        const found = read(changed);
        if (found === null) refused += 1;
        else {
          const { records } = JSON.parse(changed.toString("utf8")) as { records: unknown[][] };
          expect(found.map(({ values: [...all] }) => all)).to.deep.equal(records.map((one) => one.slice(6)));
          expect(records.every((one) => one[3] === 1234 && one[1] !== "")).to.equal(true);
        }
      }
    }
    expect(refused).to.be.greaterThan(1000);
  });

  it("is judged record by record, a deletion never", () => {
    const [good, bad] = ["1", "9"].map((one) => contract.fields.map(() => one));
    const gone: Head = ["delete", "a3", null, 1234, null, 0];
    const bytes = batchOf([
      [headOf("a1"), good ?? []],
      [headOf("a2"), bad ?? []],
      [headOf('"escaped"'), bad ?? []],
      [gone, bad ?? []],
    ]);
    const faultOf = (values: Values) => (values[0] === "9" ? "name" : null);
    const opened = BatchTextReader.read(bytes, { ...form, faultOf });
    expect(opened?.map(({ fault }) => fault)).to.deep.equal([null, "name", "name", null]);
  });

  it("is left to the parser when it is cut anywhere, is empty, of another batch or another frame", () => {
    const whole = batchOf([[headOf("a1"), contract.fields.map(() => "1")]]);
    for (let at = 0; at < whole.length; at += 1) expect(read(whole.subarray(0, at))).to.equal(null);
    expect(read(Buffer.concat([whole, Buffer.from(" ")]))).to.equal(null);
    expect(read(batchOf([]))).to.equal(null);
    expect(read(whole, { batchId: 1235n })).to.equal(null);
    expect(read(whole, { province: "35" })).to.equal(null);
    expect(read(Buffer.from(whole.toString().replace("records", " records")))).to.equal(null);
    expect(read(whole)).to.have.length(1);
  });
});
