import { DuijieError } from "../../contracts/errors.ts";
import type { Row } from "./postgres-session.ts";

/** Values of the log's own tables, as the statements beside give them; anything else is no log of ours. */
export function textOf(row: Row | undefined, column: string): string {
  const value = row?.[column];
  if (typeof value === "string") return value;
  throw notOurs(column);
}

export function numberOf(row: Row | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value === "number") return value;
  throw notOurs(column);
}

/** Statements give offsets as text: the driver has no other exact form. */
export function offsetOf(row: Row | undefined, column: string): bigint {
  return BigInt(textOf(row, column));
}

export function bytesOf(row: Row | undefined, column: string): Buffer {
  const value = row?.[column];
  if (Buffer.isBuffer(value)) return value;
  throw notOurs(column);
}

export function textsOf(row: Row | undefined, column: string): readonly string[] {
  const value = row?.[column];
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw notOurs(column);
}

export function headersOf(row: Row | undefined, column: string): Readonly<Record<string, string>> {
  const parsed: unknown = JSON.parse(textOf(row, column));
  if (typeof parsed !== "object" || parsed === null) throw notOurs(column);
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]));
}

function notOurs(column: string): DuijieError {
  return new DuijieError("INVARIANT_BROKEN", { what: "broker-row", column });
}
