import { childProcesses, type ProcessStats, processStats } from "./process-stats.ts";

/** CPU time of a process, or of a tree of them, as it stood at one moment (milliseconds of the system's clock). */
export interface CpuMark {
  readonly at: number;
  readonly cpuMicros: number;
}

interface Watched {
  readonly pid: number;
  readonly isTree: boolean;
  readonly marks: CpuMark[];
  peakBytes: number;
  /** CPU of each backend that was seen, by pid: its database and the newest value. */
  readonly parts: Map<number, { readonly part: string; readonly marks: CpuMark[] }>;
}

const everyMs = 250;

/** Looks at processes a few times a second, so that CPU can be told for any span of time and peaks of memory are met. */
export class ProcessSampler {
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | null = null;

  start(): void {
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#look();
  }

  /** One process. Its children are not counted. */
  watch(name: string, pid: number): void {
    this.#add(name, pid, false);
  }

  /** A postmaster with its backends, also those that ended between two looks: it waits for each, so the kernel adds them. */
  watchPostgres(name: string, pid: number): void {
    this.#add(name, pid, true);
  }

  get names(): readonly string[] {
    return [...this.#watched.keys()];
  }

  /** CPU between two moments of the system's clock, in microseconds. */
  cpuMicros(name: string, from: number, to: number): number {
    return cpuBetween(this.#watched.get(name)?.marks ?? [], from, to);
  }

  /** The same by database, of the backends that were seen; what they did after the last look is missing. */
  cpuMicrosByDatabase(name: string, from: number, to: number): Readonly<Record<string, number>> {
    const sums: Record<string, number> = {};
    for (const { part, marks } of this.#watched.get(name)?.parts.values() ?? [])
      sums[part] = (sums[part] ?? 0) + cpuBetween(marks, from, to);
    return sums;
  }

  /**
   * Of one process the most that was ever resident; of a PostgreSQL the greatest sum of its processes' private memory, with
   * the buffers that they share counted once.
   */
  peakBytes(name: string): number {
    return this.#watched.get(name)?.peakBytes ?? 0;
  }

  #add(name: string, pid: number, isTree: boolean): void {
    const watched: Watched = { pid, isTree, marks: [], peakBytes: 0, parts: new Map() };
    this.#watched.set(name, watched);
    look(watched);
  }

  #look(): void {
    for (const watched of this.#watched.values()) look(watched);
  }
}

function look(watched: Watched): void {
  const own = processStats(watched.pid);
  if (own === undefined) return;
  if (!watched.isTree) {
    watched.marks.push({ at: Date.now(), cpuMicros: own.cpuMicros });
    watched.peakBytes = Math.max(watched.peakBytes, own.residentPeakBytes);
    return;
  }
  const living = lookAtChildren(watched);
  // Children first and their parent after: one that ends in between is counted twice rather than not at all.
  const parent = processStats(watched.pid) ?? own;
  const cpuMicros =
    parent.cpuMicros + parent.endedChildrenCpuMicros + sum(living, (child) => child.cpuMicros);
  // A sum that falls would be such a double count of the look before; time does not run back.
  watched.marks.push({
    at: Date.now(),
    cpuMicros: Math.max(cpuMicros, watched.marks.at(-1)?.cpuMicros ?? 0),
  });
  const all = [parent, ...living];
  const shared = Math.max(...all.map((one) => one.sharedBytes));
  watched.peakBytes = Math.max(watched.peakBytes, sum(all, (one) => one.privateBytes) + shared);
}

function lookAtChildren(watched: Watched): ProcessStats[] {
  return childProcesses(watched.pid).flatMap(({ pid, title }) => {
    const stats = processStats(pid);
    if (stats === undefined) return [];
    const known = watched.parts.get(pid) ?? {
      part: partOf(title),
      marks: [{ at: Date.now() - everyMs, cpuMicros: 0 }],
    };
    watched.parts.set(pid, known);
    known.marks.push({ at: Date.now(), cpuMicros: stats.cpuMicros });
    return [stats];
  });
}

/** `postgres: postgres exchange 127.0.0.1(4711) idle` → `exchange`; `postgres: checkpointer` → `(checkpointer)`. */
function partOf(title: string): string {
  const session = /^postgres: \S+ (\S+) [0-9.]+\(\d+\)/.exec(title)?.[1];
  return session ?? `(${/^postgres: ([a-z ]+)/.exec(title)?.[1]?.trim() ?? "server"})`;
}

function sum(all: readonly ProcessStats[], value: (one: ProcessStats) => number): number {
  return all.reduce((total, one) => total + value(one), 0);
}

/** CPU spent between two moments, on a straight line between looks. Before the first and after the last look it stands still. */
export function cpuBetween(marks: readonly CpuMark[], from: number, to: number): number {
  return Math.round(cpuAt(marks, to) - cpuAt(marks, from));
}

function cpuAt(marks: readonly CpuMark[], at: number): number {
  let before = marks[0];
  if (before === undefined) return 0;
  for (const mark of marks) {
    if (mark.at > at) {
      const share = (at - before.at) / (mark.at - before.at);
      return before.at >= at
        ? before.cpuMicros
        : before.cpuMicros + share * (mark.cpuMicros - before.cpuMicros);
    }
    before = mark;
  }
  return before.cpuMicros;
}
