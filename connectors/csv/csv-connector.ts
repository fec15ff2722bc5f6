import { DuijieError } from "../../contracts/errors.ts";
import type {
  CheckFinding,
  Connector,
  ConnectorCapabilities,
  KeyRange,
  RangeHash,
  ReadLimits,
  SourceEntity,
  SourceRow,
} from "../connector.ts";
import { systemClock } from "../read-pace.ts";
import { checkFolder, checkSource } from "./check.ts";
import { keyless, keyParts, sortKey } from "./entry.ts";
import { fileError, sourceFile } from "./file-access.ts";
import { headerFaults } from "./file-header.ts";
import type { FileIndex } from "./file-index.ts";
import { IndexCache } from "./index-cache.ts";
import type { CsvDependencies, CsvOptions } from "./options.ts";
import { ReaderSlots } from "./reader-slots.ts";
import { RowReader } from "./row-reader.ts";

const sumBits = 64;

/** A registry of CSV files. Files are only read; their keys are sorted once, in a work folder, so that ranges are ranges of keys. */
export class CsvConnector implements Connector {
  readonly engine = "csv";
  readonly capabilities: ConnectorCapabilities = {
    snapshot: true,
    hashRange: true,
    emptyText: true,
    queries: false,
    // Files are opened for reading alone.
    readOnly: true,
    changes: false,
  };
  readonly #options: CsvOptions;
  readonly #indexes: IndexCache;
  readonly #slots: ReaderSlots;

  constructor(options: CsvOptions, dependencies: CsvDependencies = {}) {
    this.#options = options;
    this.#indexes = new IndexCache(options);
    this.#slots = new ReaderSlots(options.concurrentReads, dependencies.clock ?? systemClock);
  }

  async check(sources: readonly SourceEntity[], signal: AbortSignal): Promise<readonly CheckFinding[]> {
    const folder = await checkFolder(this.#options.folder);
    if (!folder.ok) return [folder];
    const findings = [folder];
    for (const source of sources) {
      const ask = async () => await this.#withIndex(source, signal, (index) => Promise.resolve(index));
      findings.push(...(await checkSource(source, this.#options, ask, signal)));
    }
    return findings;
  }

  async count(source: SourceEntity, signal: AbortSignal): Promise<number> {
    return await this.#withIndex(source, signal, ({ tally }) => Promise.resolve(tally.count(source)));
  }

  async counties(
    source: SourceEntity,
    signal: AbortSignal,
  ): Promise<readonly { county: string | null; rows: number }[]> {
    if (source.countyColumn === undefined) return [];
    return await this.#withIndex(source, signal, ({ tally }) => Promise.resolve(tally.counties(source)));
  }

  async planRanges(
    source: SourceEntity,
    rowsPerRange: number,
    signal: AbortSignal,
  ): Promise<readonly KeyRange[]> {
    const keys = await this.#withIndex(
      source,
      signal,
      async (index) => await index.keys.boundaries(rowsPerRange, signal),
    );
    const bounds = keys.map(keyParts);
    const lowers = [null, ...bounds];
    const ranges = lowers.map((lower, at) => ({ lower, upper: bounds[at] ?? null, nullKeys: false }));
    return [...ranges, { lower: null, upper: null, nullKeys: true }];
  }

  async *readRange(
    source: SourceEntity,
    range: KeyRange,
    limits: ReadLimits,
    signal: AbortSignal,
  ): AsyncGenerator<readonly SourceRow[]> {
    const read = this.#rows(source, range, limits.pageRows, signal);
    yield* this.#slots.use(signal, async function* (pace) {
      let page: SourceRow[] = [];
      for await (const rows of read) {
        for (const row of rows) {
          page.push(row);
          if (page.length < limits.pageRows) continue;
          await pace.take(page.length, limits.rowsPerSecond, signal);
          yield page;
          page = [];
          signal.throwIfAborted();
        }
      }
      if (page.length === 0) return;
      await pace.take(page.length, limits.rowsPerSecond, signal);
      yield page;
    });
  }

  async hashRange(source: SourceEntity, range: KeyRange, signal: AbortSignal): Promise<RangeHash> {
    let rows = 0;
    let sum = 0n;
    for await (const page of this.readRange(source, range, { pageRows: hashedPageRows }, signal)) {
      rows += page.length;
      for (const row of page) sum = BigInt.asUintN(sumBits, sum + BigInt(row.hash));
    }
    return { rows, sum: sum.toString() };
  }

  async close(): Promise<void> {
    await this.#indexes.close();
  }

  /** All rows of a range, of one and the same file from the first to the last. */
  async *#rows(
    source: SourceEntity,
    range: KeyRange,
    pageRows: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly SourceRow[]> {
    const [lower, upper] = bounds(source, range);
    const { place } = sourceFile(this.#options.folder, source);
    try {
      const { handle, index } = await this.#indexes.open(source, signal);
      try {
        const [fault] = headerFaults(index.header, source, place);
        if (fault !== undefined) throw fault;
        const reader = new RowReader(source, this.#options, place, index.header);
        for await (const entries of index.keys.range(lower, upper, pageRows)) {
          signal.throwIfAborted();
          yield* reader.rows(handle, entries);
        }
        await this.#indexes.confirm(handle, source);
      } finally {
        await handle.close();
      }
    } catch (error) {
      signal.throwIfAborted();
      throw await fileError(error, this.#options.folder, place);
    }
  }

  /** One question to the index, in a reader's turn. */
  async #withIndex<T>(
    source: SourceEntity,
    signal: AbortSignal,
    question: (index: FileIndex) => Promise<T>,
  ): Promise<T> {
    const indexes = this.#indexes;
    const { place } = sourceFile(this.#options.folder, source);
    const asked = this.#slots.use(signal, async function* () {
      const { handle, index } = await indexes.open(source, signal);
      try {
        yield await question(index);
      } finally {
        await handle.close();
      }
    });
    try {
      for await (const answer of asked) return answer;
    } catch (error) {
      signal.throwIfAborted();
      throw await fileError(error, this.#options.folder, place);
    }
    throw new DuijieError("INVARIANT_BROKEN", { invariant: "one-answer" });
  }
}

const hashedPageRows = 2000;

/** The sort keys between which a range lies. */
function bounds(source: SourceEntity, range: KeyRange): readonly [lower: string, upper: string | null] {
  if (range.nullKeys) return [keyless, null];
  for (const bound of [range.lower, range.upper]) {
    if (bound !== null && bound.length !== source.key.length) {
      throw new DuijieError("SOURCE_CHANGED", { entity: source.entity, keyColumns: source.key.length });
    }
  }
  return [
    range.lower === null ? "" : sortKey(range.lower),
    range.upper === null ? keyless : sortKey(range.upper),
  ];
}
