import { readFileSync } from "node:fs";

/** One look at a process, from `/proc`. CPU times are in microseconds since it began. */
export interface ProcessStats {
  readonly cpuMicros: number;
  /** Of children that ended and were waited for. */
  readonly endedChildrenCpuMicros: number;
  /** Resident memory that is its own alone (heap, stack), in bytes. */
  readonly privateBytes: number;
  /** Resident memory that it shares with others (PostgreSQL's buffers), in bytes. */
  readonly sharedBytes: number;
  /** The most that was ever resident at once, in bytes. */
  readonly residentPeakBytes: number;
}

/** The kernel shows times to programs in hundredths of a second on every platform that Node.js runs on. */
const microsPerTick = 10_000;

/** Undefined when there is no such process (any more). */
export function processStats(pid: number): ProcessStats | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return parseProcessStats(stat, readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return undefined;
  }
}

/** From the texts of `/proc/<pid>/stat` and `/proc/<pid>/status`. */
export function parseProcessStats(stat: string, status: string): ProcessStats {
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = (field: number) => Number(fields[field] ?? 0);
  return {
    cpuMicros: (ticks(11) + ticks(12)) * microsPerTick,
    endedChildrenCpuMicros: (ticks(13) + ticks(14)) * microsPerTick,
    privateBytes: statusBytes(status, "RssAnon"),
    sharedBytes: statusBytes(status, "RssShmem"),
    residentPeakBytes: statusBytes(status, "VmHWM"),
  };
}

function statusBytes(status: string, name: string): number {
  const line = status.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m"));
  return Number(line?.[1] ?? 0) * 1024;
}

/** Direct children that live, with what they call themselves (a PostgreSQL backend names its database). */
export function childProcesses(pid: number): readonly { readonly pid: number; readonly title: string }[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    if (children === "") return [];
    return children.split(" ").map((child) => ({ pid: Number(child), title: titleOf(Number(child)) }));
  } catch {
    return [];
  }
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}
