import type { Entry } from "./entry.ts";
import { keyless } from "./entry.ts";
import { EntryFile } from "./entry-file.ts";
import type { EntrySorter } from "./entry-sorter.ts";

interface Fence {
  readonly key: string;
  readonly at: number;
}

/** Places kept in memory, however many entries there are: above twice as many every other one goes. */
const fencesMax = 2048;

/** All rows of a file in the order of their keys, on disk; in memory a bounded number of places to begin at. */
export class KeyIndex {
  readonly #file: EntryFile;
  #fences: Fence[] = [];
  #stride = 64;
  #rows = 0;
  #keylessRows = 0;
  #doubledKeys = 0;
  #doubledRows = 0;
  #last: string | null = null;
  #ofLast = 0;

  private constructor(file: EntryFile) {
    this.#file = file;
  }

  /** Takes all entries out of the sorter. */
  static async of(sorter: EntrySorter, workFolder: string, signal: AbortSignal): Promise<KeyIndex> {
    const index = new KeyIndex(await EntryFile.create(workFolder));
    try {
      for await (const page of sorter.merged()) {
        signal.throwIfAborted();
        for (const entry of page) if (index.#add(entry)) await index.#file.flush();
      }
      index.#endOfKey();
      await index.#file.finish();
      return index;
    } catch (error) {
      await index.close();
      throw error;
    }
  }

  get rows(): number {
    return this.#rows;
  }

  /** Rows with a key column that is NULL or can't be read. */
  get keylessRows(): number {
    return this.#keylessRows;
  }

  /** Keys that several rows have, and these rows. */
  get doubled(): { readonly keys: number; readonly rows: number } {
    return { keys: this.#doubledKeys, rows: this.#doubledRows };
  }

  /** Entries with `lower <= key < upper`, pages of at most `pageRows`. Rows without a key come last, under `keyless`. */
  async *range(lower: string, upper: string | null, pageRows: number): AsyncGenerator<readonly Entry[]> {
    let page: Entry[] = [];
    for await (const some of this.#file.entries(this.#placeBefore(lower), this.#file.size)) {
      for (const entry of some) {
        if (entry.key < lower) continue;
        if (upper !== null && entry.key >= upper) {
          if (page.length > 0) yield page;
          return;
        }
        page.push(entry);
        if (page.length < pageRows) continue;
        yield page;
        page = [];
      }
    }
    if (page.length > 0) yield page;
  }

  /** Every `rowsPerRange`-th key. A boundary is a key, never a place between equal ones, so these stay together. */
  async boundaries(rowsPerRange: number, signal: AbortSignal): Promise<readonly string[]> {
    const boundaries: string[] = [];
    const step = Math.max(1, Math.trunc(rowsPerRange));
    let place = 0;
    for await (const some of this.#file.entries(0, this.#file.size)) {
      signal.throwIfAborted();
      for (const { key } of some) {
        if (key === keyless) return boundaries;
        if (place > 0 && place % step === 0 && boundaries.at(-1) !== key) boundaries.push(key);
        place += 1;
      }
    }
    return boundaries;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #add(entry: Entry): boolean {
    if (this.#rows % this.#stride === 0) this.#fence(entry.key);
    this.#rows += 1;
    if (entry.key === keyless) this.#keylessRows += 1;
    if (entry.key === this.#last) this.#ofLast += 1;
    else {
      this.#endOfKey();
      this.#last = entry.key;
      this.#ofLast = 1;
    }
    return this.#file.add(entry);
  }

  #endOfKey(): void {
    if (this.#ofLast < 2 || this.#last === keyless) return;
    this.#doubledKeys += 1;
    this.#doubledRows += this.#ofLast;
  }

  #fence(key: string): void {
    this.#fences.push({ key, at: this.#file.size });
    if (this.#fences.length < 2 * fencesMax) return;
    this.#fences = this.#fences.filter((_, at) => at % 2 === 0);
    this.#stride *= 2;
  }

  /** The last known place before which no entry has this key or a greater one. */
  #placeBefore(key: string): number {
    let low = 0;
    let high = this.#fences.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#fences[middle]?.key ?? "") < key) low = middle + 1;
      else high = middle;
    }
    return this.#fences[low - 1]?.at ?? 0;
  }
}
