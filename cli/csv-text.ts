import { stringify } from "csv-stringify/sync";

/** Spreadsheets take UTF-8 for the local charset without it. */
const byteOrderMark = "\uFEFF";

/**
 * CSV that a spreadsheet opens as it is meant: UTF-8 with a byte order mark, CRLF, and a cell that would be taken for
 * a formula behind an apostrophe.
 */
export function csvText(columns: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  return byteOrderMark + csvLines([columns, ...rows]);
}

export function csvLines(rows: readonly (readonly (string | null)[])[]): string {
  return stringify(
    rows.map((row) => row.map((cell) => (cell === null ? "" : withoutFormula(cell)))),
    { record_delimiter: "windows" },
  );
}

function withoutFormula(cell: string): string {
  return /^[=+\-@\t\r|]/.test(cell) ? `'${cell}` : cell;
}
