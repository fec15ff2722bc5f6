import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { type ProcessIdentity, processIdentity, signalProcess } from "./process-identity.ts";
import type { ServerAccount } from "./server-account.ts";

export type LaunchRequest = {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logFile: string;
  readonly account?: ServerAccount | undefined;
};

/**
 * Starts a server in a session of its own, its output going to a file: a Ctrl-C meant for the program that uses it
 * must not take the server away first, and nothing of the server hangs on its starter's pipes or event loop.
 */
export async function launch(request: LaunchRequest): Promise<ProcessIdentity> {
  const output = openSync(request.logFile, "a");
  try {
    const child = spawn(request.program, request.args, {
      cwd: request.cwd,
      env: { ...request.env },
      stdio: ["ignore", output, output],
      detached: true,
      ...request.account,
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    const identity = child.pid === undefined ? undefined : processIdentity(child.pid);
    // Gone already: an identity that no process has, so that every later look says "gone".
    return identity ?? { pid: child.pid ?? 0, birth: "gone" };
  } finally {
    closeSync(output);
  }
}

/** Ends the server when its starter exits without having done so (an uncaught error, `process.exit`). */
export function endWithStarter(identity: ProcessIdentity, signal: NodeJS.Signals): () => void {
  const end = () => void signalProcess(identity, signal);
  process.once("exit", end);
  return () => void process.off("exit", end);
}

export function fileSize(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** What a log file has gained since `offset` bytes. */
export function readSince(file: string, offset: number): string {
  const length = Math.max(0, fileSize(file) - offset);
  if (length === 0) return "";
  const handle = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(length);
    return bytes.toString("utf8", 0, readSync(handle, bytes, 0, length, offset));
  } finally {
    closeSync(handle);
  }
}

/** The last lines of a server's log, for the error of a start that failed. */
export function lastLines(file: string, count = 5): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join(" | ");
  } catch {
    return "";
  }
}
