import type { Entry } from "./entry.ts";
import { EntryFile } from "./entry-file.ts";

/** Entries sorted in memory at a time; a run on disk. */
const runEntries = 100_000;
const runKeyCharacters = 16 * 1024 * 1024;

/**
 * Sorts any number of entries by key, those of one key in the order of the file, in bounded memory: sorted runs go to
 * a file and are merged at the end.
 */
export class EntrySorter {
  readonly #workFolder: string;
  readonly #runs: [from: number, to: number][] = [];
  #file: EntryFile | null = null;
  #entries: Entry[] = [];
  #characters = 0;

  constructor(workFolder: string) {
    this.#workFolder = workFolder;
  }

  /** Returns true where `spill` is due. Offsets only rise from one entry to the next. */
  add(entry: Entry): boolean {
    this.#entries.push(entry);
    this.#characters += entry.key.length;
    return this.#entries.length >= runEntries || this.#characters >= runKeyCharacters;
  }

  async spill(): Promise<void> {
    this.#file ??= await EntryFile.create(this.#workFolder);
    const from = this.#file.size;
    for (const entry of this.#sorted()) if (this.#file.add(entry)) await this.#file.flush();
    await this.#file.flush();
    this.#runs.push([from, this.#file.size]);
  }

  /** All entries in order. To be read once, and `close` after it. */
  async *merged(): AsyncGenerator<readonly Entry[]> {
    if (this.#runs.length === 0) {
      yield this.#sorted();
      return;
    }
    await this.spill();
    const file = this.#file;
    if (file !== null)
      yield* mergeRuns(this.#runs.map(([from, to]) => new RunReader(file.entries(from, to))));
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  #sorted(): readonly Entry[] {
    const entries = this.#entries;
    this.#entries = [];
    this.#characters = 0;
    return entries.sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0));
  }
}

class RunReader {
  readonly #pages: AsyncGenerator<readonly Entry[]>;
  #page: readonly Entry[] = [];
  #at = 0;

  constructor(pages: AsyncGenerator<readonly Entry[]>) {
    this.#pages = pages;
  }

  get head(): Entry | undefined {
    return this.#page[this.#at];
  }

  /** Returns true where the next page has to be fetched before `head` is asked. */
  step(): boolean {
    this.#at += 1;
    return this.#at >= this.#page.length;
  }

  async fetch(): Promise<void> {
    const next = await this.#pages.next();
    this.#page = next.done === true ? [] : next.value;
    this.#at = 0;
  }
}

const mergedPage = 1000;

/** Runs come in the order of the file, so that of equal keys the earlier run's is the earlier row. */
async function* mergeRuns(runs: readonly RunReader[]): AsyncGenerator<readonly Entry[]> {
  for (const run of runs) await run.fetch();
  const heap = new RunHeap(runs);
  let page: Entry[] = [];
  for (let run = heap.first; run?.head !== undefined; run = heap.first) {
    page.push(run.head);
    if (run.step()) await run.fetch();
    heap.settle();
    if (page.length < mergedPage) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** A binary heap of runs by their heads; an exhausted run sinks to the end. */
class RunHeap {
  readonly #runs: { readonly run: RunReader; readonly rank: number }[];

  constructor(runs: readonly RunReader[]) {
    this.#runs = runs.map((run, rank) => ({ run, rank }));
    for (let at = this.#runs.length >> 1; at >= 0; at--) this.#sink(at);
  }

  get first(): RunReader | undefined {
    return this.#runs[0]?.run;
  }

  /** After the head of the first run has changed. */
  settle(): void {
    this.#sink(0);
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (this.#isBefore(child, least)) least = child;
      if (least === at) return;
      const [one, other] = [this.#runs[at], this.#runs[least]];
      if (one === undefined || other === undefined) return;
      this.#runs[at] = other;
      this.#runs[least] = one;
      at = least;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const a = this.#runs[one];
    const b = this.#runs[other];
    if (a?.run.head === undefined || b === undefined) return false;
    if (b.run.head === undefined) return true;
    if (a.run.head.key !== b.run.head.key) return a.run.head.key < b.run.head.key;
    return a.rank < b.rank;
  }
}
