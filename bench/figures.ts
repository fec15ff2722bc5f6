import type { EntityResults } from "../embedded/demo/demo-result.ts";
import type { LimitRun } from "./limit.ts";
import type { LoadTimes } from "./load-times.ts";
import type { StageFigures } from "./stages.ts";
import type { StatementFigure } from "./statements.ts";

/** What `--json` writes. A row is a pupil with both guardians; CPU is in microseconds per such row. */
export interface BenchFigures {
  readonly students: number;
  readonly seed: string;
  readonly loaders: number;
  readonly limit: LimitFigures | null;
  readonly path: {
    readonly rowsPerSecond: number;
    readonly seconds: number;
    readonly studentSeconds: number;
    readonly guardianSeconds: number;
  };
  /** Of path to limit; null without a limit. */
  readonly ratio: number | null;
  /** The same against copies with the key's index alone: nobody's registry, but the hardest limit. */
  readonly limitKeyIndexOnly: LimitFigures | null;
  readonly ratioKeyIndexOnly: number | null;
  readonly cpuMicrosPerRow: Readonly<Record<string, number>>;
  /** What of `postgres` each database's sessions took; processes of the server itself stand in parentheses. */
  readonly postgresCpuMicrosPerRow: Readonly<Record<string, number>>;
  readonly peakRssMb: Readonly<Record<string, number>>;
  readonly seconds: Readonly<Record<string, number>>;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly machine: Readonly<Record<string, string | number>>;
  /** The dearest statements of the load, where they were asked for. */
  readonly statements: readonly StatementFigure[] | null;
  /** CPU of our own code a record, by entity and stage, where it was asked for. */
  readonly stages: StageFigures | null;
  readonly ledger: EntityResults;
  readonly differences: number;
}

export interface LimitFigures {
  readonly rowsPerSecond: number;
  readonly seconds: readonly number[];
  readonly cpuMicrosPerRow: Readonly<Record<string, number>>;
}

/** The median run counts: the best would flatter the limit, the worst the path. */
export function medianRun(runs: readonly LimitRun[]): LimitRun | undefined {
  const byLength = runs.toSorted((one, other) => one.to - one.from - (other.to - other.from));
  return byLength[Math.floor((byLength.length - 1) / 2)];
}

export function limitFigures(
  runs: readonly LimitRun[],
  rows: number,
  cpu: (name: string, from: number, to: number) => number,
): LimitFigures | null {
  const run = medianRun(runs);
  if (run === undefined) return null;
  const perRow = (name: string) => rounded(cpu(name, run.from, run.to) / rows, 1);
  return {
    rowsPerSecond: perSecond(rows, run.to - run.from),
    seconds: runs.map(({ from, to }) => secondsBetween(from, to)),
    cpuMicrosPerRow: { copy: perRow("bench"), postgres: perRow("postgres") },
  };
}

export function pathFigures(times: LoadTimes, rows: number): BenchFigures["path"] {
  return {
    rowsPerSecond: perSecond(rows, times.to - times.from),
    seconds: secondsBetween(times.from, times.to),
    studentSeconds: secondsBetween(times.from, times.studentsSettled),
    guardianSeconds: secondsBetween(times.studentsSettled, times.to),
  };
}

/** Cut, not rounded: a ratio is never shown as more than it is. */
export function ratioOf(
  path: { rowsPerSecond: number },
  limit: { rowsPerSecond: number } | null,
): number | null {
  return limit === null ? null : Math.floor((path.rowsPerSecond / limit.rowsPerSecond) * 1000) / 1000;
}

function perSecond(rows: number, milliseconds: number): number {
  return Math.floor((rows * 1000) / milliseconds);
}

export function secondsBetween(from: number, to: number): number {
  return rounded((to - from) / 1000, 2);
}

export function megabytes(bytes: number): number {
  return Math.ceil(bytes / (1024 * 1024));
}

export function rounded(value: number, places: number): number {
  return Number(value.toFixed(places));
}
