import assert from "node:assert/strict";
import type { CheckFinding, Connector, KeyRange, SourceEntity, SourceRow } from "../connector.ts";
import { never } from "./harness.ts";

/** What can be proven on tables that are in use, without writing anything. */
export interface LiveWorld {
  readonly connector: Connector;
  readonly source: SourceEntity;
  readonly ranges: readonly KeyRange[];
  readonly findings: readonly CheckFinding[];
  /** Rows that may be read for one case, at most. */
  readonly rowsMax: number;
}

/** A reason under `conformance.lack` where it can't be shown on this table. Messages hold numbers and names of columns alone: the rows are pupils'. */
export interface LiveCase {
  readonly id: string;
  run(world: LiveWorld): Promise<string | null>;
}

const pageRows = 1000;
const sumBits = 64;

export const liveCases: readonly LiveCase[] = [
  { id: "live/check", run: async ({ findings }) => proven(() => noFaults(findings)) },
  { id: "live/read-only-role", run: async ({ findings }) => proven(() => soundRole(findings)) },
  { id: "live/key-index", run: async ({ findings }) => await Promise.resolve(keyIndex(findings)) },
  {
    id: "live/ranges",
    run: async ({ connector, ranges, source }) => {
      const before = await connector.count(source, never);
      let rows = 0;
      for (const range of ranges) rows += (await connector.hashRange(source, range, never)).rows;
      const after = await connector.count(source, never);
      if (before !== after) return "source-changes";
      assert.equal(rows, after, `the ranges hold ${rows} rows, the server counts ${after}`);
      return null;
    },
  },
  {
    id: "live/hash-adds-up",
    run: async ({ connector, ranges, source }) => {
      const whole = { lower: null, upper: null, nullKeys: false };
      const hashed = async () => await connector.hashRange(source, whole, never);
      const before = await hashed();
      let sum = 0n;
      for (const range of ranges)
        if (!range.nullKeys) sum = added(sum, (await connector.hashRange(source, range, never)).sum);
      if ((await hashed()).sum !== before.sum) return "source-changes";
      assert.ok(sum.toString() === before.sum, "the sums differ");
      return null;
    },
  },
  { id: "live/hash-repeats", run: hashRepeats },
  {
    id: "live/pages",
    run: async (world) => {
      const range = firstRange(world);
      const sums: string[] = [];
      for (const size of [100, 777, 5000]) {
        let sum = 0n;
        for await (const page of pagesOf(world, range, size)) {
          assert.ok(page.length <= size, `a page of ${page.length} rows where ${size} were asked for`);
          for (const { hash } of page) sum = added(sum, hash);
        }
        sums.push(sum.toString());
      }
      if (await isChanging(world, range, sums)) return "source-changes";
      assert.ok(new Set(sums).size === 1, "the size of pages changes what comes");
      return null;
    },
  },
  {
    id: "live/text",
    run: async (world) => {
      let unreadable = 0;
      await eachRow(world, (row) => {
        if (row.unreadable !== undefined) unreadable += 1;
        const lost = row.values.findIndex((value) => value?.includes("\uFFFD") === true);
        assert.ok(lost === -1, `a value of column ${world.source.columns[lost]?.column} holds U+FFFD`);
      });
      assert.ok(unreadable === 0, `${unreadable} rows have bytes that the declared charset can't have`);
      return null;
    },
  },
  { id: "live/keys", run: keysAreSound },
  {
    id: "live/counties",
    run: async ({ connector, source }) => {
      if (source.countyColumn === undefined) return "no-county-column";
      const before = await connector.count(source, never);
      const counties = await connector.counties(source, never);
      const rows = counties.reduce((sum, county) => sum + county.rows, 0);
      if ((await connector.count(source, never)) !== before) return "source-changes";
      assert.equal(rows, before, `the counties hold ${rows} rows, the whole ${before}`);
      return null;
    },
  },
  { id: "live/back-pressure", run: memoryIsFlat },
  {
    id: "live/stop-early",
    run: async (world) => {
      for (let attempt = 0; attempt < 3; attempt++)
        for await (const page of pagesOf(world, firstRange(world), 10)) {
          assert.ok(page.length <= 10);
          break;
        }
      await world.connector.count(world.source, never);
      return null;
    },
  },
];

async function proven(proof: () => void): Promise<null> {
  proof();
  return await Promise.resolve(null);
}

function noFaults(findings: readonly CheckFinding[]): void {
  const faults = findings.filter(({ ok }) => !ok).map(({ code, subject }) => `${subject} ${code ?? ""}`);
  assert.ok(faults.length === 0, faults.join(", "));
}

function soundRole(findings: readonly CheckFinding[]): void {
  const bad = findings.filter(({ detail }) =>
    ["superuser", "row-security"].includes(String(detail["warning"])),
  );
  assert.ok(bad.length === 0, bad.map(({ detail }) => String(detail["warning"])).join(", "));
}

function keyIndex(findings: readonly CheckFinding[]): string | null {
  const found = findings.find(({ subject }) => subject === "key-index");
  if (found === undefined) return "no-index-known";
  assert.ok(found.ok && found.detail["index"] !== "missing", "no index gives the order of the key");
  return null;
}

async function hashRepeats(world: LiveWorld): Promise<string | null> {
  const range = firstRange(world);
  const sums: string[] = [];
  for (let read = 0; read < 2; read++) {
    let sum = 0n;
    for await (const page of pagesOf(world, range, pageRows))
      for (const { hash } of page) sum = added(sum, hash);
    sums.push(sum.toString());
  }
  if (await isChanging(world, range, sums)) return "source-changes";
  sums.push((await world.connector.hashRange(world.source, range, never)).sum);
  assert.ok(new Set(sums).size === 1, "two reads of one range, or the range's own hash, differ");
  return null;
}

/** Keys of one range at a time are kept; rows that share a key are always in one. */
async function keysAreSound(world: LiveWorld): Promise<null> {
  let [doubled, missing, read] = [0, 0, 0];
  for (const range of world.ranges) {
    const keys = new Set<string>();
    for await (const page of pagesOf(world, range, pageRows))
      for (const { key } of page) {
        read += 1;
        if (key === null) missing += 1;
        else if (keys.has(key)) doubled += 1;
        else keys.add(key);
      }
    if (read >= world.rowsMax) break;
  }
  assert.ok(doubled === 0 && missing === 0, `${missing} rows without a key, ${doubled} with another's`);
  return null;
}

async function memoryIsFlat(world: LiveWorld): Promise<string | null> {
  const megabytes: number[] = [];
  await eachRow(
    world,
    () => undefined,
    async () => {
      megabytes.push(process.memoryUsage().rss / 1e6);
      // A consumer that is slower than the server: what it has not taken must wait there.
      await new Promise((resolve) => setTimeout(resolve, 2));
    },
  );
  if (megabytes.length < 50) return "too-few-rows";
  const warm = Math.floor(megabytes.length / 5);
  const growth = Math.max(...megabytes.slice(warm)) - Math.max(...megabytes.slice(0, warm));
  assert.ok(growth < 50, `memory grew by ${growth.toFixed(0)} MB`);
  return null;
}

async function eachRow(
  world: LiveWorld,
  row: (row: SourceRow) => void,
  paged: () => Promise<void> = async () => undefined,
): Promise<void> {
  let read = 0;
  for (const range of world.ranges) {
    for await (const page of pagesOf(world, range, pageRows)) {
      for (const one of page) row(one);
      read += page.length;
      await paged();
    }
    if (read >= world.rowsMax) return;
  }
}

/** Whether the range itself was written to: then nothing is proven, and nothing is wrong. */
async function isChanging(world: LiveWorld, range: KeyRange, sums: readonly string[]): Promise<boolean> {
  if (new Set(sums).size === 1) return false;
  const first = await world.connector.hashRange(world.source, range, never);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const second = await world.connector.hashRange(world.source, range, never);
  return first.sum !== second.sum;
}

function pagesOf({ connector, source }: LiveWorld, range: KeyRange, rows: number) {
  return connector.readRange(source, range, { pageRows: rows }, never);
}

function firstRange({ ranges }: LiveWorld): KeyRange {
  return ranges[0] ?? { lower: null, upper: null, nullKeys: false };
}

function added(sum: bigint, hash: string): bigint {
  return BigInt.asUintN(sumBits, sum + BigInt(hash));
}
