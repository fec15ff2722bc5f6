import assert from "node:assert/strict";
import {
  type ConformanceCase,
  type ConformanceHarness,
  type Feature,
  readAll,
  sourceOf,
  type TableColumn,
} from "./harness.ts";

type Example = readonly [stored: string | null, read: string | null];

/** What is stored comes out in its one canonical text. */
export const valueCases: readonly ConformanceCase[] = [
  typeCase("text", "text is read as it is", { type: "text" }, same(["安徽", "a", " a ", "O'Neil"])),
  typeCase(
    "varchar",
    "text of limited length is read as it is",
    { type: "varchar", size: 20 },
    same(["合肥一中", "x "]),
  ),
  typeCase("char", "text of fixed length comes without its padding", { type: "char", size: 8 }, [
    ["ab", "ab"],
    ["12345678", "12345678"],
    ["  a", "  a"],
  ]),
  typeCase(
    "integer",
    "integers are plain digits",
    { type: "integer" },
    same(["0", "-1", "2147483647", "-2147483648"]),
  ),
  typeCase(
    "bigint",
    "large integers keep every digit",
    { type: "bigint" },
    same(["9223372036854775807", "9007199254740993"]),
  ),
  typeCase(
    "numeric-38",
    "38 digits keep every digit",
    { type: "numeric", size: 0 },
    same(["12345678901234567890123456789012345678", "-99999999999999999999999999999999999999"]),
  ),
  typeCase("numeric-scale", "decimals keep the scale of their column", { type: "numeric", size: 2 }, [
    ["1.5", "1.50"],
    ["0", "0.00"],
    ["-0.01", "-0.01"],
  ]),
  typeCase(
    "float",
    "floats are the shortest text that gives the same number",
    { type: "float" },
    same(["0.1", "0.30000000000000004", "-2.5", "123456789.125"]),
  ),
  typeCase("date", "dates are ISO dates", { type: "date" }, same(["2010-09-01", "1999-12-31", "2024-02-29"])),
  typeCase(
    "date-old",
    "old and far dates stay what they are",
    { type: "date" },
    same(["1900-01-01", "0001-01-01", "9999-12-31", "1582-10-10", "1927-12-31"]),
  ),
  typeCase(
    "date-summer-time",
    "the days on which China changed its clocks lose nothing",
    { type: "date" },
    same(["1986-05-04", "1986-09-14", "1991-04-14"]),
  ),
  typeCase("date-infinite", "infinite dates are named", { type: "date" }, same(["infinity", "-infinity"]), [
    "infinite-dates",
  ]),
  typeCase(
    "timestamp",
    "timestamps keep wall time and fraction",
    { type: "timestamp" },
    same([
      "2010-09-01 08:00:00",
      "1986-05-04 00:00:00",
      "1986-05-04 00:30:00",
      "2010-09-01 08:00:00.123456",
      "0001-01-01 00:00:00",
    ]),
  ),
  typeCase(
    "timestamp-with-zone",
    "instants are wall time in China with its offset",
    { type: "timestamp-with-zone" },
    [
      ["2010-09-01 00:00:00+00", "2010-09-01 08:00:00+08"],
      ["2010-08-31 16:00:00+00", "2010-09-01 00:00:00+08"],
      ["1986-07-01 00:00:00+09", "1986-07-01 00:00:00+09"],
    ],
  ),
  typeCase("boolean", "booleans are 1 and 0", { type: "boolean" }, [
    ["true", "1"],
    ["false", "0"],
  ]),
  typeCase("uuid", "UUIDs are lower case", { type: "uuid" }, [
    ["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
  ]),
  {
    id: "values/bytes",
    title: "bytes are plain lower-case hex",
    needs: ["bytes"],
    run: (harness) =>
      roundTrip(harness, { type: "bytes" }, [
        [{ hex: "00ff5c0a09" }, "00ff5c0a09"],
        [{ hex: "" }, ""],
      ]),
  },
  typeCase(
    "null-and-empty",
    "empty text is not NULL",
    { type: "text" },
    [
      ["", ""],
      [null, null],
      [" ", " "],
    ],
    ["empty-text"],
  ),
  typeCase(
    "text-null-lookalikes",
    "text that looks like an engine's NULL is text",
    { type: "text" },
    same(["\\N", "NULL", "null", "\\\\N", "\\"]),
  ),
  typeCase(
    "control-characters",
    "backslash, tab, line breaks and other controls survive",
    { type: "text" },
    same(["a\\tb", "a\tb", "a\nb", "a\r\nb", "\\.", "\b\f\v", "\\n", "end\\", "\u0001\u001b[31m\u007f"]),
  ),
  typeCase(
    "four-byte-han",
    "characters beyond the basic plane survive",
    { type: "text" },
    same(["𠮷野", "𪚥", "𰻞𰻞", "㐀"]),
  ),
  typeCase(
    "private-use",
    "private use characters survive",
    { type: "text" },
    same(["\uE000", "张\uE864", "\u{F0000}"]),
  ),
  typeCase(
    "interpunct",
    "each kind of interpunct stays itself",
    { type: "text" },
    same(["阿依古丽·买买提", "阿依古丽•买买提", "阿依古丽‧买买提", "阿依古丽・买买提", "阿依古丽.买买提"]),
  ),
  typeCase(
    "full-width",
    "full-width digits and letters stay themselves",
    { type: "text" },
    same(["\uFF13\uFF14\uFF10\uFF11", "\uFF38", "\u3000"]),
  ),
  typeCase(
    "composed",
    "composed and decomposed forms stay apart",
    { type: "text" },
    same(["ü", "u\u0308", "\u202e", "a\u200db", "\uFEFFa"]),
  ),
  typeCase(
    "long-text",
    "text of 200 kB is whole",
    { type: "text" },
    same(["合肥\\\t".repeat(20_000), "x".repeat(200_000)]),
  ),
];

function typeCase(
  name: string,
  title: string,
  column: Omit<TableColumn, "name">,
  examples: readonly Example[],
  needs: readonly Feature[] = [],
): ConformanceCase {
  return {
    id: `values/${name}`,
    title,
    needs: [column.type, ...needs],
    run: (harness) => roundTrip(harness, column, examples),
  };
}

function same(texts: readonly string[]): readonly Example[] {
  return texts.map((text) => [text, text] as const);
}

let tables = 0;
async function roundTrip(
  harness: ConformanceHarness,
  column: Omit<TableColumn, "name">,
  examples: readonly (readonly [stored: string | null | { hex: string }, read: string | null])[],
): Promise<void> {
  const columns: TableColumn[] = [
    { name: "id", type: "integer" },
    { name: "value", ...column },
    { name: "after", type: "text" },
  ];
  const relation = await harness.createTable(`value_${(tables += 1)}`, columns, ["id"]);
  const stored = examples.map(([value], index) => [String(index), value, "after"]);
  await harness.insert(relation, ["id", "value", "after"], stored);
  const rows = await readAll(harness.connect(), sourceOf(relation, ["id", "value", "after"]));
  assert.equal(rows.length, examples.length);
  for (const [index, [, expected]] of examples.entries()) {
    const row = rows.find(({ key }) => key === String(index));
    assert.deepEqual(row?.values, [String(index), expected, "after"]);
    assert.equal(row?.unreadable, undefined);
  }
}
