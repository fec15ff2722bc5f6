import { DuijieError } from "../contracts/errors.ts";
import { type LedgerLine, ledgerOfRun } from "../exchange-db/ledger.ts";
import { parkedSummary } from "../exchange-db/parked.ts";
import { type Run, type RunHold, type RunState, readRun } from "../exchange-db/runs.ts";
import { type LoadEnd, Loader } from "../pipeline/loader.ts";
import type { ProvinceLink } from "../pipeline/province-link.ts";
import type { Reconciliation } from "../pipeline/stages/reconcile.ts";
import { leaseOwner, type Province } from "./compose.ts";
import { requireSums } from "./load-report.ts";
import { MeasuredConnector } from "./measured-connector.ts";
import { reconcileRun } from "./reconcile-run.ts";

/** What works on one load in this process, begun by hand or by schedule. */
export async function openLoader(province: Province, run: Run, link: ProvinceLink) {
  const plans = province.plans(run.scope);
  const connector = new MeasuredConnector(province.reader);
  const { load, registry } = province.config;
  const loader = new Loader(
    {
      store: await province.store(),
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
  return { loader, plans, connector };
}

export interface LoadOutcome {
  readonly ledger: readonly LedgerLine[];
  readonly state: RunState;
  readonly hold: RunHold | null;
  /** Records of this and earlier loads that are parked, rejected or wait. */
  readonly open: number;
  /** Both sides, an entity a line; empty where the load is not done. */
  readonly compared: readonly Reconciliation[];
}

/** How it stands after working on it: the ledger, and where it is done, both sides compared. */
export async function outcomeOf(
  province: Province,
  run: Run,
  loader: Loader,
  end: LoadEnd,
  signal: AbortSignal,
): Promise<LoadOutcome> {
  const store = await province.store();
  const compared = end === "done" ? await reconcileRun(province, run, loader.hasClosedRun, signal) : [];
  const ledger = await ledgerOfRun(store, run.runId);
  const { hold, state } = await readRun(store, run.runId);
  const parked = await parkedSummary(store, province.code);
  const open = parked.reduce((sum, one) => sum + one.records, 0);
  return { ledger, state, hold, open, compared };
}

/** Throws where a record has no outcome or two, or the sides differ: then a person has to look. */
export function requireSound({ runId }: Run, { compared, ledger }: LoadOutcome): void {
  requireSums(runId, ledger);
  // Both sides have what the receipts say, or one of them lies.
  if (compared.some((line) => line.isEqual === false))
    throw new DuijieError("INVARIANT_BROKEN", { what: "reconciliation", runId });
}
