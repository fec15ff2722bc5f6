import { readdirSync, readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { DuijieError } from "./errors.ts";
import { contractsPath } from "./package-root.ts";

export type CodeRow = Readonly<Record<string, string>>;

/** A national code table, `codes/<name>.csv`. */
export interface CodeTable {
  readonly name: string;
  readonly rows: readonly CodeRow[];
  /** Values of the column `code`; empty for a table without one (changes, examples). */
  readonly codes: ReadonlySet<string>;
  /** Chinese names, and old or misspelt ones where the table lists them. A name of two codes is left out: a guess would be silent. */
  readonly nameToCode: ReadonlyMap<string, string>;
}

const loaded = new Map<string, CodeTable>();

/** Reads a table on its first use. An unknown name is INVARIANT_BROKEN: names come from schemas and checked configuration. */
export function codeTable(name: string): CodeTable {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  if (!codeTableNames().includes(name)) {
    throw new DuijieError("INVARIANT_BROKEN", { what: "code table", table: name });
  }
  const table = load(name);
  loaded.set(name, table);
  return table;
}

/** The value of one column in the row of a code; null where the code or the value is absent. */
export function codeAttribute(table: string, column: string): ReadonlyMap<string, string> {
  const result = new Map<string, string>();
  for (const row of codeTable(table).rows) {
    const code = row["code"];
    const value = row[column];
    if (code !== undefined && value !== undefined && value !== "") result.set(code, value);
  }
  return result;
}

let names: readonly string[] | undefined;

export function codeTableNames(): readonly string[] {
  names ??= readdirSync(contractsPath("codes"))
    .filter((file) => file.endsWith(".csv"))
    .map((file) => file.slice(0, -".csv".length))
    .toSorted();
  return names;
}

function load(name: string): CodeTable {
  const rows = readRows(name);
  const codes = new Set(rows.map((row) => row["code"]).filter((code) => code !== undefined));
  return Object.freeze({ name, rows, codes, nameToCode: namesOf(rows) });
}

function readRows(name: string): readonly CodeRow[] {
  const bytes = readFileSync(contractsPath("codes", `${name}.csv`));
  const [header, ...lines] = parse(bytes, { skip_empty_lines: true });
  if (header === undefined)
    throw new DuijieError("INVARIANT_BROKEN", { what: "code table empty", table: name });
  return lines.map((line) => Object.fromEntries(header.map((column, at) => [column, line[at] ?? ""])));
}

function namesOf(rows: readonly CodeRow[]): ReadonlyMap<string, string> {
  const result = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const row of rows) {
    const code = row["code"];
    if (code === undefined) continue;
    for (const name of [row["name_zh"], row["legacy_or_misspelt_alias"]]) {
      if (name === undefined || name === "") continue;
      const other = result.get(name);
      if (other !== undefined && other !== code) ambiguous.add(name);
      result.set(name, code);
    }
  }
  for (const name of ambiguous) result.delete(name);
  return result;
}
