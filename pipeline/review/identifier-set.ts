const firstCapacity = 1024;
const fillMax = 0.6;

/**
 * Texts that were seen, by 64 bits of hash each: ten million take about 130 MB, and the chance that two of them are taken
 * for one is about one in a hundred thousand. Enough for a report, which nothing is decided by.
 */
export class IdentifierSet {
  #size = 0;
  #capacity = firstCapacity;
  #low = new Uint32Array(firstCapacity);
  #high = new Uint32Array(firstCapacity);

  get size(): number {
    return this.#size;
  }

  /** False where it was there already. */
  add(text: string): boolean {
    const [low, high] = hashOf(text);
    if (!this.#put(low, high)) return false;
    this.#size += 1;
    if (this.#size > this.#capacity * fillMax) this.#grow();
    return true;
  }

  has(text: string): boolean {
    const [low, high] = hashOf(text);
    const at = this.#placeOf(low, high);
    return this.#low[at] === low && this.#high[at] === high;
  }

  #put(low: number, high: number): boolean {
    const at = this.#placeOf(low, high);
    if (this.#low[at] === low && this.#high[at] === high) return false;
    this.#low[at] = low;
    this.#high[at] = high;
    return true;
  }

  /** Where it stands, or the free place where it belongs. */
  #placeOf(low: number, high: number): number {
    const mask = this.#capacity - 1;
    let at = low & mask;
    while (!this.#isFree(at) && (this.#low[at] !== low || this.#high[at] !== high)) at = (at + 1) & mask;
    return at;
  }

  #isFree(at: number): boolean {
    return this.#low[at] === 0 && this.#high[at] === 0;
  }

  #grow(): void {
    const [low, high] = [this.#low, this.#high];
    this.#capacity *= 2;
    this.#low = new Uint32Array(this.#capacity);
    this.#high = new Uint32Array(this.#capacity);
    for (let at = 0; at < low.length; at += 1) {
      const one = low[at] ?? 0;
      const other = high[at] ?? 0;
      if (one !== 0 || other !== 0) this.#put(one, other);
    }
  }
}

/** Two hashes of 32 bits with seeds of their own (cyrb53's mixing); never both zero, which marks a free place. */
function hashOf(text: string): readonly [low: number, high: number] {
  let one = 0xdeadbeef;
  let other = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    one = Math.imul(one ^ unit, 2654435761);
    other = Math.imul(other ^ unit, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909);
  other = Math.imul(other ^ (other >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return [one >>> 0 || 1, other >>> 0];
}
