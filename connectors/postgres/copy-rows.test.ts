import { expect } from "chai";
import fc from "fast-check";
import { textOf } from "../../contracts/byte-range.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { type Charset, decode, encode } from "../charset.ts";
import { type CopyRow, CopyRowReader, cutRows } from "./copy-rows.ts";

/** What PostgreSQL's documentation of COPY says that the server writes; byte by byte, as it does for SQL_ASCII. */
function copyField(bytes: Buffer): Buffer {
  const letters: Readonly<Record<number, string>> = {
    8: "b",
    9: "t",
    10: "n",
    11: "v",
    12: "f",
    13: "r",
    92: "\\",
  };
  return Buffer.concat(
    [...bytes].map((byte) =>
      letters[byte] === undefined ? Buffer.from([byte]) : Buffer.from(`\\${letters[byte]}`),
    ),
  );
}

function copyText(rows: readonly (readonly (string | null)[])[], charset: Charset): Buffer {
  const lines = rows.map((row) => {
    const fields = row.map((field) =>
      field === null ? Buffer.from("\\N") : copyField(encode(field, charset) ?? Buffer.of()),
    );
    return Buffer.concat(
      fields.flatMap((field, index) => (index === 0 ? [field] : [Buffer.from("\t"), field])),
    );
  });
  return Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]));
}

/** Pushes the bytes cut at these places. */
function readIn(bytes: Buffer, cuts: readonly number[], fieldCount: number, charset: Charset): CopyRow[] {
  const reader = new CopyRowReader(fieldCount, charset);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  const starts = [0, ...places];
  const rows = starts.flatMap((start, index) =>
    reader.push(Buffer.from(bytes.subarray(start, places[index] ?? bytes.length))),
  );
  expect(reader.rowCount).to.equal(rows.length);
  return rows;
}

const text = fc
  .oneof(
    fc.string({
      unit: fc.constantFrom("\\", "N", "\t", "\n", "\r", "\b", "\v", "\f", "a", "王", "誠", "𠮷", "'", "."),
    }),
    fc.string({ unit: "binary" }),
  )
  .filter((any) => !any.includes("\uFFFD") && !/[\uE78D-\uE864]/.test(any) && !any.includes("\0"));
const table = (fieldCount: number) =>
  fc.array(fc.array(fc.option(text), { minLength: fieldCount, maxLength: fieldCount }), { maxLength: 12 });

describe("reading COPY", () => {
  for (const charset of ["utf8", "gb18030"] as const) {
    it(`gives back every row in ${charset}, wherever the stream is cut`, () => {
      fc.assert(
        fc.property(table(3), fc.array(fc.nat(400), { maxLength: 8 }), (rows, cuts) => {
          const read = readIn(copyText(rows, charset), cuts, 3, charset);
          expect(read.map(({ fields }) => fields)).to.deep.equal(rows);
          const lines = read.flatMap(({ line }) =>
            line === undefined ? [] : cutRows(`${textOf(line)}\n`, 3),
          );
          expect(lines).to.deep.equal(charset === "utf8" ? rows : []);
        }),
      );
    });
  }

  it("gives the same rows by the fast way and by the way byte by byte", () => {
    fc.assert(
      fc.property(table(2), (rows) => {
        const bytes = copyText(rows, "utf8");
        const slow = Buffer.concat([bytes, Buffer.from("ff\xff\tx\n", "latin1")]);
        const read = readIn(slow, [], 2, "utf8");
        const fast = readIn(bytes, [], 2, "utf8").map(({ fields }) => ({ fields }));
        expect(read.slice(0, -1)).to.deep.equal(fast);
        expect(read.at(-1)?.unreadable).to.deep.equal({ index: 0, hex: "6666ff" });
      }),
    );
  });

  it("says which field is unreadable and keeps the others", () => {
    const bytes = Buffer.from("a\t\xcd\xf5\t\xff\\\\\t\xff\nb\t\\N\tc\td\n", "latin1");
    expect(readIn(bytes, [], 4, "gb18030")).to.deep.equal([
      { fields: ["a", "王", null, null], unreadable: { index: 2, hex: "ff5c" } },
      { fields: ["b", null, "c", "d"] },
    ]);
  });

  it("reads a GBK pair whose second byte is a backslash", () => {
    expect(decode(Buffer.from("d55c", "hex"), "gbk")).to.equal("誠");
    expect(readIn(Buffer.from("\xd5\\\\\tb\n", "latin1"), [], 2, "gbk")[0]?.fields).to.deep.equal([
      "誠",
      "b",
    ]);
  });

  it("joins a row of many pieces once, when its end has come", () => {
    const reader = new CopyRowReader(1, "utf8");
    for (let piece = 0; piece < 1000; piece++) expect(reader.push(Buffer.alloc(100, "x"))).to.deep.equal([]);
    expect(reader.push(Buffer.from("\n"))[0]?.fields[0]).to.have.length(100_000);
  });

  it("tells NULL from text that looks like it", () => {
    expect(cutRows("\\N\t\\\\N\t\n", 3)).to.deep.equal([[null, "\\N", ""]]);
  });

  it("refuses a row with too few fields rather than read on", () => {
    expect(() => cutRows("a\n", 2))
      .to.throw(DuijieError)
      .with.property("code", "INVARIANT_BROKEN");
  });
});
