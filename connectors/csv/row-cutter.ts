import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";
import { type FieldFormat, linesIn, rowFields } from "./row-fields.ts";

/** One row of a file: its bytes as Latin-1 without the line end, and where they stand. */
export interface CutRow {
  readonly text: string;
  readonly offset: number;
  /** Counted from one, as an editor does: a line break in quotes counts too. */
  readonly line: number;
}

/** No row of a registry is near it; a quote that never closes is found there at the latest. */
const rowBytesMax = 8 * 1024 * 1024;

/**
 * Cuts bytes into rows, chunk by chunk, never inside quotes: a row ends at a line break before which its quotes are
 * even in number. What a chunk leaves open is cut again with the next one.
 */
export class RowCutter {
  readonly #place: ErrorParams;
  readonly #format: FieldFormat;
  #pending = "";
  #offset: number;
  #line = 1;

  /** `offset`: of the first byte that will be pushed. */
  constructor(format: FieldFormat, place: ErrorParams, offset: number) {
    this.#format = format;
    this.#place = place;
    this.#offset = offset;
  }

  push(chunk: Buffer): CutRow[] {
    const nul = chunk.indexOf(0);
    const text = this.#pending + chunk.toString("latin1");
    if (nul !== -1) throw this.#fault("SOURCE_BYTE_NUL", text.substring(0, this.#pending.length + nul));
    return this.#cut(text);
  }

  /** The last row, where no line break ends it. */
  end(): CutRow[] {
    const text = this.#pending;
    if (text === "") return [];
    if (rowEnd(`${text}\n`, 0, new QuoteFinder(text)) === -1) throw this.#openQuote(text);
    return this.#cut(`${text}\n`);
  }

  #cut(text: string): CutRow[] {
    const rows: CutRow[] = [];
    let start = 0;
    const quotes = new QuoteFinder(text);
    for (let end = rowEnd(text, 0, quotes); end !== -1; end = rowEnd(text, start, quotes)) {
      const bare = text.charCodeAt(end - 1) === 13 && end > start ? end - 1 : end;
      const row = text.substring(start, bare);
      rows.push({ text: row, offset: this.#offset + start, line: this.#line });
      this.#line += 1 + (row.includes("\n") ? linesIn(row) : 0);
      start = end + 1;
    }
    this.#offset += start;
    this.#pending = text.substring(start);
    if (this.#pending.length > rowBytesMax) throw this.#tooLong(this.#pending);
    return rows;
  }

  #tooLong(text: string): DuijieError {
    if (text.includes('"')) return this.#openQuote(text);
    return new DuijieError("SOURCE_ROW_RAGGED", {
      ...this.#place,
      line: this.#line,
      rowBytesMax,
    });
  }

  /** An earlier quote that stands wrong is the likelier cause: it turns inside and outside about. */
  #openQuote(text: string): DuijieError {
    try {
      rowFields(text, this.#format, () => ({ ...this.#place, line: this.#line }));
    } catch (error) {
      if (error instanceof DuijieError) return error;
      throw error;
    }
    return this.#fault("SOURCE_QUOTE_OPEN", "");
  }

  #fault(code: "SOURCE_BYTE_NUL" | "SOURCE_QUOTE_OPEN", before: string): DuijieError {
    return new DuijieError(code, { ...this.#place, line: this.#line + linesIn(before) });
  }
}

/** The next quote at or after a place that only moves on; each stretch of the text is searched once. */
class QuoteFinder {
  readonly #text: string;
  #next = -1;

  constructor(text: string) {
    this.#text = text;
  }

  /** Infinity where there is none. */
  from(at: number): number {
    if (this.#next < at) {
      const found = this.#text.indexOf('"', at);
      this.#next = found === -1 ? Number.POSITIVE_INFINITY : found;
    }
    return this.#next;
  }
}

/** Where the row that begins at `start` ends, or -1 where the text does not hold its end. */
function rowEnd(text: string, start: number, quotes: QuoteFinder): number {
  let from = start;
  for (;;) {
    const end = text.indexOf("\n", from);
    if (end === -1) return -1;
    const open = quotes.from(from);
    if (open > end) return end;
    const close = quotes.from(open + 1);
    if (close === Number.POSITIVE_INFINITY) return -1;
    from = close + 1;
  }
}
