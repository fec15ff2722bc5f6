import { countOpenLoads } from "../exchange-db/vendor-loads.ts";
import type { Province } from "./compose.ts";
import type { ExitCode, Invocation } from "./invocation.ts";

/** No vendor closed a load: nothing is to be done, and that is no fault. */
export async function noLoadWaits({ json, terminal }: Invocation, province: Province): Promise<ExitCode> {
  const openLoads = await countOpenLoads(await province.store(), province.code);
  if (json) terminal.json({ runId: null, end: "nothing", openLoads });
  else terminal.say("vendor.none", { open: openLoads });
  return 0;
}
