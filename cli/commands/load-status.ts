import type { Command } from "commander";
import { DuijieError } from "../../contracts/errors.ts";
import { oldestUnsettledSeconds } from "../../exchange-db/batches.ts";
import { type LedgerLine, ledgerOfRun } from "../../exchange-db/ledger.ts";
import { type EntityLoadProgress, loadProgress } from "../../exchange-db/load-progress.ts";
import { latestLoad, type Run, readRun } from "../../exchange-db/runs.ts";
import type { Store } from "../../exchange-db/store.ts";
import { type Reconciliation, reconciliationOfRun } from "../../pipeline/stages/reconcile.ts";
import { type Province, withProvince } from "../compose.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { printHold, printLedger, printReconciliation, scopeText } from "../load-report.ts";
import { runId } from "../option-values.ts";

interface Options {
  readonly run?: string;
}

/** `load status`: how far the newest load is, or the one named. */
export function loadStatusCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "status", async (invocation, command) => {
      return await withProvince(invocation, async (province) => {
        return await run(invocation, province, command.opts<Options>());
      });
    })
    .option("--run <number>", frame.text("run"), runId);
}

/** What `--json` prints; its names are documented in docs/operations.md. */
interface Status {
  readonly run: Run;
  readonly ledger: readonly LedgerLine[];
  readonly progress: readonly EntityLoadProgress[];
  readonly rowsPerSecond: number | null;
  readonly oldestUnsettledSeconds: number | null;
  readonly reconciliation: readonly Reconciliation[];
}

async function run(invocation: Invocation, province: Province, options: Options): Promise<ExitCode> {
  const store = await province.store();
  const status = await statusOf(store, await wantedLoad(store, province.code, options), invocation.now());
  if (invocation.json) invocation.terminal.json(status);
  else print(invocation, status);
  return 0;
}

async function wantedLoad(store: Store, province: string, { run: wanted }: Options): Promise<Run> {
  const found = wanted === undefined ? await latestLoad(store, province) : await readRun(store, wanted);
  if (found === null || found.province !== province) {
    throw new DuijieError("LOAD_NOT_FOUND", wanted === undefined ? {} : { runId: wanted });
  }
  return found;
}

async function statusOf(store: Store, run: Run, now: Date): Promise<Status> {
  const progress = await loadProgress(store, run.runId);
  const seconds = ((run.endedAt ?? now).getTime() - run.startedAt.getTime()) / 1000;
  const rows = progress.reduce((sum, one) => sum + one.rows, 0);
  return {
    run,
    ledger: await ledgerOfRun(store, run.runId),
    progress,
    rowsPerSecond: seconds > 0 ? Math.round(rows / seconds) : null,
    oldestUnsettledSeconds: await oldestUnsettledSeconds(store, run.runId),
    reconciliation: await reconciliationOfRun(store, run.runId),
  };
}

function print({ terminal }: Invocation, status: Status): void {
  const { run } = status;
  terminal.say("status.head", {
    runId: run.runId,
    state: terminal.text(`state.${run.state}`),
    kind: run.kind,
    mappingVersion: run.mappingVersion,
    profile: run.profile,
    scope: scopeText(terminal, run.scope),
    started: run.startedAt.toISOString(),
    ended: run.endedAt?.toISOString() ?? "–",
  });
  if (run.hold !== null) printHold(terminal, run.hold);
  terminal.table(
    ["entity", "chunks", "chunksLanded", "rows", "sealed", "published", "settled"],
    status.progress.map((one) => [
      one.entity,
      one.chunks,
      one.chunksLanded,
      one.rows,
      one.batchesSealed,
      one.batchesPublished,
      one.batchesSettled,
    ]),
  );
  printLedger(terminal, status.ledger);
  if (status.rowsPerSecond !== null) terminal.say("status.rate", { rowsPerSecond: status.rowsPerSecond });
  const oldest = status.oldestUnsettledSeconds;
  if (oldest !== null) terminal.say("status.unsettled", { seconds: Math.round(oldest) });
  printReconciliation(terminal, status.reconciliation);
}
