import assert from "node:assert/strict";
import type { RangeHash } from "../connector.ts";
import {
  type Cell,
  type ConformanceCase,
  type ConformanceHarness,
  type Feature,
  hostileKeys,
  never,
  readAll,
  sourceOf,
  sumOfHashes,
  type TableColumn,
  wholeRange,
} from "./harness.ts";

/** A row's hash is the same as long as its values are, and another as soon as one is. */
export const hashCases: readonly ConformanceCase[] = [
  {
    id: "hashes/stable",
    title: "a row has the same hash in every read, page size and session",
    run: async (harness) => {
      const { relation } = await textTable(harness, "hash_stable", hostileKeys(50, 9));
      const source = sourceOf(relation, ["a", "b"]);
      const first = await readAll(harness.connect(), source);
      const second = await readAll(harness.connect(), source, wholeRange, 3);
      assert.deepEqual(hashes(second), hashes(first));
    },
  },
  changeCase("null-or-empty", "NULL becomes empty text", "text", null, "", ["empty-text"]),
  changeCase("twin", "a character becomes one that looks like it", "text", "吴", "吳"),
  changeCase("accent", "an accent is added", "text", "u", "ü"),
  changeCase("width", "a digit becomes a full-width one", "text", "1", "\uFF11"),
  changeCase("letter-case", "one letter becomes a capital", "text", "a", "A"),
  changeCase("trailing-space", "a space is added", "text", "a", "a "),
  changeCase("decimals", "a number changes", "numeric", "1.5", "1.25"),
  changeCase("date", "a date changes", "date", "2010-09-01", "2010-09-02"),
  changeCase("boolean", "a boolean changes", "boolean", "true", "false"),
  changeCase("integer", "an integer changes", "integer", "1", "2"),
  changeCase("bytes", "bytes change", "bytes", { hex: "00" }, { hex: "0000" }),
  changeCase(
    "instant",
    "an instant moves by a microsecond",
    "timestamp-with-zone",
    "2010-09-01 00:00:00+00",
    "2010-09-01 00:00:00.000001+00",
  ),
  {
    id: "hashes/case-insensitive-column",
    title: "a change of case shows also where the column's collation ignores case",
    needs: ["case-insensitive"],
    run: (harness) =>
      assertChanges(
        harness,
        "hash_ci",
        { name: "a", type: "text", collation: "case-insensitive" },
        "wang",
        "Wang",
      ),
  },
  {
    id: "hashes/shifted-text",
    title: "text that moves from one column to the next gives another hash",
    needs: ["empty-text"],
    run: async (harness) => {
      const rows = [
        ["ab", "c"],
        ["a", "bc"],
        ["abc", ""],
        ["", "abc"],
        ["abc", null],
        [null, "abc"],
        ["c", "ab"],
      ];
      const columns = [
        { name: "id", type: "integer" },
        { name: "a", type: "text" },
        { name: "b", type: "text" },
      ] as const;
      const relation = await harness.createTable("hash_shift", columns);
      const constant = "7";
      await harness.insert(
        relation,
        ["id", "a", "b"],
        rows.map(([a, b]) => [constant, a ?? null, b ?? null]),
      );
      const read = await readAll(harness.connect(), sourceOf(relation, ["a", "b"]));
      assert.equal(new Set(read.map(({ hash }) => hash)).size, rows.length);
    },
  },
  {
    id: "hashes/equal-rows",
    title: "equal rows have equal hashes, wherever they stand",
    run: async (harness) => {
      const { relation } = await textTable(harness, "hash_equal", ["x", "x"]);
      const source = sourceOf(relation, ["a"], { key: ["a"] });
      const read = await readAll(harness.connect(), source);
      assert.equal(read.length, 2);
      assert.equal(new Set(read.map(({ hash }) => hash)).size, 1);
    },
  },
  {
    id: "hashes/sum",
    title: "the hash of a range is the sum of its rows' hashes",
    run: async (harness) => {
      const { relation } = await textTable(harness, "hash_sum", hostileKeys(200, 21));
      const source = sourceOf(relation, ["a", "b"]);
      const connector = harness.connect();
      const ranges = await connector.planRanges(source, 33, never);
      assert.ok(ranges.length > 5);
      for (const range of ranges) {
        const rows = await readAll(connector, source, range);
        assert.deepEqual(await connector.hashRange(source, range, never), {
          rows: rows.length,
          sum: sumOfHashes(rows),
        });
      }
    },
  },
  {
    id: "hashes/one-change",
    title: "one changed value changes the hash of its range and of no other",
    run: async (harness) => {
      const { relation } = await textTable(harness, "hash_one", hostileKeys(100, 22));
      const source = sourceOf(relation, ["a", "b"]);
      const connector = harness.connect();
      const ranges = await connector.planRanges(source, 10, never);
      const sums = async () => {
        const all: RangeHash[] = [];
        for (const range of ranges) all.push(await connector.hashRange(source, range, never));
        return all;
      };
      const before = await sums();
      await harness.update(relation, "57", "b", "changed");
      const after = await sums();
      assert.equal(after.filter(({ sum }, index) => sum !== before[index]?.sum).length, 1);
    },
  },
  {
    id: "hashes/unconfigured-column",
    title: "a column that is not configured has no part in the hash",
    run: async (harness) => {
      const { relation } = await textTable(harness, "hash_other", ["x"]);
      const source = sourceOf(relation, ["a"]);
      const connector = harness.connect();
      const before = hashes(await readAll(connector, source));
      await harness.update(relation, "0", "b", "changed");
      assert.deepEqual(hashes(await readAll(connector, source)), before);
    },
  },
];

function changeCase(
  name: string,
  words: string,
  type: TableColumn["type"],
  before: Cell,
  after: Cell,
  needs: readonly Feature[] = [],
): ConformanceCase {
  return {
    id: `hashes/change-${name}`,
    title: `the hash changes when ${words}`,
    needs: [type, ...needs],
    run: (harness) => {
      const scale = type === "numeric" ? { size: 2 } : {};
      return assertChanges(
        harness,
        `hash_${name.replaceAll("-", "_")}`,
        { name: "a", type, ...scale },
        before,
        after,
      );
    },
  };
}

async function assertChanges(
  harness: ConformanceHarness,
  table: string,
  column: TableColumn,
  before: Cell,
  after: Cell,
): Promise<void> {
  const relation = await harness.createTable(table, [{ name: "id", type: "integer" }, column], ["id"]);
  await harness.insert(
    relation,
    ["id", column.name],
    [
      ["1", before],
      ["2", before],
    ],
  );
  const source = sourceOf(relation, [column.name]);
  const connector = harness.connect();
  const first = await readAll(connector, source);
  await harness.update(relation, "1", column.name, after);
  const second = await readAll(connector, source);
  assert.notEqual(hashOf(second, "1"), hashOf(first, "1"));
  assert.equal(hashOf(second, "2"), hashOf(first, "2"));
  await harness.update(relation, "1", column.name, before);
  assert.equal(hashOf(await readAll(connector, source), "1"), hashOf(first, "1"));
}

function hashOf(rows: readonly { key: string | null; hash: string }[], key: string): string | undefined {
  return rows.find((row) => row.key === key)?.hash;
}

function hashes(rows: readonly { key: string | null; hash: string }[]): Map<string | null, string> {
  return new Map(rows.map(({ key, hash }) => [key, hash]));
}

/** `id` counts from 0, `a` holds the texts, `b` the same text again. */
async function textTable(harness: ConformanceHarness, name: string, texts: readonly string[]) {
  const columns = [
    { name: "id", type: "integer" },
    { name: "a", type: "text" },
    { name: "b", type: "text" },
  ] as const;
  const relation = await harness.createTable(name, columns, ["id"]);
  await harness.insert(
    relation,
    ["id", "a", "b"],
    texts.map((text, index) => [String(index), text, text]),
  );
  return { relation };
}
