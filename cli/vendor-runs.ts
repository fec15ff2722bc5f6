import { vendorOptions } from "../connectors/vendor/engine.ts";
import type { Run } from "../exchange-db/runs.ts";
import type { Store } from "../exchange-db/store.ts";
import { openOrTakeLoad, purgeLoads } from "../exchange-db/vendor-loads.ts";
import type { LoadEnd } from "../pipeline/loader.ts";
import type { ProvinceLink } from "../pipeline/province-link.ts";
import type { Province } from "./compose.ts";
import type { ExitCode, Invocation } from "./invocation.ts";
import { type LoadRunOptions, wantedScope } from "./load-options.ts";
import { scopeText } from "./load-report.ts";
import { noLoadWaits } from "./no-load.ts";
import { engineOptions } from "./sources.ts";
import type { Terminal } from "./terminal.ts";
import type { WindowGuard } from "./window-guard.ts";

export interface LoadContext {
  readonly invocation: Invocation;
  readonly province: Province;
  readonly store: Store;
  readonly link: ProvinceLink;
  readonly options: LoadRunOptions;
  readonly signal: AbortSignal;
  readonly guard: WindowGuard;
}

export interface WorkedRun {
  readonly end: LoadEnd;
  readonly exitCode: ExitCode;
}

/** Every closed load of the vendors in the order of its number, a run each, until none waits or one needs a person. */
export async function runVendorLoads(
  context: LoadContext,
  workOn: (context: LoadContext, run: Run) => Promise<WorkedRun>,
): Promise<ExitCode> {
  const { invocation, options, province, store } = context;
  const wanted = {
    province: province.code,
    profile: province.config.load.profile,
    scope: wantedScope(province, options),
  };
  const codes: ExitCode[] = [];
  for (;;) {
    const opened = await openOrTakeLoad(store, wanted);
    if (opened === null) break;
    noteRun(invocation.terminal, opened.run, opened.created);
    const { end, exitCode } = await workOn(context, opened.run);
    if (end !== "done") return exitCode;
    codes.push(exitCode);
  }
  await purgeVendorLoads(province, store);
  if (codes.length === 0) return await noLoadWaits(invocation, province);
  return codes.includes(3) ? 3 : 0;
}

export async function purgeVendorLoads({ code, config, log }: Province, store: Store): Promise<void> {
  const { retentionDays } = vendorOptions(engineOptions(config.registry));
  const purged = await purgeLoads(store, code, retentionDays);
  if (purged.length > 0) log.event("load.purged", { records: purged.length });
}

export function noteRun(terminal: Terminal, run: Run, created: boolean): void {
  const { mappingVersion, runId } = run;
  const how = created ? "begun" : "joined";
  terminal.note(`load.${how}`, {
    runId,
    mappingVersion,
    scope: scopeText(terminal, run.scope),
  });
  if (run.state === "paused") terminal.note("load.isPaused", { runId });
}
