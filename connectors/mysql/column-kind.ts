import type { FieldDescription } from "./session.ts";

/** What a column holds, as far as its text form, its order and its literals go. */
export type ColumnKind =
  | "integer"
  | "decimal"
  | "float"
  | "double"
  | "date"
  | "datetime"
  | "timestamp"
  | "time"
  | "bit"
  | "bytes"
  | "text"
  | "enum"
  | "set"
  | "json"
  /** Types of MariaDB whose text is ASCII: uuid, inet4, inet6. */
  | "ascii";

/** The protocol's numbers of types. */
const kindOfType: ReadonlyMap<number, ColumnKind> = new Map([
  [0x00, "decimal"],
  [0x01, "integer"],
  [0x02, "integer"],
  [0x03, "integer"],
  [0x04, "float"],
  [0x05, "double"],
  [0x07, "timestamp"],
  [0x08, "integer"],
  [0x09, "integer"],
  [0x0a, "date"],
  [0x0b, "time"],
  [0x0c, "datetime"],
  [0x0d, "integer"],
  [0x0e, "date"],
  [0x10, "bit"],
  [0xf5, "json"],
  [0xf6, "decimal"],
  [0xff, "bytes"],
]);

const asciiTypes: ReadonlySet<string> = new Set(["uuid", "inet4", "inet6"]);
const longTypes: ReadonlySet<number> = new Set([0xf5, 0xf9, 0xfa, 0xfb, 0xfc, 0xff]);

export const notNullFlag = 0x01;
export const enumFlag = 0x100;
export const setFlag = 0x800;
/** The collation of bytes. */
export const binaryCollation = 63;

export function kindOf(field: FieldDescription): ColumnKind {
  const kind = kindOfType.get(field.type);
  if (kind !== undefined) return kind;
  if ((field.flags & enumFlag) !== 0) return "enum";
  if ((field.flags & setFlag) !== 0) return "set";
  if (asciiTypes.has(field.extendedType)) return "ascii";
  return field.collationId === binaryCollation ? "bytes" : "text";
}

/** TEXT, BLOB, JSON and their relatives: values of any length. */
export function isLong({ type }: FieldDescription): boolean {
  return longTypes.has(type);
}
