import { DuijieError } from "../contracts/errors.ts";
import { FindingsError } from "../contracts/finding.ts";
import type { Invocation } from "./invocation.ts";

export interface OwnerOptions {
  /** `--owner-url-env`: the name of a variable. */
  readonly ownerUrlEnv?: string;
}

/**
 * The URL of the database's owner, where one was named: the daemon's role may not change tables. It comes by the
 * environment, as arguments can be seen by everybody on the machine.
 */
export function ownerUrl({ env }: Invocation, { ownerUrlEnv }: OwnerOptions): string | undefined {
  if (ownerUrlEnv === undefined) return undefined;
  const url = env[ownerUrlEnv];
  if (url === undefined || url === "") {
    const finding = { key: "cli.usage.variableMissing", params: { variable: ownerUrlEnv } };
    throw new FindingsError("SECRET_MISSING", {}, [finding]);
  }
  if (!URL.canParse(url)) throw new DuijieError("CONFIG_INVALID", { setting: ownerUrlEnv });
  return url;
}
