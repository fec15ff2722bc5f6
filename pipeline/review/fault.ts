/** What may be wrong with rows that a vendor filled. `RULE` has the rule's id beside it. */
export const faultKinds = [
  "TABLE_MISSING",
  "COLUMN_MISSING",
  "TABLE_EMPTY",
  "KEY_MISSING",
  "KEY_DUPLICATE",
  "IDENTIFIER_DUPLICATE",
  "REQUIRED",
  "TOO_LONG",
  "FORM",
  "CHARACTERS",
  "UNREADABLE",
  "CODE_UNMAPPED",
  "PARENT_MISSING",
  "RULE",
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface UnmappedCode {
  readonly code: string;
  readonly rows: number;
}

/** One kind of fault in one column, or in rows as a whole where `field` is null. Counts, keys and codes, never values. */
export interface Fault {
  readonly kind: FaultKind;
  readonly severity: "error" | "warning";
  readonly field: string | null;
  readonly rule: string | null;
  readonly rows: number;
  /** The first of them in the order of their text. */
  readonly keys: readonly string[];
  /** Of CODE_UNMAPPED, the most frequent first; empty where the values look like no codes. */
  readonly codes?: readonly UnmappedCode[];
  /** Of TOO_LONG: characters of the longest value. */
  readonly longest?: number;
}

export interface FaultPlace {
  readonly kind: FaultKind;
  readonly severity?: "error" | "warning";
  readonly field: string | null;
  readonly rule?: string;
}

interface Counted {
  readonly place: FaultPlace;
  rows: number;
  keys: string[];
  longest: number;
  readonly codes: Map<string, number>;
}

/** More different values than a code table could have: they are not shown, for they may be names. */
const codesKeptMax = 200;

/** Counts faults by kind, field and rule. */
export class FaultCounts {
  readonly #samples: number;
  readonly #counted = new Map<string, Counted>();

  constructor(samples: number) {
    this.#samples = samples;
  }

  add(place: FaultPlace, key: string | null, rows = 1): void {
    const counted = this.#of(place);
    counted.rows += rows;
    if (key !== null) counted.keys = withSample(counted.keys, key, this.#samples);
  }

  addLong(place: FaultPlace, key: string | null, length: number): void {
    this.add(place, key);
    const counted = this.#of(place);
    counted.longest = Math.max(counted.longest, length);
  }

  addCode(place: FaultPlace, key: string | null, code: string): void {
    this.add(place, key);
    const { codes } = this.#of(place);
    if (codes.has(code) || codes.size <= codesKeptMax) codes.set(code, (codes.get(code) ?? 0) + 1);
  }

  /** In the order in which they were first met, by kind. */
  all(): readonly Fault[] {
    const faults = [...this.#counted.values()].map(faultOf);
    return faults.toSorted(
      (one, other) => faultKinds.indexOf(one.kind) - faultKinds.indexOf(other.kind) || byRule(one, other),
    );
  }

  #of(place: FaultPlace): Counted {
    const id = `${place.kind} ${place.field ?? ""} ${place.rule ?? ""}`;
    const known = this.#counted.get(id);
    if (known !== undefined) return known;
    const fresh: Counted = { place, rows: 0, keys: [], longest: 0, codes: new Map() };
    this.#counted.set(id, fresh);
    return fresh;
  }
}

function byRule(one: Fault, other: Fault): number {
  const [left, right] = [one, other].map(({ field, rule }) => `${rule ?? ""} ${field ?? ""}`);
  return (left ?? "") < (right ?? "") ? -1 : 1;
}

function faultOf({ codes, keys, longest, place, rows }: Counted): Fault {
  const { field, kind, rule, severity = "error" } = place;
  return {
    kind,
    severity,
    field,
    rule: rule ?? null,
    rows,
    keys,
    ...(kind === "CODE_UNMAPPED" ? { codes: shownCodes(codes) } : {}),
    ...(kind === "TOO_LONG" ? { longest } : {}),
  };
}

/** Readers side by side meet rows in any order, so the smallest are kept: the report is the same each time. */
function withSample(keys: readonly string[], key: string, max: number): string[] {
  const last = keys[keys.length - 1];
  if (keys.length >= max && last !== undefined && key >= last) return [...keys];
  return [...new Set([...keys, key])].toSorted().slice(0, max);
}

function shownCodes(codes: ReadonlyMap<string, number>): readonly UnmappedCode[] {
  if (codes.size > codesKeptMax) return [];
  return [...codes]
    .filter(([code]) => looksLikeCode(code))
    .map(([code, rows]) => ({ code, rows }))
    .toSorted((one, other) => other.rows - one.rows || (one.code < other.code ? -1 : 1));
}

const codeLengthMax = 12;

/** A column that was filled with the wrong thing may hold a phone or document number: such a value is no code. */
function looksLikeCode(value: string): boolean {
  return Array.from(value).length <= codeLengthMax && !/^1[3-9]\d{9}$/.test(value);
}
