import type { PhaseCode } from "./province-plan.ts";

export interface Birth {
  /** YYYYMMDD. */
  readonly date: string;
  /** Position 15–17 of an ID: odd for a boy. */
  readonly sequence: number;
}

const dayMs = 86_400_000;

/**
 * Deals out birth dates and sequences so that no two pupils of a province share an ID number, with one counter per
 * county and year of birth: about 180,000 pupils fit into each.
 */
export class BirthLedger {
  readonly #next = new Map<string, number>();

  take(county: string, cohort: number, isBoy: boolean): Birth {
    const group = `${county}${cohort}`;
    const taken = this.#next.get(group) ?? 0;
    this.#next.set(group, taken + 1);
    const start = Date.UTC(cohort, 8, 1);
    // 143 has no factor in common with 365, so that all days of the year are used before the sequence rises.
    const day = (taken * 143) % 365;
    const sequence = Math.floor(taken / 365) * 2 + (isBoy ? 1 : 2);
    if (sequence > 999) throw new RangeError(`no ID numbers left in ${county} for ${cohort}`);
    return { date: compactDate(new Date(start + day * dayMs)), sequence };
  }
}

/** The year on whose 1 September a cohort's birth year begins: six at the start of primary school. */
export function cohortOf(
  phase: PhaseCode,
  entryYear: number,
  primaryYears: number,
  juniorYears: number,
): number {
  const before = phase === "2" ? 0 : phase === "3" ? primaryYears : primaryYears + juniorYears;
  return entryYear - before - 7;
}

export function compactDate(date: Date): string {
  return date.toISOString().slice(0, 10).replaceAll("-", "");
}
