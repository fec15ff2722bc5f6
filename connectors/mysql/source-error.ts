import { DuijieError, type ErrorCode, type ErrorParams } from "../../contracts/errors.ts";

/** What the server says of a statement: its number, and the SQLSTATE that many of them share. */
interface ServerError extends Error {
  readonly errno: number;
  readonly sqlState: string;
}

/**
 * Our error for a driver's error. A server's message can quote a row, so of all that only the numbers pass; the
 * driver's error itself is not kept as cause for the same reason.
 */
export function sourceError(error: unknown, place: ErrorParams): DuijieError {
  if (error instanceof DuijieError) return error;
  if (isServerError(error)) {
    const { errno, sqlState } = error;
    const reason = reasonOf(errno);
    const named = reason === undefined ? {} : { reason };
    return new DuijieError(codeOfErrno(errno, sqlState), { ...place, errno, sqlState, ...named });
  }
  const reason = connectionReason(error);
  const code = refusedReasons.has(reason) ? "SOURCE_REFUSED" : "SOURCE_UNREACHABLE";
  return new DuijieError(code, { ...place, reason });
}

export function isServerError(error: unknown): error is ServerError {
  return (
    error instanceof Error &&
    "errno" in error &&
    typeof error.errno === "number" &&
    error.errno > 0 &&
    "sqlState" in error &&
    typeof error.sqlState === "string"
  );
}

export const errno = {
  denied: 1142,
  columnDenied: 1143,
  noColumn: 1054,
  noTable: 1146,
  syntax: 1064,
} as const;

/** Number → code: first the number itself, then its class of states. An unknown one is tried again, within its budget. */
export function codeOfErrno(number: number, sqlState: string): ErrorCode {
  return codes.get(number) ?? classCodes.get(sqlState.slice(0, 2)) ?? "SOURCE_UNREACHABLE";
}

const codes: ReadonlyMap<number, ErrorCode> = new Map([
  // Login, and what a person has to settle with the server's administrator.
  [1044, "SOURCE_REFUSED"], // no right in this database
  [1045, "SOURCE_REFUSED"], // user or password
  [1049, "SOURCE_REFUSED"], // no such database
  [1129, "SOURCE_REFUSED"], // this host is blocked after failed connections
  [1130, "SOURCE_REFUSED"], // this host may not connect
  [1142, "SOURCE_REFUSED"], // no right on the table
  [1143, "SOURCE_REFUSED"], // no right on the column
  [1227, "SOURCE_REFUSED"], // no such privilege
  [1251, "SOURCE_REFUSED"], // the server wants a login that the driver does not know
  [1370, "SOURCE_REFUSED"], // no right on a function
  [1396, "SOURCE_REFUSED"],
  [1524, "SOURCE_REFUSED"], // its login plugin is not loaded
  [1698, "SOURCE_REFUSED"], // the user logs in by the socket alone
  [1820, "SOURCE_REFUSED"], // password expired
  [1862, "SOURCE_REFUSED"], // password expired
  [3118, "SOURCE_REFUSED"], // account locked
  [3159, "SOURCE_REFUSED"], // TLS required
  [4151, "SOURCE_REFUSED"], // account locked, MariaDB
  // Damaged: a person must look.
  [1034, "SOURCE_REFUSED"],
  [1035, "SOURCE_REFUSED"],
  [1194, "SOURCE_REFUSED"],
  [1195, "SOURCE_REFUSED"],
  // Not as configured, where the state does not say so.
  [1267, "SOURCE_CHANGED"], // collations that can't be compared
  [1270, "SOURCE_CHANGED"],
  [1271, "SOURCE_CHANGED"],
  [1356, "SOURCE_CHANGED"], // a view over what is gone
  [1792, "SOURCE_CHANGED"], // a query that writes
  [1300, "SOURCE_CHARSET_WRONG"], // bytes that are not of the column's charset
  [1366, "SOURCE_CHARSET_WRONG"],
  [3854, "SOURCE_CHARSET_WRONG"],
  // The states of these say "name or right", and they pass by themselves.
  [1203, "SOURCE_UNREACHABLE"], // too many connections of this user
  [1226, "SOURCE_UNREACHABLE"], // a limit of this user
]);

const classCodes: ReadonlyMap<string, ErrorCode> = new Map([
  ["28", "SOURCE_REFUSED"], // login
  ["22", "SOURCE_CHANGED"], // a bound or scope value that is no value of the column's type any more
  ["42", "SOURCE_CHANGED"], // names and types
]);

const reasons: ReadonlyMap<number, string> = new Map([
  [1317, "query-killed"],
  [1820, "password-expired"],
  [1862, "password-expired"],
  [1969, "timeout"],
  [3024, "timeout"],
  [3118, "account-locked"],
  [3159, "tls"],
  [4151, "account-locked"],
]);

function reasonOf(number: number): string | undefined {
  return reasons.get(number);
}

/** Of a statement that the server ended because it ran too long. */
export function isTimeout(number: unknown): boolean {
  return number === 1969 || number === 3024;
}

const refusedReasons: ReadonlySet<string> = new Set(["tls", "authentication"]);

/** What broke, in one word: the driver's own words may hold names. */
function connectionReason(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code.startsWith("AUTH_SWITCH") || /authentication|auth.*plugin/i.test(error.message))
    return "authentication";
  if (/CERT|SELF_SIGNED|SSL|ALTNAME|^ERR_TLS/.test(code) || /SSL|secure connection/i.test(error.message))
    return "tls";
  if (/^E[A-Z_]+$/.test(code)) return code;
  return /time(d )?out/i.test(error.message) ? "timeout" : "connection-lost";
}
