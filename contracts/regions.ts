import { codeTable } from "./codes.ts";

/** Twelve digits; or the current regions that share what the old one was; null: no such region, or none follows it. */
export type CurrentRegion = { readonly code12: string } | { readonly ambiguous: readonly string[] } | null;

interface Period {
  readonly from: number;
  /** Excluded; null: in force. */
  readonly to: number | null;
  readonly successors: readonly string[];
}

/**
 * The regions of GB/T 2260 in force, those that only the statistics list has (development zones), and what became of
 * the abolished ones. All answers are prepared once: a look-up is one or two reads of a Map.
 */
export class Regions {
  readonly #current: ReadonlySet<string>;
  readonly #current12: ReadonlyMap<string, { readonly code12: string }>;
  readonly #abolished: ReadonlyMap<string, CurrentRegion>;
  readonly #ever: ReadonlySet<string>;
  readonly #withCounties: ReadonlySet<string>;

  constructor() {
    const periods = readPeriods();
    const rows = codeTable("region").rows;
    const extra = codeTable("region-nbs-extra").rows;
    this.#current = new Set([...rows, ...extra].map((row) => row["code"] ?? ""));
    this.#current12 = new Map(
      [...this.#current].flatMap((code) => {
        const answer = Object.freeze({ code12: `${code}000000` });
        return [[code, answer] as const, [answer.code12, answer] as const];
      }),
    );
    this.#ever = new Set([...this.#current, ...periods.keys()]);
    this.#abolished = endings(periods, this.#current);
    this.#withCounties = parentsOf(rows.map((row) => row["code"] ?? ""));
  }

  /** All codes in force, six digits: provinces, prefectures, counties, and what the statistics list adds. */
  get current(): ReadonlySet<string> {
    return this.#current;
  }

  /**
   * Six or twelve digits → twelve digits of a region in force. The township and village digits of a twelve-digit code
   * are kept when its county part is in force; a successor has other townships, so there they become zeros.
   * An abolished code is followed over the history; only where each step has exactly one successor is there an answer.
   * Any level counts, also prefectures without counties (Dongguan 441900).
   */
  resolveCurrent(code: string): CurrentRegion {
    const direct = this.#current12.get(code);
    if (direct !== undefined) return direct;
    if (!isRegionForm(code)) return null;
    const county = code.slice(0, 6);
    if (this.#current.has(county)) return { code12: code };
    return this.#abolished.get(county) ?? null;
  }

  /** Six or twelve digits → twelve digits, for a region of whatever year (birth places): nothing is replaced. */
  resolveAny(code: string): { readonly code12: string } | null {
    const direct = this.#current12.get(code);
    if (direct !== undefined) return direct;
    if (!isRegionForm(code) || !this.#ever.has(code.slice(0, 6))) return null;
    return { code12: code.length === 12 ? code : `${code}000000` };
  }

  /** A twelve-digit code whose county part is in force. */
  isCurrent12(code12: string): boolean {
    if (this.#current12.has(code12)) return code12.length === 12;
    return code12.length === 12 && isRegionForm(code12) && this.#current.has(code12.slice(0, 6));
  }

  /** A twelve-digit code whose county part is, or once was, in force. */
  isEver12(code12: string): boolean {
    if (this.#current12.has(code12)) return code12.length === 12;
    return code12.length === 12 && isRegionForm(code12) && this.#ever.has(code12.slice(0, 6));
  }

  /** Six digits that are, or once were, a region. 81, 82 and 83 of residence permits are not in the list. */
  knownEver(code6: string): boolean {
    return this.#ever.has(code6);
  }

  /** True for a county, or for a prefecture without counties in GB/T 2260: where people live. */
  isLeaf(code6: string): boolean {
    return !this.#withCounties.has(code6) && this.#ever.has(code6);
  }
}

let regions: Regions | undefined;

/** The one set of national regions, prepared on its first use (some ten thousand rows). */
export function nationalRegions(): Regions {
  regions ??= new Regions();
  return regions;
}

const regionForm = /^(?:\d{6}|\d{12})$/;

function isRegionForm(code: string): boolean {
  return regionForm.test(code);
}

function parentsOf(codes: readonly string[]): ReadonlySet<string> {
  const parents = new Set<string>();
  for (const code of codes) {
    for (const parent of [`${code.slice(0, 4)}00`, `${code.slice(0, 2)}0000`]) {
      if (parent !== code) parents.add(parent);
    }
  }
  return parents;
}

function readPeriods(): Map<string, Period[]> {
  const periods = new Map<string, Period[]>();
  for (const row of codeTable("region-history").rows) {
    const code = row["code"] ?? "";
    const list = periods.get(code) ?? [];
    list.push({
      from: Number(row["effective_from"]),
      to: row["effective_to"] ? Number(row["effective_to"]) : null,
      successors: successorsOf(row["successor_codes"] ?? ""),
    });
    periods.set(code, list);
  }
  addUpgradedPrefectures(periods);
  return periods;
}

/**
 * `130111;130108[2001]`: a year in brackets is a part that was given away before the end. It counts as a successor
 * too: nobody can tell from the code on which side of the new line a family lives.
 */
function successorsOf(text: string): readonly string[] {
  if (text === "") return [];
  return [...new Set(text.split(";").map((part) => part.slice(0, 6)))];
}

/** The history knows counties only as successors; prefectures that became cities stand in the list of changes. */
function addUpgradedPrefectures(periods: Map<string, Period[]>): void {
  for (const row of codeTable("region-changes").rows) {
    if (row["kind"] !== "prefecture_upgrade_recode") continue;
    const code = row["old_code"] ?? "";
    const list = periods.get(code)?.map((period) => {
      const ended = period.to === Number(row["year"]) && period.successors.length === 0;
      return ended ? { ...period, successors: [row["new_code"] ?? ""] } : period;
    });
    if (list !== undefined) periods.set(code, list);
  }
}

function endings(
  periods: ReadonlyMap<string, readonly Period[]>,
  current: ReadonlySet<string>,
): ReadonlyMap<string, CurrentRegion> {
  const result = new Map<string, CurrentRegion>();
  for (const [code, list] of periods) {
    if (current.has(code)) continue;
    // The code alone does not say which of its periods is meant: all of them have to agree.
    result.set(code, answerOf(new Set(list.flatMap((period) => follow(period, periods, current, [])))));
  }
  return result;
}

function answerOf(found: ReadonlySet<string>): CurrentRegion {
  const codes = [...found].filter((code) => code !== deadEnd).toSorted();
  const [first] = codes;
  if (first === undefined) return null;
  if (found.size === 1) return Object.freeze({ code12: `${first}000000` });
  return Object.freeze({ ambiguous: Object.freeze(codes.map((code) => `${code}000000`)) });
}

/** A way of which the history does not know the end; beside another way it makes the answer ambiguous. */
const deadEnd = "";

/** Follows one period to its end in the year that it ended: a code may have been given again to another region later. */
function follow(
  period: Period,
  periods: ReadonlyMap<string, readonly Period[]>,
  current: ReadonlySet<string>,
  seen: readonly string[],
): readonly string[] {
  const year = period.to;
  if (year === null || period.successors.length === 0) return [deadEnd];
  return period.successors.flatMap((code) => {
    const next = periods.get(code)?.find((one) => one.from <= year && (one.to === null || one.to > year));
    if (next === undefined || next.to === null) return [current.has(code) ? code : deadEnd];
    const step = `${code}@${year}`;
    return seen.includes(step) ? [deadEnd] : follow(next, periods, current, [...seen, step]);
  });
}
