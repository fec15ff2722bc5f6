import type { PhaseCode } from "./province-plan.ts";

export interface Birth {
  /** YYYYMMDD. */
  readonly date: string;
  /** Position 15–17 of an ID: odd for a boy. */
  readonly sequence: number;
}

/**
 * Deals out birth dates and sequences so that no two pupils of a province share an ID number, with one counter per
 * county and year of birth: about 180,000 pupils fit into each.
 */
export class BirthLedger {
  readonly #next = new Map<string, number>();
  readonly #days = new Map<number, readonly string[]>();

  take(county: string, cohort: number, isBoy: boolean): Birth {
    const group = `${county}${cohort}`;
    const taken = this.#next.get(group) ?? 0;
    this.#next.set(group, taken + 1);
    const sequence = Math.floor(taken / 365) * 2 + (isBoy ? 1 : 2);
    if (sequence > 999) throw new RangeError(`no ID numbers left in ${county} for ${cohort}`);
    // 143 has no factor in common with 365, so that all days of the year are used before the sequence rises.
    return { date: this.#daysOf(cohort)[(taken * 143) % 365] ?? "", sequence };
  }

  #daysOf(cohort: number): readonly string[] {
    let days = this.#days.get(cohort);
    if (days === undefined) {
      days = Array.from({ length: 365 }, (_, day) => compactDate(new Date(Date.UTC(cohort, 8, 1 + day))));
      this.#days.set(cohort, days);
    }
    return days;
  }
}

/** The year on whose 1 September a cohort's birth year begins: six at the start of primary school. */
export function cohortOf(phase: PhaseCode, entryYear: number, isFiveFour: boolean): number {
  const before = phase === "2" ? 0 : phase === "3" ? (isFiveFour ? 5 : 6) : 9;
  return entryYear - before - 7;
}

function compactDate(date: Date): string {
  return date.toISOString().slice(0, 10).replaceAll("-", "");
}
