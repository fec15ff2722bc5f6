import assert from "node:assert/strict";
import { encode } from "../charset.ts";
import { assertCode } from "./fault-cases.ts";
import { type Cell, type ConformanceCase, never, readAll, sourceOf } from "./harness.ts";

/** Text of a database whose bytes are GB18030. In 誠, 俓 and 淺 the second byte of a GBK pair is a backslash. */
export const charsetCases: readonly ConformanceCase[] = [
  {
    id: "charsets/gb-text",
    title: "GBK and GB18030 text is read as Unicode",
    needs: ["gb-database"],
    run: async (harness) => {
      const gb = await harness.gbDatabase();
      const texts = ["王小明", "誠\\俓\t淺", "𠮷㐀", "·", "\uFF10", "€", "plain", "龴龵", ""];
      const relation = await gb.createTable("gb_text", [
        { name: "id", type: "integer" },
        { name: "name", type: "text" },
      ]);
      await gb.insert(
        relation,
        ["id", "name"],
        texts.map((text, index) => [String(index), gbBytes(text)]),
      );
      const rows = await readAll(gb.connect(), sourceOf(relation, ["name"]));
      for (const [index, text] of texts.entries()) {
        assert.deepEqual(rows.find(({ key }) => key === String(index))?.values, [text]);
      }
    },
  },
  {
    id: "charsets/unreadable",
    title:
      "bytes outside the charset stop no page: the row comes with its other values, the column and the bytes",
    needs: ["gb-database"],
    run: async (harness) => {
      const gb = await harness.gbDatabase();
      const columns = [
        { name: "id", type: "integer" },
        { name: "name", type: "text" },
        { name: "note", type: "text" },
      ] as const;
      const relation = await gb.createTable("gb_unreadable", columns);
      await gb.insert(
        relation,
        ["id", "name", "note"],
        [
          ["1", gbBytes("王"), "a"],
          ["2", { hex: "cdf5ff41" }, gbBytes("注")],
          ["3", { hex: "8130" }, "c"],
          ["4", { hex: "8431a437" }, "d"],
          ["5", gbBytes("李"), "e"],
        ],
      );
      const rows = await readAll(gb.connect(), sourceOf(relation, ["name", "note"]), undefined, 2);
      const byKey = new Map(rows.map((row) => [row.key, row]));
      assert.equal(rows.length, 5);
      assert.deepEqual(byKey.get("2")?.unreadable, { column: "name", hex: "cdf5ff41" });
      assert.deepEqual(byKey.get("2")?.values, [null, "注"]);
      assert.deepEqual(byKey.get("3")?.unreadable, { column: "name", hex: "8130" });
      assert.deepEqual(byKey.get("4")?.unreadable, { column: "name", hex: "8431a437" });
      assert.equal(byKey.get("5")?.unreadable, undefined);
      assert.deepEqual(byKey.get("5")?.values, ["李", "e"]);
      assert.ok(!JSON.stringify(rows).includes("\uFFFD"));
    },
  },
  {
    id: "charsets/gb-keys",
    title: "text keys in GB18030, readable or not, are covered exactly once",
    needs: ["gb-database"],
    run: async (harness) => {
      const gb = await harness.gbDatabase();
      const relation = await gb.createTable(
        "gb_keys",
        [
          { name: "id", type: "integer" },
          { name: "code", type: "varchar", size: 20 },
        ],
        ["code"],
      );
      const cells: Cell[] = ["王", "誠", "𠮷", "a'b", "\\", ""].flatMap((text) => [
        gbBytes(text),
        gbBytes(`${text}1`),
      ]);
      cells.push({ hex: "ff41" }, { hex: "ff5c" }, null);
      await gb.insert(
        relation,
        ["id", "code"],
        cells.map((cell, index) => [String(index), cell]),
      );
      const source = sourceOf(relation, ["id"], { key: ["code"] });
      const connector = gb.connect();
      const ids: (string | null | undefined)[] = [];
      const ranges = await connector.planRanges(source, 2, never);
      assert.ok(ranges.length > 5);
      for (const range of ranges)
        ids.push(...(await readAll(connector, source, range)).map(({ values }) => values[0]));
      assert.equal(ids.length, cells.length);
      assert.equal(new Set(ids).size, cells.length);
    },
  },
  {
    id: "charsets/gb-scope",
    title: "a scope in Chinese finds its rows in GB18030, and counties are listed as Unicode",
    needs: ["gb-database"],
    run: async (harness) => {
      const gb = await harness.gbDatabase();
      const columns = [
        { name: "id", type: "integer" },
        { name: "county", type: "text" },
      ] as const;
      const relation = await gb.createTable("gb_scope", columns);
      const counties = ["蜀山区", "庐阳区", "蜀山区", "誠區"];
      await gb.insert(
        relation,
        ["id", "county"],
        counties.map((county, index) => [String(index), gbBytes(county)]),
      );
      const source = sourceOf(relation, ["id"], {
        countyColumn: "county",
        scope: { counties: ["蜀山区", "誠區"] },
      });
      const connector = gb.connect();
      assert.equal(await connector.count(source, never), 3);
      const listed = await connector.counties(source, never);
      assert.deepEqual(
        new Map(listed.map(({ county, rows }) => [county, rows])),
        new Map([
          ["蜀山区", 2],
          ["誠區", 1],
        ]),
      );
    },
  },
  {
    id: "charsets/contradicted",
    title: "a declared charset that the server or the bytes contradict is SOURCE_CHARSET_WRONG",
    needs: ["gb-database"],
    run: async (harness) => {
      const gb = await harness.gbDatabase();
      const columns = [
        { name: "id", type: "integer" },
        { name: "name", type: "text" },
      ] as const;
      const relation = await gb.createTable("gb_contradicted", columns, ["id"]);
      await gb.insert(
        relation,
        ["id", "name"],
        ["王芳", "李伟", "张敏", "刘洋", "陈杰", "杨静"].map((name, index) => [String(index), gbBytes(name)]),
      );
      const source = sourceOf(relation, ["name"]);
      const failuresWith = async (charset: "auto" | "utf8" | "gbk") =>
        (await gb.connect({ charset }).check([source], never))
          .filter(({ ok }) => !ok)
          .map(({ code }) => code);
      assert.deepEqual(await failuresWith("gbk"), []);
      assert.deepEqual(await failuresWith("utf8"), ["SOURCE_CHARSET_WRONG"]);
      assert.deepEqual(await failuresWith("auto"), ["SOURCE_CHARSET_WRONG"]);
      await assertCode(readAll(gb.connect({ charset: "auto" }), source), "SOURCE_CHARSET_WRONG");
      const undeclared = await gb.connect({ charset: "auto" }).check([source], never);
      assert.equal(undeclared.find(({ subject }) => subject === "sample")?.detail["looksLike"], "gb18030");
    },
  },
  {
    id: "charsets/replacement-character",
    title: "a stored U+FFFD is the trace of a loss: the row is unreadable, never handed on as text",
    run: async (harness) => {
      const columns = [
        { name: "id", type: "integer" },
        { name: "name", type: "text" },
      ] as const;
      const relation = await harness.createTable("replacement", columns, ["id"]);
      await harness.insert(
        relation,
        ["id", "name"],
        [
          ["1", "王\uFFFD"],
          ["2", "王"],
        ],
      );
      const rows = await readAll(harness.connect(), sourceOf(relation, ["name"]));
      const lost = rows.find(({ key }) => key === "1");
      assert.deepEqual(lost?.values, [null]);
      assert.deepEqual(lost?.unreadable, { column: "name", hex: Buffer.from("王\uFFFD").toString("hex") });
      assert.deepEqual(rows.find(({ key }) => key === "2")?.values, ["王"]);
    },
  },
];

function gbBytes(text: string): Cell {
  const bytes = encode(text, "gb18030");
  assert.ok(bytes !== null);
  return { hex: bytes.toString("hex") };
}
