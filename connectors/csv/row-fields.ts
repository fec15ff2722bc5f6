import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";

/** How a file writes fields. Separator and quote are never part of a GB18030 character, so bytes and text cut alike. */
export interface FieldFormat {
  readonly separator: string;
  readonly nullText: string;
}

/**
 * The fields of one row, its line end cut off. Without quotes `nullText` is null; in quotes every text is itself, as
 * PostgreSQL's COPY has it. `place` names file and line where the row is wrong.
 */
export function rowFields(row: string, format: FieldFormat, place: () => ErrorParams): (string | null)[] {
  if (row.includes('"')) return quotedFields(row, format, place);
  const fields: (string | null)[] = row.split(format.separator);
  for (let at = 0; at < fields.length; at++) if (fields[at] === format.nullText) fields[at] = null;
  return fields;
}

function quotedFields(row: string, format: FieldFormat, place: () => ErrorParams): (string | null)[] {
  const { separator, nullText } = format;
  const fields: (string | null)[] = [];
  let start = 0;
  for (;;) {
    if (row[start] === '"') {
      const end = closingQuote(row, start, place);
      fields.push(row.substring(start + 1, end).replaceAll('""', '"'));
      start = end + 1;
      if (start === row.length) return fields;
      if (row[start] !== separator) throw stray(row, start, place);
    } else {
      const next = row.indexOf(separator, start);
      const field = row.substring(start, next === -1 ? row.length : next);
      if (field.includes('"')) throw stray(row, start, place);
      fields.push(field === nullText ? null : field);
      if (next === -1) return fields;
      start = next;
    }
    start += 1;
  }
}

/** The quote that ends a field: a doubled one is a quote of its text. */
function closingQuote(row: string, start: number, place: () => ErrorParams): number {
  let from = start + 1;
  for (;;) {
    const quote = row.indexOf('"', from);
    if (quote === -1) throw misquoted("SOURCE_QUOTE_OPEN", row, start, place);
    if (row[quote + 1] !== '"') return quote;
    from = quote + 2;
  }
}

function stray(row: string, at: number, place: () => ErrorParams): DuijieError {
  return misquoted("SOURCE_QUOTE_STRAY", row, at, place);
}

/** A row may go over several lines; the one that a person has to look at is where the field begins. */
function misquoted(
  code: "SOURCE_QUOTE_OPEN" | "SOURCE_QUOTE_STRAY",
  row: string,
  at: number,
  place: () => ErrorParams,
): DuijieError {
  const { line, ...rest } = place();
  return new DuijieError(code, { ...rest, line: Number(line) + linesIn(row.substring(0, at)) });
}

export function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
