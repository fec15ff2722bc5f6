import assert from "node:assert/strict";
import type { Connector, KeyRange, SourceEntity, SourceRow } from "../connector.ts";
import {
  type CollationName,
  type ConformanceCase,
  type ConformanceHarness,
  hostileKeys,
  never,
  nullRange,
  readAll,
  seededRandom,
  sourceOf,
} from "./harness.ts";

/** Ranges hold every row exactly once, whatever the key is, and equal keys stay together. */
export const keyCases: readonly ConformanceCase[] = [
  collationCase("default", "the database's own collation"),
  collationCase("binary", "a binary collation"),
  collationCase("pinyin", "a pinyin collation"),
  collationCase("case-insensitive", "a case-insensitive collation"),
  collationCase("swedish", "the Swedish collation"),
  collationCase("phonebook", "the German phone book collation"),
  collationCase("turkish", "the Turkish collation"),
  {
    id: "keys/case-insensitive-together",
    title: "keys that the collation calls equal never fall into two ranges",
    needs: ["case-insensitive"],
    run: async (harness) => {
      const keys = Array.from({ length: 200 }, (_, index) => {
        const text = `k${String(Math.floor(index / 10)).padStart(2, "0")}`;
        return index % 2 === 0 ? text : text.toUpperCase();
      });
      const { connector, source } = await keyedTable(harness, "ci_together", "case-insensitive", keys);
      const parts = await readParts(connector, source, 7);
      for (const [index, part] of parts.entries()) {
        const spellings = new Set(part.map(({ key }) => key?.toLowerCase()));
        const others = parts.filter((_, other) => other !== index).flat();
        assert.ok(!others.some(({ key }) => spellings.has(key?.toLowerCase())));
      }
      assert.ok(parts.length > 10);
    },
  },
  {
    id: "keys/late-rows",
    title: "rows that come after planning fall into exactly one range, at either end and between",
    run: async (harness) => {
      const { connector, source, relation } = await keyedTable(
        harness,
        "late_rows",
        "default",
        hostileKeys(100, 5),
      );
      const ranges = await connector.planRanges(source, 9, never);
      await harness.insert(
        relation,
        ["id", "code"],
        [
          ["1000", ""],
          ["1001", "\u{2FA1D}\u{2FA1D}"],
          ["1002", "m"],
        ],
      );
      await assertCovered(connector, source, ranges, 103);
    },
  },
  {
    id: "keys/composite",
    title: "a key of several columns is compared column by column",
    run: async (harness) => {
      const random = seededRandom(11);
      const columns = [
        { name: "id", type: "integer" },
        { name: "school", type: "varchar", size: 20 },
        { name: "number", type: "integer" },
      ] as const;
      const relation = await harness.createTable("composite", columns, ["school", "number"]);
      const schools = ["a", "A", "b|", "b\\", "王", ""];
      const rows = Array.from({ length: 300 }, (_, index) => [
        String(index),
        schools[Math.floor(random() * schools.length)] ?? "",
        String(Math.floor(random() * 60)),
      ]);
      await harness.insert(relation, ["id", "school", "number"], rows);
      const source = sourceOf(relation, ["id", "school", "number"], { key: ["school", "number"] });
      const connector = harness.connect();
      const ranges = await connector.planRanges(source, 13, never);
      assert.ok(ranges.length > 10);
      assert.ok(ranges.slice(1, -1).every(({ lower }) => lower?.length === 2));
      const read = await assertCovered(connector, source, ranges, 300);
      const keyOf = new Map(rows.map(([id, school, number]) => [id, `${school}\u0000${number}`]));
      const joined = new Map<string | null, string | undefined>();
      for (const { key, values } of read) {
        const parts = keyOf.get(values[0] ?? "");
        assert.ok(!joined.has(key) || joined.get(key) === parts, "two keys share one text");
        joined.set(key, parts);
      }
    },
  },
  {
    id: "keys/composite-nulls",
    title: "a NULL in any part of a key puts the row into the range of NULL keys, once",
    run: async (harness) => {
      const columns = [
        { name: "id", type: "integer" },
        { name: "a", type: "integer" },
        { name: "b", type: "text" },
      ] as const;
      const relation = await harness.createTable("composite_nulls", columns, ["a", "b"]);
      const rows = Array.from({ length: 90 }, (_, index) => [
        String(index),
        index % 9 === 0 ? null : String(index),
        index % 7 === 0 ? null : `b${index % 5}`,
      ]);
      await harness.insert(relation, ["id", "a", "b"], rows);
      const source = sourceOf(relation, ["id"], { key: ["a", "b"] });
      const connector = harness.connect();
      await assertCovered(connector, source, await connector.planRanges(source, 10, never), 90);
      const withoutKey = await readAll(connector, source, nullRange);
      assert.equal(withoutKey.length, rows.filter(([, a, b]) => a === null || b === null).length);
      assert.ok(withoutKey.every(({ key }) => key === null));
    },
  },
  {
    id: "keys/duplicates",
    title: "a key that many rows share stays in one range, whole",
    run: async (harness) => {
      const keys = [...Array.from({ length: 50 }, () => "same"), ...hostileKeys(50, 3)];
      const { connector, source } = await keyedTable(harness, "duplicates", "default", keys);
      const parts = await readParts(connector, source, 5);
      const withSame = parts.filter((part) => part.some(({ key }) => key === "same"));
      assert.equal(withSame.length, 1);
      assert.equal(withSame[0]?.filter(({ key }) => key === "same").length, 50);
      assert.equal(parts.flat().length, 100);
    },
  },
  {
    id: "keys/trailing-spaces",
    title:
      "keys that differ by spaces at their end are covered exactly once, also where the collation ignores them",
    run: async (harness) => {
      const keys = Array.from(
        { length: 90 },
        (_, index) => `k${index % 30}${" ".repeat(Math.floor(index / 30))}`,
      );
      const { connector, source } = await keyedTable(harness, "trailing_spaces", "default", keys);
      await assertCovered(connector, source, await connector.planRanges(source, 4, never), 90);
    },
  },
  {
    id: "keys/no-index",
    title: "a table without any key or index of its own is read whole, range by range",
    run: async (harness) => {
      const relation = await harness.createTable("no_index", [{ name: "id", type: "integer" }]);
      await harness.insert(
        relation,
        ["id"],
        Array.from({ length: 60 }, (_, index) => [String((index * 7) % 60)]),
      );
      const connector = harness.connect();
      const source = sourceOf(relation, ["id"]);
      await assertCovered(connector, source, await connector.planRanges(source, 9, never), 60);
    },
  },
  {
    id: "keys/null-keys",
    title: "rows without a key are in the last range, and in no other",
    run: async (harness) => {
      const { connector, source } = await keyedTable(harness, "null_keys", "default", [
        null,
        "a",
        null,
        "b",
        "",
      ]);
      const ranges = await connector.planRanges(source, 1, never);
      assert.equal(ranges.at(-1)?.nullKeys, true);
      const rows = await assertCovered(connector, source, ranges, 5);
      assert.equal(rows.filter(({ key }) => key === null).length, 2);
    },
  },
  {
    id: "keys/empty-table",
    title: "an empty table has an open range and the one of NULL keys, both empty",
    run: async (harness) => {
      const { connector, source } = await keyedTable(harness, "empty_table", "default", []);
      const ranges = await connector.planRanges(source, 10, never);
      assert.deepEqual(ranges, [{ lower: null, upper: null, nullKeys: false }, nullRange]);
      await assertCovered(connector, source, ranges, 0);
      assert.deepEqual(await connector.hashRange(source, nullRange, never), { rows: 0, sum: "0" });
    },
  },
  {
    id: "keys/one-row",
    title: "one row is read once",
    run: async (harness) => {
      const { connector, source } = await keyedTable(harness, "one_row", "default", ["only"]);
      await assertCovered(connector, source, await connector.planRanges(source, 1, never), 1);
    },
  },
  {
    id: "keys/range-size",
    title: "ranges have about the rows asked for, and bounds are JSON",
    run: async (harness) => {
      const keys = Array.from({ length: 1000 }, (_, index) => `k${index}`);
      const { connector, source } = await keyedTable(harness, "range_size", "default", keys);
      const ranges = await connector.planRanges(source, 100, never);
      assert.equal(ranges.length, 11);
      const again: KeyRange[] = JSON.parse(JSON.stringify(ranges));
      for (const range of again.slice(0, -1))
        assert.equal((await readAll(connector, source, range)).length, 100);
    },
  },
  {
    id: "keys/numeric-order",
    title: "numbers as keys are ordered as numbers",
    run: async (harness) => {
      const relation = await harness.createTable(
        "numeric_order",
        [{ name: "id", type: "numeric", size: 0 }],
        ["id"],
      );
      const keys = Array.from({ length: 120 }, (_, index) =>
        String(10n ** BigInt(index % 30) + BigInt(index)),
      );
      await harness.insert(
        relation,
        ["id"],
        keys.map((key) => [key]),
      );
      const connector = harness.connect();
      const source = sourceOf(relation, ["id"]);
      await assertCovered(connector, source, await connector.planRanges(source, 11, never), 120);
    },
  },
  {
    id: "keys/char-order",
    title: "keys of fixed length, dates and instants are bounds as well",
    run: async (harness) => {
      const columns = [
        { name: "id", type: "integer" },
        { name: "fixed", type: "char", size: 6 },
        { name: "day", type: "date" },
        { name: "instant", type: "timestamp-with-zone" },
      ] as const;
      const relation = await harness.createTable("char_order", columns);
      const day = (index: number) => `19${String(86 + (index % 6))}-0${1 + (index % 9)}-1${index % 10}`;
      const rows = Array.from({ length: 60 }, (_, index) => [
        String(index),
        `k ${index % 20}`,
        day(index),
        `${day(index)} 00:${10 + (index % 50)}:00.00000${index % 10}+08`,
      ]);
      await harness.insert(relation, ["id", "fixed", "day", "instant"], rows);
      const connector = harness.connect();
      for (const key of [["fixed"], ["day"], ["instant"], ["day", "fixed"]]) {
        const source = sourceOf(relation, ["id"], { key });
        await assertCovered(connector, source, await connector.planRanges(source, 7, never), 60);
      }
    },
  },
];

function collationCase(collation: CollationName, words: string): ConformanceCase {
  return {
    id: `keys/collation-${collation}`,
    title: `text keys under ${words}: nothing missing, nothing double`,
    needs: [collation],
    run: async (harness) => {
      const keys = hostileKeys(600, 42);
      const name = `collation_${collation.replaceAll("-", "_")}`;
      const { connector, source } = await keyedTable(harness, name, collation, keys);
      const ranges = await connector.planRanges(source, 17, never);
      assert.ok(ranges.length > 15);
      await assertCovered(connector, source, ranges, keys.length);
    },
  };
}

async function keyedTable(
  harness: ConformanceHarness,
  name: string,
  collation: CollationName,
  keys: readonly (string | null)[],
): Promise<{ connector: Connector; source: SourceEntity; relation: string }> {
  const columns = [
    { name: "id", type: "integer" },
    { name: "code", type: "varchar", size: 60, collation },
  ] as const;
  const relation = await harness.createTable(name, columns, ["code"]);
  await harness.insert(
    relation,
    ["id", "code"],
    keys.map((key, index) => [String(index), key]),
  );
  return { connector: harness.connect(), source: sourceOf(relation, ["id"], { key: ["code"] }), relation };
}

async function readParts(
  connector: Connector,
  source: SourceEntity,
  rowsPerRange: number,
): Promise<SourceRow[][]> {
  const parts: SourceRow[][] = [];
  for (const range of await connector.planRanges(source, rowsPerRange, never)) {
    parts.push(await readAll(connector, source, range));
  }
  return parts;
}

/** Every row exactly once, by reading, by `count` and by `hashRange`; the first value is the row's own number. */
async function assertCovered(
  connector: Connector,
  source: SourceEntity,
  ranges: readonly KeyRange[],
  rowCount: number,
): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  let hashed = 0;
  for (const range of ranges) {
    rows.push(...(await readAll(connector, source, range)));
    hashed += (await connector.hashRange(source, range, never)).rows;
  }
  const ids = new Set(rows.map(({ values }) => values[0]));
  assert.equal(ids.size, rowCount, "rows are missing");
  assert.equal(rows.length, rowCount, "rows are double");
  assert.equal(hashed, rowCount);
  assert.equal(await connector.count(source, never), rowCount);
  return rows;
}
