import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where something personal stands. Never the thing itself: this is printed. */
export type Finding = { readonly file: string; readonly line: number; readonly what: string };

/** Planted texts by kind, as `canaries.json` has them. */
export type Planted = Readonly<Record<string, readonly string[]>>;

/** Looks through every file of a folder for planted texts and for numbers that are an identity card's. */
export function findPersonalData(folder: string, planted: Planted): Finding[] {
  const needles = Object.entries(planted).flatMap(([kind, texts]) =>
    [...new Set(texts)].map((text, index) => ({ text, what: `${kind}[${index}]` })),
  );
  return filesOf(folder).flatMap((file) => {
    const lines = readFileSync(join(folder, file), "utf8").split("\n");
    return lines.flatMap((line, index) => {
      const found = needles.filter(({ text }) => line.includes(text)).map(({ what }) => what);
      if (holdsIdentityNumber(line)) found.push("identity number");
      return found.map((what) => ({ file, line: index + 1, what }));
    });
  });
}

export function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** 18 characters with a province, a date of birth and the check character of GB 11643 (ISO 7064 MOD 11-2). */
function holdsIdentityNumber(line: string): boolean {
  const shape = /(?<!\d)[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)/g;
  return [...line.matchAll(shape)].some(([number]) => {
    const sum = weights.reduce((total, weight, index) => total + weight * Number(number[index]), 0);
    return "10X98765432"[sum % 11] === number[17]?.toUpperCase();
  });
}
