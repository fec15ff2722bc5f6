import type { EntityName } from "../contracts/entity.ts";
import type { RunScope } from "../exchange-db/runs.ts";
import { declaredEntities, nextVendorLoad } from "../exchange-db/vendor-loads.ts";
import type { Province } from "./compose.ts";
import { usageError } from "./usage-error.ts";

export interface LoadRunOptions {
  readonly county?: readonly string[];
  readonly dryRun?: true;
  readonly out?: string;
  readonly acceptQuarantine?: true;
  readonly resend?: true;
  readonly acceptDeletions?: true;
  readonly outsideWindow?: true;
}

/** The configured scope, with the counties that were named in place of its own. */
export function wantedScope(
  { config, readsLoads }: Province,
  { county, resend }: Pick<LoadRunOptions, "county" | "resend">,
): RunScope {
  // A vendor's load is done when it was read once, so it is read as a whole.
  if (readsLoads && county !== undefined) throw usageError("countyOfLoad", {});
  return {
    ...config.scope,
    ...(county === undefined ? {} : { counties: county }),
    ...(resend === true ? { resend } : {}),
  };
}

/** What a load would read if it began now; null where it would read a vendor's load and none waits. */
export async function plannedScope(
  province: Province,
  options: Pick<LoadRunOptions, "county">,
): Promise<{ readonly scope: RunScope; readonly entities: readonly EntityName[] } | null> {
  const scope = wantedScope(province, options);
  if (!province.readsLoads) return { scope, entities: province.entities };
  const load = await nextVendorLoad(await province.store(), province.code);
  return load === null ? null : { scope: { ...scope, load: load.loadId }, entities: declaredEntities(load) };
}
