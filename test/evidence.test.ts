import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../contracts/package-root.ts";

interface Row {
  readonly subject: string;
  readonly file: string;
  readonly title: string;
}

/** Rows of the page's tables: subject, promise, file in backquotes, title. */
function rowsOf(page: string): Row[] {
  return page.split("\n").flatMap((line) => {
    const [, subject, file, title] = /^\| ([^|]+) \| [^|]+ \| `([^`|]+)` \| (.+) \|$/.exec(line) ?? [];
    if (subject === undefined || file === undefined || title === undefined) return [];
    return [{ subject, file, title }];
  });
}

/** Texts of a source that name a test: of `it` and `describe`, and the titles of table-driven cases. */
function titlesOf(source: string): string[] {
  const pattern = /(?:\b(?:it|describe)\(\s*|\btitle:\s*)(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g;
  return [...source.matchAll(pattern)].map((match) => (match[1] ?? match[2] ?? "").replaceAll('\\"', '"'));
}

/** A title as it stands, or a fixed part of one that a template makes. */
function isNamed(titles: readonly string[], wanted: string): boolean {
  return titles.some((title) => title === wanted || (title.includes("${") && title.includes(wanted)));
}

function faultOf({ file, title }: Row): string | null {
  const path = join(packageRoot, file);
  if (!existsSync(path)) return `${file}: no such file`;
  return isNamed(titlesOf(readFileSync(path, "utf8")), title) ? null : `${file}: no test "${title}"`;
}

describe("docs/evidence.md", () => {
  const page = readFileSync(join(packageRoot, "docs", "evidence.md"), "utf8");
  const rows = rowsOf(page);
  const [beforeNotBuilt = "", notBuilt = ""] = page.split(/^### Not built yet.*$/m);

  it("names tests that exist", () => {
    expect(rows).to.have.length.above(50);
    expect(rows.map(faultOf).filter((fault) => fault !== null)).to.deep.equal([]);
  });

  it("has a row, or an open confession, for each of the ten invariants", () => {
    const shown = new Set(rowsOf(beforeNotBuilt).map((row) => row.subject));
    const open = [...notBuilt.matchAll(/^- invariant (\d+):/gm)].map((match) => match[1] ?? "");
    const all = Array.from({ length: 10 }, (_, at) => String(at + 1));
    expect([...shown, ...open].toSorted()).to.deep.equal(all.toSorted());
  });

  it("would miss a test that is gone", () => {
    const [first] = rows;
    expect(first).to.not.equal(undefined);
    if (first === undefined) return;
    expect(faultOf({ ...first, title: `${first.title} no more` })).to.be.a("string");
    expect(faultOf({ ...first, file: `${first.file}.gone` })).to.be.a("string");
  });
});
