import { DuijieError } from "../../contracts/errors.ts";
import { keyText, type SourceRow } from "../connector.ts";
import { usedColumns } from "../used-columns.ts";
import { type ColumnText, columnText } from "./column-text.ts";
import type { RawRow } from "./session.ts";
import type { StatementContext } from "./statements.ts";

/** Rows of the read statement → rows of the port. */
export function rowMaker({ source, shape, declared }: StatementContext): (row: RawRow) => SourceRow {
  const columns = usedColumns(source);
  const texts = columns.map((name): ColumnText => {
    const column = shape.columns.get(name);
    if (column === undefined)
      throw new DuijieError("SOURCE_CHANGED", { entity: source.entity, column: name });
    return columnText(column, declared);
  });
  const keyAt = source.key.map((name) => columns.indexOf(name));
  const countyAt = source.countyColumn === undefined ? -1 : columns.indexOf(source.countyColumn);
  const valueAt = source.columns.map(({ column }) => columns.indexOf(column));
  return (row) => {
    const fields = texts.map((text, at) => textOf(row[at], text));
    const made = {
      key: keyText(fields, keyAt),
      hash: hashText(row[columns.length]),
      county: countyAt === -1 ? null : (fields[countyAt] ?? null),
      values: valueAt.map((at) => fields[at] ?? null),
    };
    const unreadableAt = fields.findIndex((field, at) => field === null && row[at] !== null);
    if (unreadableAt === -1) return made;
    const unreadable = { column: columns[unreadableAt] ?? "", hex: row[unreadableAt]?.toString("hex") ?? "" };
    return { ...made, unreadable };
  };
}

function textOf(bytes: Buffer | null | undefined, text: ColumnText): string | null {
  return bytes === null || bytes === undefined ? null : text(bytes);
}

/** NULL would be a row that the server could not digest: never an empty hash, which all of them would share. */
function hashText(bytes: Buffer | null | undefined): string {
  if (bytes === null || bytes === undefined)
    throw new DuijieError("INVARIANT_BROKEN", { invariant: "mysql-row-hash" });
  return bytes.toString("latin1");
}
