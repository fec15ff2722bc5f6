import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import type { CodePairs } from "./registry-shape.ts";

/** The second registry keeps names where it can; these are the codes that it made up itself. */
export const secondCodes: Readonly<Record<string, CodePairs>> = {
  sex: [
    ["M", "1"],
    ["F", "2"],
  ],
  country: [
    ["CN", "CHN"],
    ["TW", "TWN"],
    ["KR", "KOR"],
  ],
  "org-kind": [
    ["P", "211"],
    ["T", "218"],
    ["J", "311"],
    ["N", "312"],
    ["C", "341"],
    ["S", "342"],
    ["K", "345"],
  ],
  // National digits with other meanings: 11 is the senior examination here.
  "entry-mode": [
    ["21", "11"],
    ["22", "12"],
    ["11", "21"],
    ["12", "22"],
    ["13", "23"],
    ["19", "99"],
  ],
  step: [
    ...Array.from({ length: 6 }, (_, at) => [String(at + 1), `1${at + 1}`] as const),
    ...Array.from({ length: 4 }, (_, at) => [String(at + 11), `2${at + 1}`] as const),
    ...Array.from({ length: 3 }, (_, at) => [String(at + 21), `3${at + 1}`] as const),
  ],
};

const names = new Map<string, ReadonlyMap<string, string>>();

/** The Chinese name of a national code, as the second registry stores it; null stays null. */
export function nameOf(table: string, code: string | null | undefined): string | null {
  if (code === null || code === undefined) return null;
  let known = names.get(table);
  if (known === undefined) {
    known = readNames(table);
    names.set(table, known);
  }
  const name = known.get(code);
  if (name === undefined) throw new RangeError(`no name for ${code} in ${table}`);
  return name;
}

function readNames(table: string): ReadonlyMap<string, string> {
  const file = new URL(`../../contracts/codes/${table}.csv`, import.meta.url);
  const lines: Record<string, string>[] = parse(readFileSync(file), { columns: true });
  return new Map(lines.map((line) => [line["code"] ?? "", line["name_zh"] ?? ""]));
}
