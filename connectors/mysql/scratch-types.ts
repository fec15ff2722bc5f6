import type { Cell, CollationName, LogicalType, TableColumn } from "../conformance/harness.ts";
import { quoted } from "./names.ts";

const types: Readonly<Record<LogicalType, string>> = {
  text: "LONGTEXT",
  varchar: "VARCHAR",
  char: "CHAR",
  integer: "INT",
  bigint: "BIGINT",
  numeric: "DECIMAL",
  float: "DOUBLE",
  date: "DATE",
  timestamp: "DATETIME(6)",
  "timestamp-with-zone": "TIMESTAMP(6) NULL",
  boolean: "BOOLEAN",
  uuid: "UUID",
  bytes: "LONGBLOB",
};

/** The nearest that the engine has; which of them a server lacks is asked of it. */
export const collations: Readonly<Record<Exclude<CollationName, "default">, string>> = {
  binary: "utf8mb4_bin",
  pinyin: "utf8mb4_zh_0900_as_cs",
  "case-insensitive": "utf8mb4_general_ci",
  swedish: "utf8mb4_swedish_ci",
  phonebook: "utf8mb4_german2_ci",
  turkish: "utf8mb4_turkish_ci",
};

export function typeOf({ type, size }: TableColumn): string {
  if (type === "numeric") return `DECIMAL(38, ${size ?? 0})`;
  return size === undefined ? types[type] : `${types[type]}(${size})`;
}

export function collationOf({ collation = "default" }: TableColumn): string {
  return collation === "default" ? "" : `COLLATE ${collations[collation]}`;
}

/** Of text without a limit an index holds the beginning. */
export function indexedColumn(column: TableColumn | undefined, key: string): string {
  const isLong = column?.type === "text" || column?.type === "bytes";
  return isLong ? `${quoted(key)}(50)` : quoted(key);
}

export function cellLiteral(value: Cell, column: TableColumn | undefined): string {
  if (value === null) return "NULL";
  if (typeof value !== "string") return `X'${value.hex}'`;
  if (column?.type === "boolean") return value === "true" ? "1" : "0";
  const text = column?.type === "timestamp-with-zone" ? wallInUtc(value) : value;
  return `_utf8mb4 X'${Buffer.from(text, "utf8").toString("hex")}'`;
}

/** A TIMESTAMP is written in the session's zone, which is UTC here. */
function wallInUtc(instant: string): string {
  const [, day, time, fraction = "", offset] =
    /^(\S+) (\d\d:\d\d:\d\d)(\.\d+)?([+-]\d\d)$/.exec(instant) ?? [];
  const utc = new Date(`${day}T${time}${offset}:00`).toISOString();
  return `${utc.slice(0, 10)} ${utc.slice(11, 19)}${fraction}`;
}
