import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { extname, join } from "node:path";
import { DuijieError } from "../../contracts/errors.ts";
import { packageRoot } from "../../contracts/package-root.ts";

const program = join(packageRoot, "cli", `main${extname(import.meta.filename)}`);

export interface CommandOptions {
  /** Gets both streams; where left out, errors and progress are shown and results are not. */
  readonly logFile?: string;
  readonly signal: AbortSignal;
  /** In a session of its own: Ctrl-C of the terminal does not reach it, and it may outlive us. */
  readonly detached?: boolean;
  /** For Node itself, before the program. */
  readonly nodeArgs?: readonly string[];
}

/** Starts `duijie …` as a user would, in a process of its own. An abort asks it to stop and waits for nobody. */
export function startCommand(args: readonly string[], options: CommandOptions): ChildProcess {
  const log = options.logFile === undefined ? null : openSync(options.logFile, "a");
  try {
    const child = spawn(
      process.execPath,
      [...process.execArgv, ...(options.nodeArgs ?? []), program, ...args],
      {
        stdio: ["ignore", log ?? "ignore", log ?? "inherit"],
        detached: options.detached === true,
      },
    );
    const stop = () => child.kill("SIGTERM");
    options.signal.addEventListener("abort", stop, { once: true });
    child.once("close", () => options.signal.removeEventListener("abort", stop));
    return child;
  } finally {
    if (log !== null) closeSync(log);
  }
}

/** The exit code; a process that a signal ended counts as failed. */
export async function endOf(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? 1;
  await once(child, "close");
  return child.exitCode ?? 1;
}

/** Runs a command that must succeed. Throws SETUP_FAILED with its name and log. */
export async function runCommand(
  args: readonly string[],
  options: CommandOptions & { logFile: string },
): Promise<void> {
  const code = await endOf(startCommand(args, options));
  options.signal.throwIfAborted();
  if (code !== 0) {
    const step = `duijie ${args.filter((arg) => !arg.startsWith("/")).join(" ")}`;
    throw new DuijieError("SETUP_FAILED", { step, found: `exit ${code}, see ${options.logFile}` });
  }
}
