import type { ErrorParams } from "../contracts/errors.ts";
import { FindingsError } from "../contracts/finding.ts";

/** A command line that can't be carried out; `name` is a text below `cli.usage`. */
export function usageError(name: string, params: ErrorParams, command?: string): FindingsError {
  const place = command === undefined ? {} : { command };
  return new FindingsError("USAGE_INVALID", place, [{ key: `cli.usage.${name}`, params }]);
}
