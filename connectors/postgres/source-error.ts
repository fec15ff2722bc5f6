import pg from "pg";
import { DuijieError, type ErrorCode, type ErrorParams } from "../../contracts/errors.ts";

/**
 * Our error for a driver's error. A server's message, detail or context can quote a row, so of all that only the
 * SQLSTATE and the names of table and column pass; the driver's error itself is not kept as cause for the same reason.
 */
export function sourceError(error: unknown, place: ErrorParams): DuijieError {
  if (error instanceof DuijieError) return error;
  if (error instanceof pg.DatabaseError) return databaseError(error, place);
  const reason = connectionReason(error);
  const code = refusedReasons.has(reason) ? "SOURCE_REFUSED" : "SOURCE_UNREACHABLE";
  return new DuijieError(code, { ...place, reason });
}

function databaseError(error: pg.DatabaseError, place: ErrorParams): DuijieError {
  const sqlState = error.code ?? "XX000";
  const named: Record<string, string | number> = { ...place, sqlState };
  if (error.table !== undefined) named.table ??= error.table;
  if (error.column !== undefined) named.column ??= error.column;
  return new DuijieError(codeOfSqlState(sqlState), named);
}

/** SQLSTATE → code: first the state itself, then its class. An unknown state is tried again, within its budget. */
export function codeOfSqlState(sqlState: string): ErrorCode {
  return stateCodes.get(sqlState) ?? classCodes.get(sqlState.slice(0, 2)) ?? "SOURCE_UNREACHABLE";
}

const stateCodes: ReadonlyMap<string, ErrorCode> = new Map([
  ["42501", "SOURCE_REFUSED"], // insufficient_privilege
  ["3D000", "SOURCE_REFUSED"], // no such database
  ["XX001", "SOURCE_REFUSED"], // data corrupted: a person must look
  ["XX002", "SOURCE_REFUSED"], // index corrupted
  ["22021", "SOURCE_CHARSET_WRONG"], // bytes that are not of the server's encoding
  ["22P05", "SOURCE_CHARSET_WRONG"], // untranslatable character
]);

const classCodes: ReadonlyMap<string, ErrorCode> = new Map([
  ["28", "SOURCE_REFUSED"], // login
  ["22", "SOURCE_CHANGED"], // a bound or scope value that is no value of the column's type any more
  ["42", "SOURCE_CHANGED"], // names and types
  ["3F", "SOURCE_CHANGED"], // no such schema
  ["0A", "SOURCE_CHANGED"], // a type without order as key
]);

const refusedReasons: ReadonlySet<string> = new Set(["tls", "authentication"]);

/** What broke, in one word: the driver's own words may hold the URL. */
function connectionReason(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (/^SASL|authentication|password/i.test(error.message)) return "authentication";
  if (/CERT|SELF_SIGNED|^ERR_(TLS|SSL|OSSL)/.test(code) || /SSL/.test(error.message)) return "tls";
  if (/^E[A-Z_]+$/.test(code)) return code;
  return /time(d )?out/i.test(error.message) ? "timeout" : "connection-lost";
}
