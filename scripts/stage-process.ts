import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

export type StageRequest = {
  /** Node's arguments. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeLimitMs: number;
  /** Ends the stage with everything that it started. */
  readonly signal: AbortSignal;
  readonly onOutput: (bytes: Uint8Array | string) => void;
};

/** Between asking a stage to end and ending it: time for its exit hooks to end the servers it started. */
const patienceMs = 15_000;

/**
 * Runs node in a process group of its own, so that ending a stage ends the daemons that its tests started. Returns
 * the exit code, 128 for a signal.
 */
export async function runStage(request: StageRequest): Promise<number> {
  const child = spawn(process.execPath, request.args, {
    cwd: request.cwd,
    env: { ...request.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  child.stdout.on("data", request.onOutput);
  child.stderr.on("data", request.onOutput);
  const closed = once(child, "close");
  const limit = setTimeout(() => {
    request.onOutput(`\nended: longer than ${request.timeLimitMs / 60_000} minutes\n`);
    endGroup(child);
  }, request.timeLimitMs);
  const abort = () => endGroup(child);
  request.signal.addEventListener("abort", abort);
  if (request.signal.aborted) abort();
  await once(child, "exit");
  clearTimeout(limit);
  request.signal.removeEventListener("abort", abort);
  // A child that a test left behind would hold the pipes open for ever.
  signalGroup(child, "SIGKILL");
  await Promise.race([closed, delay(5000, undefined, { ref: false })]);
  return child.exitCode ?? 128;
}

function endGroup(child: ChildProcess): void {
  signalGroup(child, "SIGTERM");
  setTimeout(signalGroup, patienceMs, child, "SIGKILL").unref();
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone, which is what was wanted.
  }
}
