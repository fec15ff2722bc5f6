import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/**
 * A process that can be told from a later one with the same pid: the system gives pids out again, and a state
 * file outlives a reboot. `birth` is opaque: the boot and the kernel's start tick on Linux, `ps`'s start time elsewhere.
 */
export type ProcessIdentity = { readonly pid: number; readonly birth: string };

const hasProc = existsSync("/proc/self/stat");

/** Who runs under this pid now; undefined when nobody does (a zombie is nobody). */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const birth = hasProc ? birthFromProc(pid) : birthFromPs(pid);
  return birth === undefined ? undefined : { pid, birth };
}

/** An identity that was written to a file as JSON. */
export function parseIdentity(value: unknown): ProcessIdentity | undefined {
  if (typeof value !== "object" || value === null || !("pid" in value) || !("birth" in value))
    return undefined;
  const { pid, birth } = value;
  return typeof pid === "number" && typeof birth === "string" ? { pid, birth } : undefined;
}

/** True while exactly this process, not a successor with its pid, is alive. */
export function isAlive(identity: ProcessIdentity): boolean {
  return processIdentity(identity.pid)?.birth === identity.birth;
}

/** The words of the command line of a process; empty when it is gone or belongs to somebody who hides it. */
export function commandLine(pid: number): readonly string[] {
  try {
    if (hasProc) return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
    return ps(pid, "command=").split(" ");
  } catch {
    return [];
  }
}

/** Sends a signal if, and only if, the process is still this one. Returns whether it was sent. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}

/** Waits until the process is gone; false when it is still there after `timeoutMs`. */
export async function waitUntilGone(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(identity)) {
    if (performance.now() > deadline) return false;
    await delay(20);
  }
  return true;
}

function birthFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, threads, startTick] = [fields[0], fields[17], fields[19]];
    // Killed, its main thread is a zombie at once, but ports and files stay taken until the last thread is gone.
    const isOver = state === "X" || (state === "Z" && Number(threads) <= 1);
    if (isOver || startTick === undefined) return undefined;
    return `${bootId()}/${startTick}`;
  } catch {
    return undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown-boot";
  }
}

function birthFromPs(pid: number): string | undefined {
  try {
    const started = ps(pid, "lstart=").trim();
    return started === "" ? undefined : started;
  } catch {
    return undefined;
  }
}

function ps(pid: number, column: string): string {
  return execFileSync("ps", ["-o", column, "-p", String(pid)], { encoding: "utf8" });
}
