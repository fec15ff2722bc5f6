import pg from "pg";
import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";

/** Tables of the log that are not there: then no topic is. */
const missingStates = new Set(["42P01", "3F000"]);
const refusedStates = /^(?:28...|42501|3D000|0LP01)$/;

/** The driver's errors as ours: codes alone, its texts may hold a message's values. What it can't tell is worth another try. */
export function postgresError(error: unknown, params: ErrorParams): DuijieError {
  if (error instanceof DuijieError) return error;
  if (!(error instanceof pg.DatabaseError)) {
    const code = connectionCode(error);
    return new DuijieError(
      code === "PASSWORD" ? "BROKER_REFUSED" : "BROKER_UNREACHABLE",
      { ...params, reason: code },
      error,
    );
  }
  const state = error.code ?? "unknown";
  if (missingStates.has(state)) return new DuijieError("TOPIC_MISSING", params, error);
  const code = refusedStates.test(state) ? "BROKER_REFUSED" : "BROKER_UNREACHABLE";
  return new DuijieError(code, { ...params, reason: state }, error);
}

/** True for an answer of the server to one statement, after which the connection is as good as before. */
export function isAnswer(error: unknown): boolean {
  if (error instanceof DuijieError) return error.cause === undefined || isAnswer(error.cause);
  return error instanceof pg.DatabaseError && !/^(?:08|57P)/.test(error.code ?? "08");
}

/** True while a server starts, is away or has no place left: trying to connect again may help. */
export function mayConnectLater(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^(?:08|53|57P)/.test(error.code ?? "");
  return connectionCode(error) !== "PASSWORD";
}

function connectionCode(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (first instanceof Error && "code" in first && typeof first.code === "string") return first.code;
  // The driver's own complaint when the server asks for a password and the URL has none.
  if (/password must be a string/i.test(error.message)) return "PASSWORD";
  return "CONNECTION";
}
