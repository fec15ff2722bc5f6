import { hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";
import { type Charset, decode } from "../charset.ts";
import { joinKey, type SourceEntity, type SourceRow } from "../connector.ts";
import { usedColumns } from "../used-columns.ts";
import { scopeFilter } from "./county-tally.ts";
import { type Entry, keyless, sortKey } from "./entry.ts";
import { charsetOf, type FileHeader } from "./file-header.ts";
import type { CsvOptions } from "./options.ts";
import { rowFields } from "./row-fields.ts";

const blockBytesMax = 1024 * 1024;
/** Rows nearer than this are read in one go, with what stands between them. */
const gapBytesMax = 16 * 1024;

interface Block {
  readonly from: number;
  readonly to: number;
  readonly entries: readonly Entry[];
}

/** `lost`: bytes, in hex, of every field that is null because it can't be read. */
interface UsedFields extends Pick<SourceRow, "values" | "unreadable"> {
  readonly lost: readonly string[];
}

/** Turns entries of an index into the rows of one source; null for a row outside of its scope. */
export class RowReader {
  readonly #options: CsvOptions;
  readonly #place: ErrorParams;
  readonly #charset: Charset;
  readonly #columns: readonly string[];
  readonly #usedAt: readonly number[];
  readonly #keyAt: readonly number[];
  readonly #valueAt: readonly number[];
  readonly #countyAt: number;
  readonly #phaseAt: number;
  readonly #isWanted: (county: string | null, phase: string | null) => boolean;

  constructor(source: SourceEntity, options: CsvOptions, place: ErrorParams, { names }: FileHeader) {
    this.#options = options;
    this.#place = place;
    this.#charset = charsetOf(options);
    this.#columns = usedColumns(source);
    const at = (column: string) => this.#columns.indexOf(column);
    this.#usedAt = this.#columns.map((column) => names.indexOf(column));
    this.#keyAt = source.key.map(at);
    this.#valueAt = source.columns.map(({ column }) => at(column));
    this.#countyAt = source.countyColumn === undefined ? -1 : at(source.countyColumn);
    this.#phaseAt = source.phaseColumn === undefined ? -1 : at(source.phaseColumn);
    this.#isWanted = scopeFilter(source);
  }

  /** In the order of the file: one sweep over it, however its keys lie. */
  async *rows(handle: FileHandle, entries: readonly Entry[]): AsyncGenerator<readonly SourceRow[]> {
    for (const { from, to, entries: some } of blocksOf(entries)) {
      const bytes = Buffer.allocUnsafe(to - from);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
      if (bytesRead < bytes.length) throw this.#changed();
      const rows = some.map((entry) =>
        this.#row(bytes.subarray(entry.offset - from, entry.offset - from + entry.length), entry.key),
      );
      yield rows.filter((row) => row !== null);
    }
  }

  #row(bytes: Buffer, key: string): SourceRow | null {
    const { lost, unreadable, values } = this.#used(bytes);
    const keys = this.#keyAt.map((at) => values[at] ?? null);
    // The cheapest look at whether this is still the file that was indexed.
    if (sortKey(keys) !== key) throw this.#changed();
    const county = values[this.#countyAt] ?? null;
    if (!this.#isWanted(county, values[this.#phaseAt] ?? null)) return null;
    const row = {
      key: key === keyless ? null : joinKey(keys.map((part) => part ?? "")),
      hash: rowHash(values, lost),
      county,
      values: this.#valueAt.map((at) => values[at] ?? null),
    };
    return unreadable === undefined ? row : { ...row, unreadable };
  }

  #used(bytes: Buffer): UsedFields {
    const text = decode(bytes, this.#charset);
    const isReadable = text !== null;
    const fields = rowFields(text ?? bytes.toString("latin1"), this.#options, () => this.#place);
    if (isReadable) return { values: this.#usedAt.map((at) => fields[at] ?? null), lost: [] };
    return this.#fieldByField(fields);
  }

  /** Bytes outside of the charset: only the field that holds them is lost, and it says which bytes they were. */
  #fieldByField(fields: readonly (string | null)[]): UsedFields {
    const lost: string[] = [];
    let unreadable: SourceRow["unreadable"];
    const values = this.#usedAt.map((at, place) => {
      const field = fields[at] ?? null;
      if (field === null) return null;
      const bytes = Buffer.from(field, "latin1");
      const text = decode(bytes, this.#charset);
      if (text === null) {
        unreadable ??= { column: this.#columns[place] ?? "", hex: bytes.toString("hex") };
        lost.push(bytes.toString("hex"));
      }
      return text;
    });
    return unreadable === undefined ? { values, lost } : { values, lost, unreadable };
  }

  #changed(): DuijieError {
    return new DuijieError("SOURCE_CHANGED", { ...this.#place, reason: "file-changed" });
  }
}

/** Of the texts, not of the bytes: a registry that goes from GB18030 to UTF-8 shows no row as changed. */
function rowHash(values: readonly (string | null)[], lost: readonly string[]): string {
  const text = JSON.stringify(lost.length === 0 ? values : [values, lost]);
  return hash("sha256", text, "buffer").readBigInt64BE(0).toString();
}

function blocksOf(entries: readonly Entry[]): Block[] {
  const blocks: Block[] = [];
  let some: Entry[] = [];
  let [from, to] = [0, 0];
  for (const entry of entries.toSorted((one, other) => one.offset - other.offset)) {
    const end = entry.offset + entry.length;
    if (some.length > 0 && (entry.offset - to > gapBytesMax || end - from > blockBytesMax)) {
      blocks.push({ from, to, entries: some });
      some = [];
    }
    if (some.length === 0) from = entry.offset;
    some.push(entry);
    to = end;
  }
  if (some.length > 0) blocks.push({ from, to, entries: some });
  return blocks;
}
