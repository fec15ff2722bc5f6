import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";

/** One region in force today; `code` has 6 digits. */
export interface Region {
  readonly code: string;
  readonly name: string;
  readonly level: "1" | "2" | "3";
  readonly parentCode: string | null;
  readonly effectiveFrom: string | null;
}

/** A county where pupils live and schools stand. */
export interface County {
  readonly code: string;
  readonly code12: string;
  /** Province, prefecture and county in one, as addresses begin. */
  readonly fullName: string;
  readonly nativePlace: string;
}

export interface ProvinceRegions {
  readonly regions: readonly Region[];
  readonly counties: readonly County[];
  /** Abolished code → the one code that took its place and is in force. */
  readonly renamed: readonly { readonly oldCode: string; readonly newCode: string }[];
  /** Abolished codes whose area went to several others: nobody can tell which. */
  readonly split: readonly string[];
}

type Line = Readonly<Record<string, string>>;

/** Real codes of one province (first two digits) from the national tables in `contracts/codes`. */
export function regionsOfProvince(province: string): ProvinceRegions {
  const current = table("region").filter((line) => line["origin"] === "MCA");
  const own = current.filter((line) => text(line, "code").startsWith(province));
  if (own.length === 0) throw new RangeError(`no regions for province ${province}`);
  const byCode = new Map(own.map((line) => [text(line, "code"), line]));
  return {
    regions: own.map(toRegion).toSorted((a, b) => (a.code < b.code ? -1 : 1)),
    counties: own.filter((line) => line["level"] === "county").map((line) => toCounty(line, byCode)),
    ...successors(province, new Set(current.map((line) => text(line, "code")))),
  };
}

function toRegion(line: Line): Region {
  const level = line["level"] === "province" ? "1" : line["level"] === "prefecture" ? "2" : "3";
  return {
    code: text(line, "code"),
    name: text(line, "name_zh"),
    level,
    parentCode: line["parent_code"] || null,
    effectiveFrom: line["effective_from"] || null,
  };
}

function toCounty(line: Line, byCode: ReadonlyMap<string, Line>): County {
  const code = text(line, "code");
  const names = [`${code.slice(0, 2)}0000`, `${code.slice(0, 4)}00`]
    .filter((parent) => parent !== code)
    .map((parent) => byCode.get(parent)?.["name_zh"] ?? "");
  return {
    code,
    code12: `${code}000000`,
    fullName: names.join("") + text(line, "name_zh"),
    nativePlace: names.join(""),
  };
}

/**
 * Only what every reading of the tables agrees on: a code is taken as renamed when the list of changes and the
 * history both name one and the same successor, as split when both name several.
 */
function successors(province: string, inForce: ReadonlySet<string>) {
  const changes = groupBy(table("region-changes"), "old_code", "new_code");
  const history = groupBy(table("region-history"), "code", "successor_codes");
  const renamed: { oldCode: string; newCode: string }[] = [];
  const split: string[] = [];
  for (const [oldCode, newCodes] of changes) {
    if (inForce.has(oldCode)) continue;
    const noted = history.get(oldCode) ?? [];
    const [only = ""] = newCodes;
    if (newCodes.length === 1 && noted.length === 1 && noted[0] === only && inForce.has(only)) {
      if (oldCode.startsWith(province)) renamed.push({ oldCode, newCode: only });
    } else if (newCodes.length > 1 && noted.length === 1 && noted[0]?.split(";").length === newCodes.length) {
      if (newCodes.every((code) => inForce.has(code))) split.push(oldCode);
    }
  }
  const ownSplit = split.filter((code) => code.startsWith(province));
  return { renamed, split: ownSplit.length > 0 ? ownSplit : split };
}

function groupBy(lines: readonly Line[], key: string, value: string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const line of lines) {
    const list = groups.get(text(line, key)) ?? [];
    list.push(line[value] ?? "");
    groups.set(text(line, key), list);
  }
  return groups;
}

function table(name: string): Line[] {
  const file = new URL(`../../contracts/codes/${name}.csv`, import.meta.url);
  return parse(readFileSync(file), { columns: true, bom: true });
}

function text(line: Line, column: string): string {
  const value = line[column];
  if (value === undefined) throw new TypeError(`column ${column} is missing in a code table`);
  return value;
}
