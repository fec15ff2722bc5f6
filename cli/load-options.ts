import type { RunScope } from "../exchange-db/runs.ts";
import type { Province } from "./compose.ts";

export interface LoadRunOptions {
  readonly county?: readonly string[];
  readonly dryRun?: true;
  readonly out?: string;
  readonly acceptQuarantine?: true;
  readonly resend?: true;
}

/** The configured scope, with the counties that were named in place of its own. */
export function wantedScope(
  { config }: Province,
  { county, resend }: Pick<LoadRunOptions, "county" | "resend">,
): RunScope {
  return {
    ...config.scope,
    ...(county === undefined ? {} : { counties: county }),
    ...(resend === true ? { resend } : {}),
  };
}
