import { expect } from "chai";
import fc from "fast-check";
import { codeTable } from "../contracts/codes.ts";
import type { Conversion } from "../contracts/conversion.ts";
import { DuijieError } from "../contracts/errors.ts";
import { nationalRegions } from "../contracts/regions.ts";
import { entityContract } from "../contracts/registry.ts";
import { isRegionTable } from "../contracts/value-check.ts";
import { compileConversion, refused, roundDecimal, toDecimal, toHalfWidth } from "./conversions.ts";
import { MappingTables } from "./mapping-tables.ts";
import { createRecordMapper } from "./record-mapper.ts";

const student = entityContract("student");

function convert(conversion: Conversion, value: string, field = "name"): string | null | typeof refused {
  const contract = student.fields[student.indexOf(field)];
  if (contract === undefined) throw new Error(field);
  return compileConversion(conversion, contract).convert(value);
}

describe("conversions", () => {
  const cases: readonly (readonly [Conversion, string, string | null | typeof refused])[] = [
    ["trim", "　a b ", "a b"],
    ["halfWidth", "ＡＢ１２－３ｘ　王", "AB12-3x 王"],
    ["upper", "ab-1ß王", "AB-1ß王"],
    ["emptyToNull", "", null],
    ["emptyToNull", "0", "0"],
    ["boolean", "true", "1"],
    ["boolean", "f", "0"],
    ["boolean", "TRUE", refused],
    ["boolean", "2", refused],
    [{ date: "YYYY-MM-DD" }, "2012-02-29", "20120229"],
    [{ date: "YYYY-MM-DD" }, "2013-02-29", refused],
    [{ date: "YYYY-MM-DD" }, "2013-2-09", refused],
    [{ date: "YYYY-MM-DD" }, "2013-12-091", refused],
    [{ date: "YYYYMMDD" }, "20130506", "20130506"],
    [{ date: "YYYYMMDD" }, "2013-05-06", refused],
    [{ date: "YYYY/M/D" }, "2013/5/6", "20130506"],
    [{ date: "YYYY/M/D" }, "2013/12/31", "20131231"],
    [{ date: "DD.MM.YYYY" }, "31.12.2013", "20131231"],
    [{ date: "DD.MM.YYYY" }, "12.31.2013", refused],
    [{ date: "YYYY年M月D日" }, "2013年5月6日", "20130506"],
    [{ date: "YYYY-MM-DD HH:mm:ss" }, "2013-05-06 00:00:00", "20130506"],
    [{ date: "YYYY-MM-DD HH:mm:ss" }, "2013-05-05 16:00:00", refused],
    [{ date: "YYYY-MM-DD HH:mm:ss.S" }, "2013-05-06 00:00:00.0", "20130506"],
    [{ month: "YYYY-MM" }, "2019-09", "201909"],
    [{ month: "YYYY-MM" }, "2019-13", refused],
    [{ month: "YYYY-MM-DD" }, "2019-09-01", "201909"],
    [{ month: "YYYY-MM-DD" }, "2019-09-31", refused],
    [{ decimal: 1 }, "1.5", "1.5"],
    [{ decimal: 1 }, "2", "2.0"],
    [{ decimal: 1 }, "007.50", "7.5"],
    [{ decimal: 1 }, ".5", "0.5"],
    [{ decimal: 1 }, "-0.0", "0.0"],
    [{ decimal: 1 }, "-3", "-3.0"],
    [{ decimal: 0 }, "6.00", "6"],
    [{ decimal: 1 }, "1.25", refused],
    [{ decimal: 1 }, "1,5", refused],
    [{ decimal: 1 }, "1e3", refused],
    [{ decimal: 1 }, "5.", refused],
    [{ decimal: 1 }, ".", refused],
    [{ decimal: 1 }, "", refused],
    [{ round: 1 }, "1.25", "1.3"],
    [{ round: 1 }, "1.15", "1.2"],
    [{ round: 1 }, "1.249999", "1.2"],
    [{ round: 1 }, "9.96", "10.0"],
    [{ round: 1 }, "-1.25", "-1.3"],
    [{ round: 0 }, "0.4", "0"],
    [{ round: 1 }, "x", refused],
    [{ padStart: 2 }, "1", "01"],
    [{ padStart: 2 }, "123", "123"],
    [{ padStart: 2 }, "x", "x"],
  ];
  for (const [conversion, value, expected] of cases) {
    const name = `${JSON.stringify(conversion)} of ${JSON.stringify(value)}`;
    it(`${name} is ${expected === refused ? "refused" : JSON.stringify(expected)}`, () => {
      expect(convert(conversion, value)).to.equal(expected);
    });
  }

  it("need a pattern that names each part once, and a code table for names", () => {
    for (const date of [
      "",
      "YYYY-MM",
      "MM-DD",
      "YY-MM-DD",
      "YYYY-MM-DD DD",
      "YYYY-MM-DDTHH",
      "DD MMM YYYY",
    ]) {
      expect(() => convert({ date }, ""), date).to.throw(DuijieError);
    }
    expect(() => convert({ nameToCode: true }, "", "name")).to.throw(DuijieError);
  });
});

describe("conversions there and back", () => {
  const days = fc.date({ min: new Date("1800-01-01"), max: new Date("2199-12-31"), noInvalidDate: true });
  const iso = days.map((day) => day.toISOString().slice(0, 10));

  it("read every day that they wrote, in every pattern", () => {
    const literal = fc.constantFrom("-", "/", ".", "年", " ", "");
    const order = fc.shuffledSubarray(["YYYY", "MM", "DD"], { minLength: 3 });
    fc.assert(
      fc.property(iso, order, literal, (day, parts, sign) => {
        const [year = "", month = "", date = ""] = day.split("-");
        const texts: Record<string, string> = { YYYY: year, MM: month, DD: date };
        const pattern = parts.join(sign);
        const written = parts.map((part) => texts[part]).join(sign);
        expect(convert({ date: pattern }, written)).to.equal(year + month + date);
        expect(convert({ month: pattern }, written)).to.equal(year + month);
      }),
    );
  });

  it("accept exactly the days of the calendar", () => {
    const digits = fc.record({
      year: fc.integer({ min: 1800, max: 2199 }),
      month: fc.integer({ min: 0, max: 13 }),
      day: fc.integer({ min: 0, max: 32 }),
    });
    fc.assert(
      fc.property(digits, ({ year, month, day }) => {
        const pad = (value: number): string => String(value).padStart(2, "0");
        const text = `${year}-${pad(month)}-${pad(day)}`;
        const real = new Date(`${text}T00:00:00Z`);
        const exists = !Number.isNaN(real.getTime()) && real.toISOString().startsWith(text);
        expect(convert({ date: "YYYY-MM-DD" }, text) !== refused).to.equal(exists);
      }),
    );
  });

  it("undo full width", () => {
    const ascii = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((at) => String.fromCharCode(at)),
    });
    fc.assert(
      fc.property(ascii, (text) => {
        const wide = text.replace(/[ -~]/g, (sign) =>
          sign === " " ? "\u3000" : String.fromCharCode(sign.charCodeAt(0) + 0xfee0),
        );
        expect(toHalfWidth(wide)).to.equal(text);
      }),
    );
  });

  it("change no decimal's worth, and round to the nearest", () => {
    const places = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        places,
        places,
        (units, written, wanted) => {
          const scale = 10n ** 4n;
          const worth = (text: string): bigint => {
            const [, sign, whole = "0", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
            const abs = BigInt(whole) * scale + BigInt(fraction.padEnd(4, "0"));
            return sign === "-" ? -abs : abs;
          };
          const text = scaled(units, written);
          const exact = toDecimal(text, wanted);
          if (exact !== refused) expect(worth(exact)).to.equal(worth(text));
          const rounded = roundDecimal(text, wanted);
          expect(rounded).not.to.equal(refused);
          const off = worth(String(rounded)) - worth(text);
          expect((off < 0n ? -off : off) * 2n <= 10n ** BigInt(4 - wanted)).to.equal(true);
        },
      ),
    );
  });

  it("give every unambiguous national name its code", () => {
    for (const field of student.fields) {
      if (field.codeTable === undefined || isRegionTable(field.codeTable)) continue;
      for (const [name, code] of codeTable(field.codeTable).nameToCode) {
        expect(convert({ nameToCode: true }, name, field.name)).to.equal(code);
      }
    }
  });
});

describe("a mapping table", () => {
  const code = fc
    .string({ minLength: 1, maxLength: 6 })
    .filter((text) => text === text.trim() && text !== "");
  const pairs = fc.uniqueArray(fc.tuple(code, fc.constantFrom(...codeTable("ethnicity").codes)), {
    selector: ([source]) => source,
  });
  const at = student.indexOf("ethnicityCode");

  it("gives each source code its own target and a value to nothing else", () => {
    fc.assert(
      fc.property(pairs, fc.array(fc.oneof(code, fc.string())), (entries, others) => {
        const known = new Map(entries);
        const map = createRecordMapper(
          student,
          [{ field: "ethnicityCode", from: { column: 0 }, convert: [], codes: "mz" }],
          new MappingTables(
            "1",
            entries.map(([sourceCode, targetCode]) => ({ table: "mz", sourceCode, targetCode })),
          ),
          nationalRegions(),
        );
        for (const raw of [...known.keys(), ...others, ...known.keys()]) {
          const { values, findings } = map([raw]);
          const source = raw.trim();
          expect(values[at]).to.equal(known.get(source) ?? null);
          expect(findings).to.have.length(source === "" || known.has(source) ? 0 : 1);
        }
      }),
    );
  });

  it("undoes itself where it gives each target once", () => {
    const bijections = fc
      .uniqueArray(fc.tuple(code, fc.constantFrom(...codeTable("ethnicity").codes)), {
        comparator: (one, other) => one[0] === other[0] || one[1] === other[1],
      })
      .map((entries) => entries.map(([sourceCode, targetCode]) => ({ table: "mz", sourceCode, targetCode })));
    fc.assert(
      fc.property(bijections, (entries) => {
        const there = new MappingTables("1", entries);
        const back = new MappingTables(
          "1",
          entries.map((one) => ({ table: "mz", sourceCode: one.targetCode, targetCode: one.sourceCode })),
        );
        for (const { sourceCode } of entries) {
          expect(back.lookup("mz", there.lookup("mz", sourceCode) ?? "")).to.equal(sourceCode);
        }
        expect(there.table("mz").size).to.equal(entries.length);
      }),
    );
  });
});

/** `units` with the point so many places from the right, written without any binary fraction. */
function scaled(units: number, places: number): string {
  const digits = String(Math.abs(units)).padStart(places + 1, "0");
  const point = digits.length - places;
  const fraction = places === 0 ? "" : `.${digits.slice(point)}`;
  return `${units < 0 ? "-" : ""}${digits.slice(0, point)}${fraction}`;
}
