import type { Command } from "commander";
import { DuijieError } from "../../contracts/errors.ts";
import {
  acceptAbsence,
  acceptShare,
  latestLoad,
  openOrJoinLoad,
  type Run,
  readRun,
} from "../../exchange-db/runs.ts";
import type { Store } from "../../exchange-db/store.ts";
import type { LoadEnd } from "../../pipeline/loader.ts";
import { type Province, withProvince } from "../compose.ts";
import { untilStopped } from "../daemon.ts";
import { runDry } from "../dry-run.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { type LoadRunOptions, wantedScope } from "../load-options.ts";
import { openRecords, printHold, printLedger, printReconciliation } from "../load-report.ts";
import { type LoadOutcome, openLoader, outcomeOf, requireSound } from "../load-session.ts";
import { LoadWatch } from "../load-watch.ts";
import { collected } from "../option-values.ts";
import { askYesNo } from "../question.ts";
import { systemClock } from "../system-clock.ts";
import { type LoadContext, noteRun, runVendorLoads, type WorkedRun } from "../vendor-runs.ts";
import { guardWindow, type WindowGuard } from "../window-guard.ts";

/** `load run`: works on the province's open load, or begins one; any number of processes may. */
export function loadRunCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "run", async (invocation, command) => {
      const options = command.opts<LoadRunOptions>();
      return await untilStopped(invocation.terminal, async (signal) => {
        return await withProvince(invocation, async (province) => {
          const isOutsideAllowed = options.outsideWindow === true;
          const guard = guardWindow(province.config.schedule, systemClock(invocation.now), isOutsideAllowed);
          try {
            if (options.dryRun === true)
              return await dryUntilClosed(invocation, province, options, signal, guard);
            return await loadRun(invocation, province, options, signal, guard);
          } finally {
            guard.end();
          }
        });
      });
    })
    .option("--county <code>", frame.text("county"), collected)
    .option("--dry-run", frame.text("dryRun"))
    .option("--out <folder>", frame.text("out"))
    .option("--accept-quarantine", frame.text("acceptQuarantine"))
    .option("--resend", frame.text("resend"))
    .option("--accept-deletions", frame.text("acceptDeletions"))
    .option("--outside-window", frame.text("outsideWindow"));
}

/** It reads as much as a load does; what it has not read by the window's end it says nothing about. */
async function dryUntilClosed(
  invocation: Invocation,
  province: Province,
  options: LoadRunOptions,
  signal: AbortSignal,
  guard: WindowGuard,
): Promise<ExitCode> {
  try {
    return await runDry(invocation, province, options, AbortSignal.any([signal, guard.closing]));
  } catch (error) {
    throw guard.closing.aborted ? guard.over() : error;
  }
}

async function loadRun(
  invocation: Invocation,
  province: Province,
  options: LoadRunOptions,
  signal: AbortSignal,
  guard: WindowGuard,
): Promise<ExitCode> {
  await province.startMonitoring(invocation.terminal);
  const store = await province.store();
  const link = await province.startLink(signal);
  const context = { invocation, province, store, link, options, signal, guard };
  if (province.readsLoads) return await runVendorLoads(context, workOn);
  const run = await openLoad(invocation, province, store, options);
  return (await workOn(context, run)).exitCode;
}

/** Works on one run until it ends or waits for a person. */
async function workOn(context: LoadContext, run: Run): Promise<WorkedRun> {
  const { guard, invocation, link, options, province, signal, store } = context;
  const { terminal } = invocation;
  if (options.acceptQuarantine === true) await acceptShare(store, run.runId);
  if (options.acceptDeletions === true) await acceptAbsence(store, run.runId);
  const { connector, loader, plans } = await openLoader(province, run, link);
  const { load } = province.config;
  const watch = new LoadWatch({ terminal, store, run, plans, connector, load, isJson: invocation.json });
  watch.start(signal);
  const stop = AbortSignal.any([signal, guard.handBack]);
  try {
    let end = await loader.run(stop, guard.closing);
    while (end === "held" && (await goOnWhenHeld(invocation, store, run.runId)))
      end = await loader.run(stop, guard.closing);
    await watch.stop();
    const outcome = await outcomeOf(province, run, loader, end, signal);
    const shown = isWindowOver(end, guard) ? "windowOver" : end;
    return { end, exitCode: report(invocation, run, outcome, shown) };
  } finally {
    await watch.stop();
  }
}

/** The window ended before the load: it stays open, and goes on with whoever works in the next. */
function isWindowOver(end: LoadEnd, { closing }: WindowGuard): boolean {
  return closing.aborted && (end === "paused" || end === "interrupted");
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

function report(
  { json, terminal }: Invocation,
  run: Run,
  outcome: LoadOutcome,
  end: LoadEnd | "windowOver",
): ExitCode {
  const { compared, hold, ledger, open, state } = outcome;
  const { runId } = run;
  if (json) {
    terminal.json({ runId, end, state, hold, ledger, open, reconciliation: compared });
  } else {
    printLedger(terminal, ledger);
    printReconciliation(terminal, compared);
    terminal.say(`load.end.${end}`, { runId, open: openRecords(ledger) });
    if (open > openRecords(ledger)) terminal.say("load.stillParked", { open });
  }
  requireSound(run, outcome);
  if (end === "held" || end === "windowOver") return 3;
  if (end !== "done") return 1;
  return open > 0 ? 3 : 0;
}
