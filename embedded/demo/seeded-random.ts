/** Seeded random numbers (sfc32): the same seed gives the same province on every machine. Not for secrets. */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  /** `parts` name a stream of its own, so that one more draw in one school changes no other school. */
  constructor(...parts: readonly (string | number)[]) {
    let h = 0x9e3779b9;
    for (const part of parts) h = mixText(h, String(part));
    this.#a = mix(h ^ 0x243f6a88);
    this.#b = mix(this.#a ^ 0x85a308d3);
    this.#c = mix(this.#b ^ 0x13198a2e);
    for (let round = 0; round < 8; round++) this.next();
  }

  /** An unsigned 32-bit number. */
  next(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor((this.next() / 0x100000000) * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability * 0x100000000;
  }

  pick<T>(list: readonly T[]): T {
    const chosen = list[this.below(list.length)];
    if (chosen === undefined) throw new RangeError("pick from an empty list");
    return chosen;
  }
}

/** Picks by weight: each entry is `[value, weight]`. The total is summed once. */
export class WeightedChoice<T> {
  readonly #entries: readonly (readonly [T, number])[];
  readonly #total: number;

  constructor(entries: readonly (readonly [T, number])[]) {
    this.#entries = entries;
    this.#total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  }

  pick(random: SeededRandom): T {
    let left = random.below(this.#total);
    for (const [value, weight] of this.#entries) {
      left -= weight;
      if (left < 0) return value;
    }
    throw new RangeError("weights add up to less than their total");
  }
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return h ^ (h >>> 15);
}

function mixText(start: number, text: string): number {
  let h = start;
  for (let at = 0; at < text.length; at++) h = mix(h ^ text.charCodeAt(at));
  return mix(h ^ text.length);
}
