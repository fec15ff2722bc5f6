import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Connector, SourceEntity, SourceRow } from "../connector.ts";
import type { Clock } from "../read-pace.ts";
import {
  type ConformanceCase,
  type ConformanceHarness,
  never,
  readAll,
  sourceOf,
  wholeRange,
} from "./harness.ts";

/** Scope, counts, pages, limits, and every form of source. */
export const readingCases: readonly ConformanceCase[] = [
  {
    id: "reading/scope",
    title: "a scope of counties and phases reads those rows and no others",
    run: async (harness) => {
      const { relation } = await schoolTable(harness, "scope");
      const whole = sourceOf(relation, ["id"], { countyColumn: "county", phaseColumn: "phase" });
      const scope = { counties: ["340104", "340103"], phases: ["2"] };
      const connector = harness.connect();
      const rows = await readAll(connector, { ...whole, scope });
      const expected = (
        await readAll(connector, { ...whole, columns: [{ field: "phase", column: "phase" }] })
      ).filter(({ county, values }) => scope.counties.includes(county ?? "") && values[0] === "2");
      assert.ok(rows.length > 0 && rows.length === expected.length);
      assert.deepEqual(new Set(rows.map(({ key }) => key)), new Set(expected.map(({ key }) => key)));
      assert.equal(await connector.count({ ...whole, scope }, never), rows.length);
    },
  },
  {
    id: "reading/scope-ranges",
    title: "ranges do not depend on the scope, and hold the scope exactly",
    run: async (harness) => {
      const { relation } = await schoolTable(harness, "scope_ranges");
      const whole = sourceOf(relation, ["id"], { countyColumn: "county" });
      const scoped = { ...whole, scope: { counties: ["340104"] } };
      const connector = harness.connect();
      const ranges = await connector.planRanges(whole, 20, never);
      assert.deepEqual(await connector.planRanges(scoped, 20, never), ranges);
      let rows = 0;
      for (const range of ranges) rows += (await readAll(connector, scoped, range)).length;
      assert.equal(rows, await connector.count(scoped, never));
    },
  },
  {
    id: "reading/counties",
    title: "counties are listed with their rows, within the scope",
    run: async (harness) => {
      const { relation, counties } = await schoolTable(harness, "counties");
      const source = sourceOf(relation, ["id"], { countyColumn: "county" });
      const connector = harness.connect();
      const listed = await connector.counties(source, never);
      assert.equal(
        listed.reduce((sum, { rows }) => sum + rows, 0),
        await connector.count(source, never),
      );
      assert.deepEqual(new Set(listed.map(({ county }) => county)), new Set(counties));
      const scoped = await connector.counties({ ...source, scope: { counties: ["340104"] } }, never);
      assert.deepEqual(
        scoped.map(({ county }) => county),
        ["340104"],
      );
      assert.deepEqual(await connector.counties(sourceOf(relation, ["id"]), never), []);
    },
  },
  {
    id: "reading/pages",
    title: "no page has more rows than asked for, and only the last has fewer",
    run: async (harness) => {
      const { relation } = await schoolTable(harness, "pages");
      const sizes: number[] = [];
      const pages = harness
        .connect()
        .readRange(sourceOf(relation, ["id"]), wholeRange, { pageRows: 7 }, never);
      for await (const page of pages) sizes.push(page.length);
      assert.ok(sizes.slice(0, -1).every((size) => size === 7));
      assert.equal(
        sizes.reduce((sum, size) => sum + size, 0),
        120,
      );
    },
  },
  {
    id: "reading/columns",
    title: "values stand in the order of the configuration, also where a column is used twice or is the key",
    run: async (harness) => {
      const { relation } = await schoolTable(harness, "columns");
      const source = sourceOf(relation, ["phase", "id", "phase", "county"], { countyColumn: "county" });
      for (const { key, county, values } of await readAll(harness.connect(), source)) {
        assert.equal(values.length, 4);
        assert.equal(values[0], values[2]);
        assert.equal(values[1], key);
        assert.equal(values[3], county);
      }
    },
  },
  {
    id: "reading/rows-per-second",
    title: "a limit of rows a second holds over pages and over ranges",
    run: async (harness) => {
      const { relation } = await schoolTable(harness, "rate");
      const clock = new StillClock();
      const connector = harness.connect({ clock, concurrentReads: 1 });
      const source = sourceOf(relation, ["id"]);
      const limits = { pageRows: 10, rowsPerSecond: 20 };
      for (const range of await connector.planRanges(source, 40, never)) {
        await drain(connector.readRange(source, range, limits, never));
      }
      // 120 rows at 20 a second are 6 seconds; only the last page is not waited for.
      assert.ok(Math.abs(clock.sleptMs - 5500) < 1, `slept ${clock.sleptMs} ms`);
    },
  },
  {
    id: "reading/concurrent-reads",
    title: "no more readers at a time than allowed; the others wait and then read",
    run: async (harness) => {
      const { connector, source } = await wideTable(harness, { concurrentReads: 2 });
      const read = async () => {
        let rows = 0;
        for await (const page of connector.readRange(source, wholeRange, { pageRows: 500 }, never)) {
          rows += page.length;
          assert.ok((await harness.sessions()) <= 2);
        }
        return rows;
      };
      const rows = await Promise.all([read(), read(), read(), read()]);
      assert.deepEqual(rows, [wideRows, wideRows, wideRows, wideRows]);
    },
  },
  {
    id: "reading/view",
    title: "a view is a source like a table",
    run: async (harness) => {
      const { relation } = await schoolTable(harness, "viewed");
      const view = await harness.createView("viewed_view", relation);
      const connector = harness.connect();
      const source = sourceOf(view, ["id", "county"]);
      const table = await readAll(connector, sourceOf(relation, ["id", "county"]));
      assert.deepEqual(byKey(await readAll(connector, source)), byKey(table));
      assert.ok((await connector.planRanges(source, 30, never)).length > 3);
    },
  },
  {
    id: "reading/query",
    title: "a query is a source like a table, with comments and a semicolon at its end",
    needs: ["queries"],
    run: async (harness) => {
      const { relation } = await schoolTable(harness, "queried");
      const query = `${harness.selectAll(relation)} -- all of them;`;
      const connector = harness.connect();
      const source: SourceEntity = { ...sourceOf("", ["id", "county"]), from: { query: `${query}\n;` } };
      const table = await readAll(connector, sourceOf(relation, ["id", "county"]));
      assert.deepEqual(byKey(await readAll(connector, source)), byKey(table));
      assert.deepEqual(byKey(await readAll(connector, { ...source, from: { query } })), byKey(table));
      assert.equal(await connector.count(source, never), table.length);
    },
  },
  {
    id: "reading/stop-early",
    title: "a reader that stops early leaves its connection free for the next",
    run: async (harness) => {
      const { connector, source } = await wideTable(harness, { concurrentReads: 1 });
      for await (const page of connector.readRange(source, wholeRange, { pageRows: 10 }, never)) {
        assert.ok(page.length > 0 && page.length <= 10);
        break;
      }
      assert.equal(await connector.count(source, never), wideRows);
    },
  },
  {
    id: "reading/memory",
    title: "a million rows are read with memory flat: 50 MB more at the end than at the beginning, at most",
    requirement: "C6",
    run: async (harness) => {
      const relation = await harness.createFilled("million", million);
      const connector = harness.connect({ concurrentReads: 1 });
      const source = sourceOf(relation, ["id", "filler"]);
      const megabytes: number[] = [];
      const collect = collector();
      let rows = 0;
      for (const range of await connector.planRanges(source, 50_000, never)) {
        for await (const page of connector.readRange(source, range, { pageRows: 1000 }, never)) {
          rows += page.length;
          if (rows % 25_000 < page.length) megabytes.push(heldMegabytes(collect));
        }
      }
      assert.equal(rows, million);
      const warm = Math.floor(megabytes.length / 5);
      const growth = Math.max(...megabytes.slice(warm)) - Math.max(...megabytes.slice(0, warm));
      assert.ok(growth < 50, `grew by ${growth.toFixed(0)} MB`);
    },
  },
];

const million = 1_000_000;

/** What is in use, on JavaScript's heap and beside it. Whatever else this process did before is collected first. */
function heldMegabytes(collect: () => unknown): number {
  collect();
  const { external, heapUsed } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

function collector(): () => unknown {
  setFlagsFromString("--expose-gc");
  const found: unknown = runInNewContext("gc");
  assert.ok(typeof found === "function");
  return () => Reflect.apply(found, undefined, []) as unknown;
}

export const wideRows = 6000;

/** About 11 MB: more than sockets hold, so that a read of it is still under way after its first page. */
export async function wideTable(
  harness: ConformanceHarness,
  options: Parameters<ConformanceHarness["connect"]>[0] = {},
): Promise<{ connector: Connector; source: SourceEntity }> {
  const columns = [
    { name: "id", type: "integer" },
    { name: "filler", type: "text" },
  ] as const;
  const relation = await harness.createTable(`wide_${(wideTables += 1)}`, columns, ["id"]);
  const filler = "x".repeat(1900);
  for (let from = 0; from < wideRows; from += 1000) {
    const rows = Array.from({ length: 1000 }, (_, index) => [String(from + index), filler]);
    await harness.insert(relation, ["id", "filler"], rows);
  }
  return { connector: harness.connect(options), source: sourceOf(relation, ["id", "filler"]) };
}
let wideTables = 0;

const countyCodes = ["340104", "340103", "340111", null];

async function schoolTable(harness: ConformanceHarness, name: string) {
  const columns = [
    { name: "id", type: "integer" },
    { name: "county", type: "char", size: 6 },
    { name: "phase", type: "varchar", size: 2 },
  ] as const;
  const relation = await harness.createTable(name, columns, ["id"]);
  const rows = Array.from({ length: 120 }, (_, index) => [
    String(index),
    countyCodes[index % countyCodes.length] ?? null,
    String((index % 3) + 1),
  ]);
  await harness.insert(relation, ["id", "county", "phase"], rows);
  return { relation, counties: countyCodes };
}

/** Time passes here only by sleeping. */
class StillClock implements Clock {
  sleptMs = 0;

  now(): number {
    return this.sleptMs;
  }

  sleep(ms: number): Promise<void> {
    this.sleptMs += ms;
    return Promise.resolve();
  }
}

async function drain(pages: AsyncIterable<readonly SourceRow[]>): Promise<number> {
  let rows = 0;
  for await (const page of pages) rows += page.length;
  return rows;
}

function byKey(rows: readonly SourceRow[]): Map<string | null, readonly (string | null)[]> {
  return new Map(rows.map(({ key, values }) => [key, values]));
}
