import type { Command } from "commander";
import { DuijieError } from "../../contracts/errors.ts";
import { ledgerOfRun } from "../../exchange-db/ledger.ts";
import { parkedSummary } from "../../exchange-db/parked.ts";
import {
  acceptAbsence,
  acceptShare,
  latestLoad,
  openOrJoinLoad,
  type Run,
  readRun,
} from "../../exchange-db/runs.ts";
import type { Store } from "../../exchange-db/store.ts";
import { type LoadEnd, Loader } from "../../pipeline/loader.ts";
import { leaseOwner, type Province, withProvince } from "../compose.ts";
import { untilStopped } from "../daemon.ts";
import { runDry } from "../dry-run.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { type LoadRunOptions, wantedScope } from "../load-options.ts";
import { openRecords, printHold, printLedger, printReconciliation, requireSums } from "../load-report.ts";
import { LoadWatch } from "../load-watch.ts";
import { MeasuredConnector } from "../measured-connector.ts";
import { collected } from "../option-values.ts";
import { askYesNo } from "../question.ts";
import { reconcileRun } from "../reconcile-run.ts";
import { type LoadContext, noteRun, runVendorLoads, type WorkedRun } from "../vendor-runs.ts";

/** `load run`: works on the province's open load, or begins one; any number of processes may. */
export function loadRunCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "run", async (invocation, command) => {
      const options = command.opts<LoadRunOptions>();
      return await untilStopped(invocation.terminal, async (signal) => {
        return await withProvince(invocation, async (province) => {
          if (options.dryRun === true) return await runDry(invocation, province, options, signal);
          return await loadRun(invocation, province, options, signal);
        });
      });
    })
    .option("--county <code>", frame.text("county"), collected)
    .option("--dry-run", frame.text("dryRun"))
    .option("--out <folder>", frame.text("out"))
    .option("--accept-quarantine", frame.text("acceptQuarantine"))
    .option("--resend", frame.text("resend"))
    .option("--accept-deletions", frame.text("acceptDeletions"));
}

async function loadRun(
  invocation: Invocation,
  province: Province,
  options: LoadRunOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  await province.startMonitoring(invocation.terminal);
  const store = await province.store();
  const link = await province.startLink(signal);
  const context = { invocation, province, store, link, options, signal };
  if (province.readsLoads) return await runVendorLoads(context, workOn);
  const run = await openLoad(invocation, province, store, options);
  return (await workOn(context, run)).exitCode;
}

/** Works on one run until it ends or waits for a person. */
async function workOn(context: LoadContext, run: Run): Promise<WorkedRun> {
  const { invocation, link, options, province, signal, store } = context;
  const { terminal } = invocation;
  if (options.acceptQuarantine === true) await acceptShare(store, run.runId);
  if (options.acceptDeletions === true) await acceptAbsence(store, run.runId);
  const plans = province.plans(run.scope);
  const connector = new MeasuredConnector(province.connector);
  const { load, registry } = province.config;
  const loader = new Loader(
    {
      store,
      connector,
      plans,
      flowOf: await province.flows(run, plans, link.partitions),
      owner: leaseOwner(),
      limits: registry.limits,
      concurrentReads: registry.limits.concurrentReads,
      ...load,
      log: province.log,
      obstacle: () => link.failure,
    },
    run.runId,
  );
  const watch = new LoadWatch({ terminal, store, run, plans, connector, load, isJson: invocation.json });
  watch.start(signal);
  try {
    let end = await loader.run(signal);
    while (end === "held" && (await goOnWhenHeld(invocation, store, run.runId)))
      end = await loader.run(signal);
    await watch.stop();
    return { end, exitCode: await report({ invocation, province, store, loader, run, signal }, end) };
  } finally {
    await watch.stop();
  }
}

/** A load left open goes on with the scope that it was begun with, so that nobody has to remember it. */
async function openLoad(
  { terminal }: Invocation,
  province: Province,
  store: Store,
  options: LoadRunOptions,
): Promise<Run> {
  const latest = await latestLoad(store, province.code);
  const isOpen = latest !== null && ["running", "paused", "held"].includes(latest.state);
  const isNamed = options.county !== undefined || options.resend === true;
  const scope = isOpen && !isNamed ? latest.scope : wantedScope(province, options);
  const { run, created } = await openOrJoinLoad(store, {
    province: province.code,
    profile: province.config.load.profile,
    scope,
    entities: province.entities,
  });
  // Configured before for vendors' loads: what that run reads is not the registry.
  if (run.scope.load !== undefined)
    throw new DuijieError("LOAD_STATE_WRONG", { runId: run.runId, state: "open with another scope" });
  noteRun(terminal, run, created);
  return run;
}

/** On a terminal a person is asked; otherwise the command ends and says how to go on. */
async function goOnWhenHeld({ terminal }: Invocation, store: Store, runId: string): Promise<boolean> {
  const { hold } = await readRun(store, runId);
  if (hold !== null) printHold(terminal, hold);
  const isAbsence = hold?.absent !== undefined;
  if (isAbsence) terminal.note("hold.absentWays", { runId });
  else terminal.note("hold.ways", { runId });
  if (!terminal.isTty) return false;
  const isAccepted = isAbsence
    ? await askYesNo(terminal, "hold.absentQuestion")
    : await askYesNo(terminal, "hold.question");
  if (!isAccepted) return false;
  await (isAbsence ? acceptAbsence : acceptShare)(store, runId);
  return true;
}

interface Finished {
  readonly invocation: Invocation;
  readonly province: Province;
  readonly store: Store;
  readonly loader: Loader;
  readonly run: Run;
  readonly signal: AbortSignal;
}

async function report(finished: Finished, end: LoadEnd): Promise<ExitCode> {
  const { invocation, loader, province, run, signal, store } = finished;
  const { terminal } = invocation;
  const compared = end === "done" ? await reconcileRun(province, run, loader.hasClosedRun, signal) : [];
  const ledger = await ledgerOfRun(store, run.runId);
  const { hold, state } = await readRun(store, run.runId);
  const parked = await parkedSummary(store, province.code);
  const open = parked.reduce((sum, one) => sum + one.records, 0);
  if (invocation.json) {
    terminal.json({ runId: run.runId, end, state, hold, ledger, open, reconciliation: compared });
  } else {
    printLedger(terminal, ledger);
    printReconciliation(terminal, compared);
    terminal.say(`load.end.${end}`, { runId: run.runId, open: openRecords(ledger) });
    if (open > openRecords(ledger)) terminal.say("load.stillParked", { open });
  }
  requireSums(run.runId, ledger);
  return exitCodeOf(
    end,
    open,
    compared.some((line) => line.isEqual === false),
    run.runId,
  );
}

function exitCodeOf(end: LoadEnd, open: number, isDifferent: boolean, runId: string): ExitCode {
  if (end === "held") return 3;
  if (end !== "done") return 1;
  // Both sides have what the receipts say, or one of them lies: a person has to look.
  if (isDifferent) throw new DuijieError("INVARIANT_BROKEN", { what: "reconciliation", runId });
  return open > 0 ? 3 : 0;
}
