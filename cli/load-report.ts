import { DuijieError } from "../contracts/errors.ts";
import { addsUp, type LedgerLine } from "../exchange-db/ledger.ts";
import type { RunHold, RunScope } from "../exchange-db/runs.ts";
import type { Reconciliation } from "../pipeline/stages/reconcile.ts";
import type { Terminal } from "./terminal.ts";

/** An entity a line, and below it the sum; the last column says whether each line adds up. */
export function printLedger(terminal: Terminal, ledger: readonly LedgerLine[]): void {
  if (ledger.length === 0) return;
  const outcomes = [
    "read",
    "unchanged",
    "pending",
    "applied",
    "quarantined",
    "rejected",
    "waiting",
    "superseded",
    // Rare enough to stand there only where it says something.
    ...(ledger.some((line) => line.withdrawn > 0) ? (["withdrawn"] as const) : []),
  ] as const;
  const rows = ledger.map((line) => [line.entity, ...outcomes.map((name) => line[name])]);
  const sums = outcomes.map((name) => ledger.reduce((sum, line) => sum + line[name], 0));
  terminal.table(["entity", ...outcomes], [...rows, [terminal.text("ledger.sum"), ...sums]]);
}

/** A record without an outcome, or with two, means that the exchange-db is not what we take it for. */
export function requireSums(runId: string, ledger: readonly LedgerLine[]): void {
  const wrong = ledger.find((line) => !addsUp(line));
  if (wrong === undefined) return;
  throw new DuijieError("INVARIANT_BROKEN", {
    what: "ledger",
    runId,
    entity: wrong.entity,
    read: wrong.read,
  });
}

/** Records of a ledger that a person or a parent still has to do something about. */
export function openRecords(ledger: readonly LedgerLine[]): number {
  return ledger.reduce((sum, line) => sum + line.quarantined + line.rejected + line.waiting, 0);
}

export function printReconciliation(terminal: Terminal, lines: readonly Reconciliation[]): void {
  if (lines.length === 0) return;
  terminal.table(
    ["entity", "provinceRows", "nationRows", "compared"],
    lines.map((line) => [
      line.entity,
      line.provinceRows,
      line.nationRows ?? "–",
      terminal.text(`reconcile.${resultOf(line)}`),
    ]),
  );
}

function resultOf({ isEqual }: Reconciliation): "equal" | "differs" | "open" {
  if (isEqual === null) return "open";
  return isEqual ? "equal" : "differs";
}

export function printHold(terminal: Terminal, hold: RunHold): void {
  if (hold.absent !== undefined) {
    const share = ((100 * hold.absent) / Math.max(1, hold.rows)).toFixed(1);
    terminal.note("hold.absent", { entity: hold.entity, rows: hold.rows, absent: hold.absent, share });
    return;
  }
  terminal.note("hold.found", {
    entity: hold.entity,
    county: hold.county ?? terminal.text("hold.allCounties"),
    quarantined: hold.quarantined,
    rows: hold.rows,
    share: ((100 * hold.quarantined) / Math.max(1, hold.rows)).toFixed(1),
  });
}

export function scopeText(terminal: Terminal, scope: RunScope): string {
  const parts = [
    ...(scope.load === undefined ? [] : [terminal.text("scope.load", { load: scope.load })]),
    ...(scope.counties === undefined
      ? []
      : [terminal.text("scope.counties", { list: scope.counties.join(", ") })]),
    ...(scope.phases === undefined ? [] : [terminal.text("scope.phases", { list: scope.phases.join(", ") })]),
    ...(scope.resend === true ? [terminal.text("scope.resend")] : []),
  ];
  return parts.length === 0 ? terminal.text("scope.all") : parts.join("; ");
}
