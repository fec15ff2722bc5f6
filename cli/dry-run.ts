import { resolve } from "node:path";
import { newestMappingVersion } from "../exchange-db/mapping-versions.ts";
import { type DryRunTally, dryRun } from "../pipeline/dry-run.ts";
import { planOf } from "../pipeline/entity-plan.ts";
import type { Province } from "./compose.ts";
import { FailingRowsFolder } from "./failing-rows-folder.ts";
import type { ExitCode, Invocation } from "./invocation.ts";
import { type LoadRunOptions, plannedScope } from "./load-options.ts";
import { scopeText } from "./load-report.ts";
import { noLoadWaits } from "./no-load.ts";

/** `load run --dry-run`: what a load would find, without a trace in any database or topic. */
export async function runDry(
  invocation: Invocation,
  province: Province,
  options: LoadRunOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { terminal } = invocation;
  const store = await province.store();
  const planned = await plannedScope(province, options);
  if (planned === null) return await noLoadWaits(invocation, province);
  const { entities, scope } = planned;
  const plans = province.plans(scope);
  const mappingVersion = await newestMappingVersion(store, province.code);
  const tables = await province.tables(mappingVersion);
  const { load, registry } = province.config;
  const folder = new FailingRowsFolder(options.out ?? defaultFolder(invocation.now()), terminal);
  terminal.note("dryRun.begun", { scope: scopeText(terminal, scope), mappingVersion });
  const progress = new RangeProgress(invocation, load.progressSeconds);
  const tallies: DryRunTally[] = [];
  for (const entity of entities) {
    const reading = { connector: province.reader, limits: registry.limits, tables, profile: load.profile };
    const run = {
      ...reading,
      today: province.today,
      chunkRows: load.chunkRows,
      readers: registry.limits.concurrentReads,
      found: (rows: Parameters<FailingRowsFolder["add"]>[0], tally: DryRunTally) => {
        folder.add(rows);
        progress.show(tally);
      },
    };
    tallies.push(await dryRun(run, planOf(plans, entity), signal));
  }
  const summary = {
    province: province.code,
    mappingVersion,
    profile: load.profile,
    scope,
    entities: tallies,
  };
  folder.writeSummary(summary);
  report(invocation, { ...summary, folder: resolve(folder.folder) }, tallies);
  return tallies.some((tally) => tally.wouldPark > 0) ? 3 : 0;
}

function defaultFolder(now: Date): string {
  const stamp = now.toISOString().replace(/\D/g, "").slice(0, 14);
  return `duijie-dry-run-${stamp}`;
}

function report(
  { json, terminal }: Invocation,
  summary: { readonly folder: string },
  tallies: readonly DryRunTally[],
): void {
  if (json) {
    terminal.json(summary);
    return;
  }
  terminal.table(
    ["entity", "read", "wouldPass", "wouldPark"],
    tallies.map((tally) => [tally.entity, tally.read, tally.wouldPass, tally.wouldPark]),
  );
  const reasons = tallies.flatMap(({ byCode, entity }) =>
    Object.entries(byCode).map(([code, rows]) => [entity, code, rows]),
  );
  if (reasons.length > 0) terminal.table(["entity", "code", "records"], reasons);
  terminal.say("dryRun.done", { folder: summary.folder });
}

/** One line now and then; a dry run is short beside the load that it goes before. */
class RangeProgress {
  readonly #invocation: Invocation;
  readonly #everyMs: number;
  #shownAt = performance.now();

  constructor(invocation: Invocation, seconds: number) {
    this.#invocation = invocation;
    this.#everyMs = seconds * 1000;
  }

  show({ entity, ranges, rangesRead, read, wouldPark }: DryRunTally): void {
    if (performance.now() - this.#shownAt < this.#everyMs) return;
    this.#shownAt = performance.now();
    const { terminal } = this.#invocation;
    if (terminal.isTty) terminal.note("dryRun.progress", { entity, ranges, rangesRead, read, wouldPark });
    else terminal.jsonNote({ dryRun: { entity, ranges, rangesRead, read, wouldPark } });
  }
}
