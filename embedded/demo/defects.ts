/**
 * What is planted, and what has to become of it. The end of each kind follows from the contracts and from the
 * rule that only the province waits; the checker holds the product to it.
 */
export type Outcome = "quarantined" | "rejected" | "waiting";

export interface Fate {
  readonly outcome: Outcome;
  readonly code: string;
}

const violation: Fate = { outcome: "quarantined", code: "CONTRACT_VIOLATION" };
const malformed: Fate = { outcome: "quarantined", code: "RECORD_MALFORMED" };
const unmapped: Fate = { outcome: "quarantined", code: "MAPPING_MISSING" };
const duplicate: Fate = { outcome: "quarantined", code: "KEY_DUPLICATE" };
const keyless: Fate = { outcome: "quarantined", code: "KEY_MISSING" };
const orphan: Fate = { outcome: "waiting", code: "PARENT_MISSING" };

/** One row of one pupil is wrong. */
export const pupilFates = {
  "id-check-digit-wrong": violation,
  "id-birth-date-differs": violation,
  "id-gender-differs": violation,
  "ethnicity-unmapped": unmapped,
  "hukou-needs-a-person": unmapped,
  "enrolment-mode-unmapped": unmapped,
  "phone-blank": violation,
  "home-address-blank": violation,
  "birth-date-impossible": malformed,
  "name-too-long": violation,
  "name-control-character": malformed,
  "inclusive-class-differs": violation,
  "hukou-region-split": unmapped,
  "class-orphan": orphan,
  "key-duplicate": duplicate,
  "key-missing": keyless,
} as const satisfies Record<string, Fate>;
export type PupilDefect = keyof typeof pupilFates;

/** One guardian of a sound pupil is wrong. */
export const guardianFates = {
  "guardian-id-check-digit-wrong": violation,
  "guardian-relationship-unmapped": unmapped,
  "guardian-phone-blank": violation,
  "guardian-key-duplicate": duplicate,
  "guardian-key-missing": keyless,
  "guardian-orphan": orphan,
} as const satisfies Record<string, Fate>;
export type GuardianDefect = keyof typeof guardianFates;

export const schoolUnmapped: Fate = unmapped;
export const schoolUnknown: Fate = { outcome: "rejected", code: "SCHOOL_UNKNOWN" };
export const classTypeUnmapped: Fate = unmapped;
/** Whatever refers to a record that did not arrive. */
export const parentMissing: Fate = orphan;

/** How often each kind is planted: one in about 3,300 pupils, but once where there are 2,000. */
export function defectsPerKind(students: number): number {
  return students < 2000 ? 0 : Math.max(1, Math.round(students * 0.0003));
}

/**
 * Spreads the kinds evenly over the pupils: slot i falls on one pupil and gets kind i modulo the kinds. So every
 * county has about the same share, and the memory that it takes does not grow with the province.
 */
export class DefectSchedule<K extends string> {
  readonly #kinds: readonly K[];
  readonly #slots: number;
  readonly #pupils: number;
  readonly #phase: number;
  #slot = 0;

  /** `phase` (0–1) shifts all slots, so that two schedules meet on different pupils. */
  constructor(kinds: readonly K[], perKind: number, pupils: number, phase: number) {
    this.#kinds = kinds;
    this.#slots = kinds.length * perKind;
    this.#pupils = pupils;
    this.#phase = phase;
  }

  /** Called once per sound pupil, in order. */
  at(pupil: number): K | null {
    if (this.#slot >= this.#slots || pupil < this.#position()) return null;
    const kind = this.#kinds[this.#slot % this.#kinds.length];
    this.#slot += 1;
    return kind ?? null;
  }

  #position(): number {
    return Math.floor(((this.#slot + this.#phase) * this.#pupils) / this.#slots);
  }
}
