import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Entry, keyParts, sortKey } from "./entry.ts";
import { EntrySorter } from "./entry-sorter.ts";
import { KeyIndex } from "./key-index.ts";

const never = new AbortController().signal;

describe("keys in order", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "duijie-keys-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  async function indexOf(keys: readonly string[], spillEvery: number): Promise<KeyIndex> {
    const sorter = new EntrySorter(folder);
    try {
      for (const [at, key] of keys.entries()) {
        sorter.add({ key, offset: at, length: 1 });
        if (at % spillEvery === spillEvery - 1) await sorter.spill();
      }
      return await KeyIndex.of(sorter, folder, never);
    } finally {
      await sorter.close();
    }
  }

  async function entries(index: KeyIndex, lower = "", upper: string | null = null): Promise<Entry[]> {
    const all: Entry[] = [];
    for await (const page of index.range(lower, upper, 100)) all.push(...page);
    return all;
  }

  it("are merged from many runs, equal ones in the order of the file", async () => {
    const keys = Array.from({ length: 20_000 }, (_, at) => sortKey([`k${(at * 7919) % 6007}`]));
    const index = await indexOf(keys, 333);
    const expected = keys
      .map((key, offset) => ({ key, offset, length: 1 }))
      .sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : one.offset - other.offset));
    expect(await entries(index)).to.deep.equal(expected);
    expect(index.doubled).to.deep.equal({ keys: 6007, rows: 20_000 });
    await index.close();
  });

  it("are found from any place, without all before them being read into memory", async () => {
    const keys = Array.from({ length: 30_000 }, (_, at) => sortKey([String(at).padStart(6, "0")]));
    const index = await indexOf(keys, 7000);
    for (const from of [0, 1, 63, 64, 65, 12_345, 29_999]) {
      const some = await entries(index, keys[from], keys[from + 3] ?? null);
      expect(some.map(({ offset }) => offset)).to.deep.equal(
        [from, from + 1, from + 2].filter((at) => at < keys.length),
      );
    }
    await index.close();
  });

  it("compare part by part as bytes of UTF-8, and come back as they were", () => {
    const tuples = [
      ["a", "z"],
      ["a!", ""],
      ["a", ""],
      ["王", "1"],
      ["𠮷", ""],
      ["\uFF10", "x"],
      ["", "b"],
    ];
    const sorted = tuples.map(sortKey).sort((one, other) => (one < other ? -1 : 1));
    expect(sorted.map(keyParts)).to.deep.equal([
      ["", "b"],
      ["a", ""],
      ["a", "z"],
      ["a!", ""],
      ["王", "1"],
      ["\uFF10", "x"],
      ["𠮷", ""],
    ]);
  });

  it("leave no file with a name, even while they are in use", async () => {
    const index = await indexOf(["b", "a"], 1);
    expect(readdirSync(folder)).to.deep.equal([]);
    expect((await entries(index)).map(({ key }) => key)).to.deep.equal(["a", "b"]);
    await index.close();
  });
});
