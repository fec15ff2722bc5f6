import type { Command } from "commander";
import type { EntityName } from "../../contracts/entity.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { nationalRegions } from "../../contracts/regions.ts";
import { type LedgerLine, ledgerOfRun } from "../../exchange-db/ledger.ts";
import {
  beginRecall,
  type OpenRecall,
  type RecallForecast,
  type RecallLine,
  recallableRun,
  recallForecast,
  recallingAlone,
  recallLines,
} from "../../exchange-db/recall.ts";
import { type Run, readRun } from "../../exchange-db/runs.ts";
import type { Store } from "../../exchange-db/store.ts";
import { createRecordMapper } from "../../mappings/record-mapper.ts";
import { type EntityPlan, planOf } from "../../pipeline/entity-plan.ts";
import type { ProvinceLink } from "../../pipeline/province-link.ts";
import { carryRecall, type RecallWay } from "../../pipeline/recall-flow.ts";
import { type Province, withProvince } from "../compose.ts";
import { untilStopped } from "../daemon.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { openRecords, printReconciliation, requireSums } from "../load-report.ts";
import { runId } from "../option-values.ts";
import { askTyped } from "../question.ts";
import { reconcileRun } from "../reconcile-run.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";

interface Options {
  readonly run?: string;
  readonly dryRun?: true;
  readonly yes?: true;
}

/** `load recall`: takes a load back; what the nation has not applied is withdrawn, what it applied is compensated. */
export function loadRecallCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "recall", async (invocation, command) => {
      return await untilStopped(invocation.terminal, async (signal) => {
        return await withProvince(invocation, async (province) => {
          return await run(invocation, province, command.opts<Options>(), signal);
        });
      });
    })
    .option("--run <number>", frame.text("run"), runId)
    .option("--dry-run", frame.text("recallDryRun"))
    .option("--yes", frame.text("yes"));
}

async function run(
  invocation: Invocation,
  province: Province,
  options: Options,
  signal: AbortSignal,
): Promise<ExitCode> {
  const store = await province.store();
  const target = await recallableRun(store, province.code, options.run ?? null);
  const forecast = await recallForecast(store, target);
  if (options.dryRun === true) return foretell(invocation, target, forecast);
  const gone = forecast.reduce((sum, line) => sum + line.gone, 0);
  if (gone > 0) throw new DuijieError("RECALL_PRIOR_GONE", { runId: target.runId, records: gone });
  if (!(await isWanted(invocation, target, forecast, options))) return 1;
  return await recallingAlone(store, target, async () => {
    const open = await beginRecall(store, target);
    invocation.terminal.note("recall.begun", { runId: target.runId, recallId: open.recall.runId });
    return await carry(invocation, province, store, open, signal);
  });
}

function foretell(
  { json, terminal }: Invocation,
  target: Run,
  forecast: readonly RecallForecast[],
): ExitCode {
  if (json) {
    terminal.json({ runId: target.runId, state: target.state, forecast });
    return 0;
  }
  printForecast(terminal, forecast);
  terminal.say("recall.foretold", { runId: target.runId });
  return 0;
}

function printForecast(terminal: Terminal, forecast: readonly RecallForecast[]): void {
  terminal.table(
    ["entity", "withdrawn", "unanswered", "byPrior", "byDeletion", "left", "gone"],
    forecast.map((line) => [
      line.entity,
      line.withdrawn,
      line.unanswered,
      line.byPrior,
      line.byDeletion,
      line.left,
      line.gone,
    ]),
  );
}

/** A recall that was begun is only gone on with. Otherwise a person types the load's number, or a script says --yes. */
async function isWanted(
  { terminal }: Invocation,
  target: Run,
  forecast: readonly RecallForecast[],
  options: Options,
): Promise<boolean> {
  if (options.yes === true || target.state === "recalling") return true;
  if (!terminal.isTty) throw usageError("yesMissing", { runId: target.runId });
  printForecast(terminal, forecast);
  if (await askTyped(terminal, "recall.question", { runId: target.runId }, target.runId)) return true;
  terminal.note("recall.notWanted", { runId: target.runId });
  return false;
}

async function carry(
  invocation: Invocation,
  province: Province,
  store: Store,
  open: OpenRecall,
  signal: AbortSignal,
): Promise<ExitCode> {
  const link = await province.startLink(signal);
  const { load } = province.config;
  const end = await carryRecall(
    {
      store,
      open,
      wayOf: await ways(province, open.recall, link),
      pageRows: load.batchRows,
      pollMs: load.pollMs,
      // Long enough for what was lost to be sent again, and answered.
      receiptSeconds: 2 * province.config.link.receiptSeconds,
      retryBudget: load.retryBudget,
      log: province.log,
      obstacle: () => link.failure,
    },
    signal,
  );
  if (end === "done") return await report(invocation, province, store, open, signal);
  invocation.terminal.note("recall.interrupted", { runId: open.recalled.runId });
  return 1;
}

/** Earlier rows go back under the mapping version that they were landed with: one way up for each. */
async function ways(
  province: Province,
  recall: Run,
  link: ProvinceLink,
): Promise<(entity: EntityName, mappingVersion: string) => Promise<RecallWay>> {
  const plans = province.plans(recall.scope);
  const versions = new Map<string, Promise<(entity: EntityName) => RecallWay>>();
  return async (entity, version) => {
    const found =
      versions.get(version) ?? waysOf(province, { ...recall, mappingVersion: version }, plans, link);
    versions.set(version, found);
    return (await found)(entity);
  };
}

async function waysOf(
  province: Province,
  run: Run,
  plans: ReadonlyMap<EntityName, EntityPlan>,
  link: ProvinceLink,
): Promise<(entity: EntityName) => RecallWay> {
  const flowOf = await province.flows(run, plans, link.partitions);
  const tables = await province.tables(run.mappingVersion);
  return (entity) => {
    const { contract, mappings } = planOf(plans, entity);
    const mapRecord = createRecordMapper(contract, mappings, tables, nationalRegions());
    return { contract, flow: flowOf(entity), mapRecord };
  };
}

async function report(
  invocation: Invocation,
  province: Province,
  store: Store,
  open: OpenRecall,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { json, terminal } = invocation;
  const { recall, recalled } = open;
  const compared = await reconcileRun(province, recall, true, signal);
  const lines = await recallLines(store, open);
  const ledgers = [await ledgerOfRun(store, recalled.runId), await ledgerOfRun(store, recall.runId)] as const;
  const { state } = await readRun(store, recalled.runId);
  const left = refusedRecords(ledgers[1], lines);
  if (json) {
    const [recalledLedger, ledger] = ledgers;
    const ids = { runId: recalled.runId, recallRunId: recall.runId, state };
    terminal.json({ ...ids, lines, recalledLedger, ledger, refused: left, reconciliation: compared });
  } else {
    printLines(terminal, lines);
    printReconciliation(terminal, compared);
    terminal.say("recall.done", { runId: recalled.runId });
    if (left > 0) terminal.say("recall.refused", { records: left });
  }
  requireSums(recalled.runId, ledgers[0]);
  requireSums(recall.runId, ledgers[1]);
  if (compared.some((line) => line.isEqual === false))
    throw new DuijieError("INVARIANT_BROKEN", { what: "reconciliation", runId: recall.runId });
  return left > 0 ? 3 : 0;
}

/** What the nation refused to take back, or what nobody could give it: those parked as they were before are none of it. */
function refusedRecords(ledger: readonly LedgerLine[], lines: readonly RecallLine[]): number {
  return Math.max(0, openRecords(ledger) - lines.reduce((sum, line) => sum + line.parkedAgain, 0));
}

function printLines(terminal: Terminal, lines: readonly RecallLine[]): void {
  terminal.table(
    ["entity", "withdrawn", "byPrior", "byDeletion", "parkedAgain", "left"],
    lines.map((line) => [
      line.entity,
      line.withdrawn,
      line.byPrior,
      line.byDeletion,
      line.parkedAgain,
      line.left,
    ]),
  );
}
