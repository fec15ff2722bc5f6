export type Cell = string | number;

/** East Asian wide and full-width characters take two places of a terminal. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u;

export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += wide.test(character) ? 2 : 1;
  return width;
}

/** Columns side by side; numbers stand to the right, with thousands apart. */
export function alignedLines(rows: readonly (readonly Cell[])[]): string[] {
  const texts = rows.map((row) => row.map(cellText));
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...texts.map((row) => displayWidth(row[at] ?? ""))),
  );
  const isNumber = Array.from({ length: columns }, (_, at) =>
    rows.slice(1).every((row) => typeof row[at] === "number"),
  );
  return texts.map((row) =>
    row
      .map((text, at) => padded(text, widths[at] ?? 0, rows.length > 1 && isNumber[at] === true))
      .join("  ")
      .trimEnd(),
  );
}

function cellText(cell: Cell): string {
  return typeof cell === "number" ? grouped(cell) : cell;
}

/** The same in every language: a ledger is compared digit by digit. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

function padded(text: string, width: number, isRight: boolean): string {
  const blanks = " ".repeat(Math.max(0, width - displayWidth(text)));
  return isRight ? blanks + text : text + blanks;
}
