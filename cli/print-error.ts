import { describeError } from "../config/describe-error.ts";
import { errorKinds } from "../contracts/errors.ts";
import type { ExitCode } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

/**
 * What was found, where, what to do next: a line each, on standard error. Never a driver's message, which may quote a
 * row; with `isDebug` the classes of the causes and where in the program they arose. Gives the exit code of the kind.
 */
export function printError(error: unknown, terminal: Terminal, isDebug: boolean, where = ""): ExitCode {
  const { code, details, remedy, what } = describeError(error, terminal.texts);
  terminal.note("error.what", { code, what });
  const places = details.length === 0 && where !== "" ? [terminal.text("error.command", { where })] : details;
  for (const place of places) terminal.note("error.where", { place });
  terminal.note("error.remedy", { remedy });
  if (isDebug) for (const line of traceOf(error)) terminal.dataNote(`    ${line}\n`);
  return errorKinds[code].exitCode;
}

const causeDepthMax = 5;

/** Class names and frames only. */
function traceOf(error: unknown): readonly string[] {
  const lines: string[] = [];
  let at: unknown = error;
  for (let depth = 0; at instanceof Error && depth < causeDepthMax; depth += 1) {
    lines.push(at.constructor.name, ...framesOf(at));
    at = at.cause;
  }
  return lines;
}

function framesOf(error: Error): readonly string[] {
  const lines = (error.stack ?? "").split("\n");
  return lines.filter((line) => /^\s+at \S/.test(line)).map((line) => line.trim());
}
