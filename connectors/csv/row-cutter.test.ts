import { expect } from "chai";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { RowCutter } from "./row-cutter.ts";
import { rowFields } from "./row-fields.ts";

const format = { separator: ",", nullText: "" };
const place = () => ({ line: 1 });

/** Cuts `bytes` in pieces of the given sizes, and its rows into fields. */
function read(bytes: Buffer, sizes: readonly number[]) {
  const cutter = new RowCutter(format, {}, 0);
  const rows = [];
  let at = 0;
  for (const size of sizes) {
    rows.push(...cutter.push(bytes.subarray(at, at + size)));
    at += size;
  }
  rows.push(...cutter.push(bytes.subarray(at)), ...cutter.end());
  return rows.map(({ text, offset, line }) => ({
    fields: rowFields(text, format, place),
    bytes: bytes.subarray(offset, offset + text.length).toString("latin1") === text,
    line,
  }));
}

const character = fc.constantFrom("a", '"', ",", "\n", "\r", " ", "\\", "é");
const field = fc.option(fc.string({ unit: character, maxLength: 6 }), { nil: null });
const table = fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 8 });
const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 });
const lineEnd = fc.constantFrom("\n", "\r\n");

function written(value: string | null): string {
  if (value === null) return "";
  return value === "" || /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

describe("rows of a CSV file", () => {
  it("are read as they were written, wherever the chunks end", () => {
    fc.assert(
      fc.property(table, sizes, lineEnd, fc.boolean(), (rows, cuts, end, isEnded) => {
        const text = rows.map((row) => row.map(written).join(",")).join(end) + (isEnded ? end : "");
        const found = read(Buffer.from(text, "latin1"), cuts);
        expect(found.map(({ fields }) => fields)).to.deep.equal(rows);
        expect(found.every(({ bytes }) => bytes)).to.equal(true);
      }),
    );
  });

  it("are cut as another parser cuts them", () => {
    fc.assert(
      fc.property(table, sizes, lineEnd, (rows, cuts, end) => {
        const text = rows.map((row) => row.map(written).join(",")).join(end) + end;
        const theirs: string[][] = parse(text, { relax_column_count: true, record_delimiter: end });
        const ours = read(Buffer.from(text, "latin1"), cuts).map(({ fields }) =>
          fields.map((one) => one ?? ""),
        );
        expect(ours).to.deep.equal(theirs);
      }),
    );
  });

  it("know their line as an editor counts it", () => {
    const rows = read(Buffer.from('a,b\n"x\ny",c\n\nd,"\n\n"\ne,f'), [3, 5]);
    expect(rows.map(({ line }) => line)).to.deep.equal([1, 2, 4, 5, 8]);
  });
});
