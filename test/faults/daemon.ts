import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { DuijieProcess, Ended } from "../support/duijie-process.ts";
import { until } from "../support/until.ts";
import type { DaemonRole } from "./fault.ts";

export interface DaemonExit {
  readonly daemon: string;
  readonly pid: number;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The error's code that it ended with, from its last words. */
  readonly error: string | null;
  /** Ours: killed or asked to stop. */
  readonly isAsked: boolean;
}

/** What a supervisor of the system does: starts a process again when it ends before its work is done. */
export class Daemon {
  readonly name: string;
  readonly role: DaemonRole;
  readonly exits: DaemonExit[] = [];
  readonly #spawn: () => DuijieProcess;
  readonly #pids: number[] = [];
  #process: DuijieProcess | null = null;
  #isWanted = false;
  #isAsked = false;
  #keeping: Promise<void> = Promise.resolve();

  constructor(name: string, role: DaemonRole, spawn: () => DuijieProcess) {
    this.name = name;
    this.role = role;
    this.#spawn = spawn;
  }

  get process(): DuijieProcess | null {
    return this.#process;
  }

  /** Every process that it ever was. */
  get pids(): readonly number[] {
    return this.#pids;
  }

  /** Ends when the work is done (a load that ended) or after `stop`. */
  get done(): Promise<void> {
    return this.#keeping;
  }

  start(): void {
    this.#isWanted = true;
    this.#keeping = this.#keep();
  }

  /** Stops it where it stands, and waits until no thread of it runs. */
  async freeze(): Promise<boolean> {
    const process = this.#process;
    if (process === null || !process.isRunning) return false;
    process.kill("SIGSTOP");
    for (let look = 0; look < 200 && process.isRunning; look++) {
      if (isStopped(process.pid)) return true;
      await delay(2);
    }
    return false;
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    const process = this.#process;
    if (process === null) return;
    this.#isAsked = true;
    process.kill("SIGKILL");
    await process.ended;
  }

  async stop(): Promise<void> {
    this.#isWanted = false;
    this.#isAsked = true;
    this.thaw();
    await this.#process?.stop();
    await this.#keeping;
  }

  async #keep(): Promise<void> {
    while (this.#isWanted) {
      const process = this.#spawn();
      this.#process = process;
      this.#pids.push(process.pid);
      const end = await process.ended;
      this.#process = null;
      this.#note(process.pid, end);
      if (this.role === "loader" && (end.code === 0 || end.code === 3)) return;
      if (this.#isWanted) await delay(300);
    }
  }

  #note(pid: number, end: Ended): void {
    const { code, signal } = end;
    this.exits.push({
      daemon: this.name,
      pid,
      code,
      signal,
      error: errorOf(end.stderr),
      isAsked: this.#isAsked,
    });
    this.#isAsked = false;
  }
}

/** Waits until the process is gone for the system too; false when it is still there. */
export async function isGone(pid: number): Promise<boolean> {
  try {
    await until("the process is gone", async () => !existsSync(`/proc/${pid}`) || isZombie(pid), 5000);
    return true;
  } catch {
    return false;
  }
}

/** `CODE: what happened`, the last of them. */
function errorOf(stderr: string): string | null {
  const lines = stderr.split("\n").toReversed();
  for (const line of lines) {
    const code = /^([A-Z][A-Z_]{3,}): /.exec(line)?.[1];
    if (code !== undefined) return code;
  }
  return null;
}

const stateOf = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  } catch {
    return "";
  }
};
const isStopped = (pid: number) => stateOf(pid) === "T";
const isZombie = (pid: number) => stateOf(pid) === "Z";
