import assert from "node:assert/strict";
import { DuijieError } from "../../contracts/errors.ts";
import type { SourceRow } from "../connector.ts";
import {
  type Cell,
  type ConformanceCase,
  type ConformanceHarness,
  type Feature,
  readAll,
  sourceOf,
  type TableColumn,
} from "./harness.ts";

/** Surnames and place names outside GB2312, and names that only newer editions of GB18030 know. */
export const rareNames: readonly string[] = Array.from(
  "㛃䶮堃喆彧昇珺劼婳犇骉燚龘龴龵ḿ〇𠅤𠮷𡌴𢫾𣇉𤩽𦆯𧒽𨭎𩾃𫍯𫖮𬀩𬱟𬴂𰻝",
);

/** Pairs that look alike, that a GBK table or a normalization makes one, and that are two. */
export const twins: readonly (readonly [string, string])[] = [
  ["吴", "吳"],
  ["吕", "呂"],
  ["户", "戶"],
  ["真", "眞"],
  ["内", "內"],
  ["\u90DE", "\uF92C"], // 郎's compatibility form, in GBK as a character of its own
  ["\u51C9", "\uF979"],
  ["\u9FB4", "\uE81E"], // one place in GB18030, two code points, by edition
  ["\u1E3F", "\uE7C7"],
  ["\uFE10", "\uE78D"],
  ["·", "•"],
  ["·", "‧"],
  ["1", "\uFF11"],
  ["é", "e\u0301"],
];

/** Text that registries hold and that must arrive as it is, or be refused by name: never as `?`, U+FFFD or less. */
export const textCases: readonly ConformanceCase[] = [
  {
    id: "text/rare-names",
    title: "rare names of one to four bytes arrive as they are",
    run: async (harness) => {
      await assertSame(harness, "rare_names", rareNames);
    },
  },
  {
    id: "text/twins",
    title: "characters that look alike stay apart: no code table and no normalization makes them one",
    run: async (harness) => {
      const rows = await assertSame(harness, "twins", twins.flat());
      for (const [index] of twins.entries()) {
        assert.notEqual(hashOf(rows, index * 2), hashOf(rows, index * 2 + 1), `twin ${index}`);
      }
    },
  },
  {
    id: "text/name-forms",
    title: "each form of a minority name's interpunct, and each width of a digit, is a text of its own",
    run: async (harness) => {
      const names = ["·", "•", "‧", "・", "･", "．", "."].map((dot) => `买买提${dot}艾力`);
      const numbers = ["340104199901010018", "３４０１０４１９９９０１０１００１８", "11010519491231002Ｘ"];
      await assertSame(harness, "name_forms", [...names, ...numbers]);
    },
  },
  {
    id: "text/gb-editions",
    title:
      "a character that editions of GB18030 place differently arrives in one of its own forms, never as another",
    needs: ["gb-database"],
    run: async (harness) => {
      const gb = await harness.gbDatabase();
      const forms: readonly (readonly [hex: string, forms: string])[] = [
        ["fe59", "\u9FB4\uE81E"],
        ["82359037", "\u9FB4\uE81E"],
        ["a6d9", "\uFE10\uE78D"],
        ["84318236", "\uFE10\uE78D"],
        ["a8bc", "\u1E3F"],
        ["8135f437", "\uE7C7"],
        ["a2e3", "\u20AC"],
      ];
      const rows = await stored(
        gb,
        "gb_editions",
        forms.map(([hex]) => ({ hex })),
      );
      for (const [index, [hex, own]] of forms.entries()) {
        const row = rows.find(({ key }) => key === String(index));
        assert.ok(own.includes(row?.values[1] ?? "none") && row?.unreadable === undefined, hex);
      }
    },
  },
  neverTextCase(
    "nul",
    "a NUL in a text is refused by the engine or by name, or arrives as itself: it never ends the text",
    ["张\u0000三", { hex: "41004243" }],
    "text",
    (text) => text.includes("\u0000"),
  ),
  neverTextCase(
    "lone-surrogate",
    "half a surrogate pair is refused by the engine or by name: never handed on as text",
    ["\uD842", "吉\uDFB7", { hex: "eda182" }],
    "text",
    (text) => text.isWellFormed(),
    // Where an engine stores what it can't read as other characters, those are its own.
    (text) => !/[\uFFFD?]/.test(text),
  ),
  neverTextCase(
    "zero-date",
    "a zero date is refused by the engine or arrives as it is written: never as NULL, never as another day",
    ["0000-00-00", "2010-00-00", "2010-02-30"],
    "date",
    (text) => /^(0000-00-00|2010-00-00|2010-02-30)$/.test(text),
  ),
];

type Judge = (text: string) => boolean;

/** Each value alone in its table: it is refused when it is stored, or when it is read, or it is what the judges allow. */
function neverTextCase(
  name: string,
  title: string,
  values: readonly Cell[],
  type: TableColumn["type"] & Feature,
  ...judges: readonly Judge[]
): ConformanceCase {
  return {
    id: `text/${name}`,
    title,
    needs: [type],
    run: async (harness) => {
      for (const [index, value] of values.entries()) {
        const good: Cell = type === "date" ? "2010-09-01" : "好";
        const table = `never_${name.replaceAll("-", "_")}_${index}`;
        const read = await storedOrRefused(harness, table, type, [good, value]);
        if (read === null) continue;
        const row = read.find(({ key }) => key === "1");
        assert.deepEqual(read.find(({ key }) => key === "0")?.values[1], good, "the other row suffers");
        if (row?.unreadable !== undefined) continue;
        const text = row?.values[1];
        assert.ok(typeof text === "string", "became NULL");
        assert.ok(
          judges.every((judge) => judge(text)),
          `value ${index} was handed on as another text`,
        );
      }
    },
  };
}

/** Null where the engine takes no such value, or the source is refused by name. A table that takes nothing is a failure. */
async function storedOrRefused(
  harness: ConformanceHarness,
  name: string,
  type: TableColumn["type"],
  [good, value]: readonly [Cell, Cell],
): Promise<SourceRow[] | null> {
  const relation = await valueTable(harness, name, type);
  await harness.insert(relation, ["id", "value"], [["0", good]]);
  try {
    await harness.insert(relation, ["id", "value"], [["1", value]]);
  } catch {
    return null;
  }
  try {
    return await readAll(harness.connect(), sourceOf(relation, ["id", "value"]));
  } catch (error) {
    assert.ok(error instanceof DuijieError, "refused without a code");
    assert.match(error.code, /^(SOURCE|RECORD)_/);
    return null;
  }
}

async function assertSame(
  harness: ConformanceHarness,
  name: string,
  texts: readonly string[],
): Promise<SourceRow[]> {
  const rows = await stored(harness, name, texts);
  for (const [index, text] of texts.entries()) {
    const row = rows.find(({ key }) => key === String(index));
    assert.equal(row?.values[1], text);
    assert.equal(row?.unreadable, undefined);
  }
  return rows;
}

async function stored(
  harness: ConformanceHarness,
  name: string,
  cells: readonly Cell[],
): Promise<SourceRow[]> {
  const relation = await valueTable(harness, name, "text");
  await harness.insert(
    relation,
    ["id", "value"],
    cells.map((cell, index) => [String(index), cell]),
  );
  return await readAll(harness.connect(), sourceOf(relation, ["id", "value"]));
}

async function valueTable(
  harness: ConformanceHarness,
  name: string,
  type: TableColumn["type"],
): Promise<string> {
  const columns = [
    { name: "id", type: "integer" },
    { name: "value", type },
  ] as const;
  return await harness.createTable(name, columns, ["id"]);
}

function hashOf(rows: readonly SourceRow[], id: number): string | undefined {
  return rows.find(({ key }) => key === String(id))?.hash;
}
