import { createHash, type Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";
import { type Charset, decode } from "../charset.ts";
import type { SourceEntity } from "../connector.ts";
import { CharsetWitness } from "./charset-witness.ts";
import { CountyTally } from "./county-tally.ts";
import { sortKey } from "./entry.ts";
import { EntrySorter } from "./entry-sorter.ts";
import { chunksOf, identityOf } from "./file-access.ts";
import { charsetOf, type FileHeader, headerFaults, readHeader } from "./file-header.ts";
import { KeyIndex } from "./key-index.ts";
import type { CsvOptions } from "./options.ts";
import { type CutRow, RowCutter } from "./row-cutter.ts";
import { rowFields } from "./row-fields.ts";

/** What one pass over a whole file found: the file is sound to its last byte, and these are its rows by key. */
export interface FileIndex {
  readonly header: FileHeader;
  readonly keys: KeyIndex;
  readonly tally: CountyTally;
  /** Rows beyond ASCII, and those of them with bytes that the charset can't have. */
  readonly beyondAscii: number;
  readonly unreadable: number;
  readonly identity: string;
  /** SHA-256 of the bytes: tells a file that was touched from one that was changed. */
  readonly digest: string;
}

/**
 * Reads the file once from end to end. Faults of its structure are faults of the file, not of a row: what follows a
 * quote or separator too many can't be trusted, so nothing of such a file is loaded.
 */
export async function indexFile(
  handle: FileHandle,
  source: SourceEntity,
  options: CsvOptions,
  place: ErrorParams,
  signal: AbortSignal,
): Promise<FileIndex> {
  const identity = await identityOf(handle);
  const header = await readHeader(handle, options, place, signal);
  const [fault] = headerFaults(header, source, place);
  if (fault !== undefined) throw fault;
  const pass = new IndexPass(source, options, place, header);
  try {
    await pass.run(handle, signal);
    const keys = await KeyIndex.of(pass.sorter, options.workFolder, signal);
    if ((await identityOf(handle)) === identity) return { ...pass.found(), header, keys, identity };
    await keys.close();
  } finally {
    await pass.sorter.close();
  }
  throw new DuijieError("SOURCE_CHANGED", { ...place, reason: "file-changing" });
}

class IndexPass {
  readonly sorter: EntrySorter;
  readonly #options: CsvOptions;
  readonly #place: ErrorParams;
  readonly #header: FileHeader;
  readonly #charset: Charset;
  readonly #witness: CharsetWitness;
  readonly #tally = new CountyTally();
  readonly #digest: Hash = createHash("sha256");
  readonly #keyAt: readonly number[];
  readonly #countyAt: number;
  readonly #phaseAt: number;
  #isHeader = true;

  constructor(source: SourceEntity, options: CsvOptions, place: ErrorParams, header: FileHeader) {
    this.sorter = new EntrySorter(options.workFolder);
    this.#options = options;
    this.#place = place;
    this.#header = header;
    this.#charset = charsetOf(options);
    this.#witness = new CharsetWitness(options.charset);
    this.#keyAt = source.key.map((name) => header.names.indexOf(name));
    this.#countyAt = placeOf(header, source.countyColumn);
    this.#phaseAt = placeOf(header, source.phaseColumn);
  }

  async run(handle: FileHandle, signal: AbortSignal): Promise<void> {
    const cutter = new RowCutter(this.#options, this.#place, this.#header.markBytes);
    for await (const chunk of chunksOf(handle, this.#header.markBytes, signal)) {
      this.#digest.update(chunk);
      await this.#take(cutter.push(chunk));
    }
    await this.#take(cutter.end());
    this.#witness.judge(this.#place);
  }

  found() {
    const { beyondAscii, unreadable } = this.#witness;
    return { tally: this.#tally, beyondAscii, unreadable, digest: this.#digest.digest("hex") };
  }

  async #take(rows: readonly CutRow[]): Promise<void> {
    for (const row of rows) {
      this.#witness.see(row.text);
      if (this.#isHeader) this.#isHeader = false;
      else if (!this.#isBlank(row) && this.#add(row)) await this.sorter.spill();
    }
  }

  /** A line with nothing in it is no row, where a row has several fields. */
  #isBlank({ text }: CutRow): boolean {
    return text === "" && this.#header.names.length > 1;
  }

  #add({ text, offset, line }: CutRow): boolean {
    const fields = rowFields(text, this.#options, () => ({ ...this.#place, line }));
    const expected = this.#header.names.length;
    if (fields.length !== expected) {
      throw new DuijieError("SOURCE_ROW_RAGGED", { ...this.#place, line, found: fields.length, expected });
    }
    this.#tally.add(this.#text(fields[this.#countyAt]), this.#text(fields[this.#phaseAt]));
    const key = sortKey(this.#keyAt.map((at) => this.#text(fields[at])));
    return this.sorter.add({ key, offset, length: text.length });
  }

  #text(field: string | null | undefined): string | null {
    if (field === null || field === undefined) return null;
    return decode(Buffer.from(field, "latin1"), this.#charset);
  }
}

function placeOf({ names }: FileHeader, column: string | undefined): number {
  return column === undefined ? -1 : names.indexOf(column);
}

/** The bytes that the index saw, again. */
export async function digestOf(handle: FileHandle, markBytes: number, signal: AbortSignal): Promise<string> {
  const digest = createHash("sha256");
  for await (const chunk of chunksOf(handle, markBytes, signal)) digest.update(chunk);
  return digest.digest("hex");
}
