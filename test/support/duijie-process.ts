import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../contracts/package-root.ts";
import { until } from "./until.ts";

export interface DuijieOptions {
  /** Relative files of the command line are looked for here. */
  readonly cwd: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets a copy of both streams, for the search of personal data. */
  readonly logFolder: string;
}

export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const living = new Set<ChildProcess>();
const tsx = import.meta.resolve("tsx");
let started = 0;

/** `duijie …` as a user starts it: a process of its own, known by arguments, environment, signals and output alone. */
export class DuijieProcess {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #args: readonly string[];
  #stdout = "";
  #stderr = "";

  constructor(args: readonly string[], { cwd, env, logFolder }: DuijieOptions) {
    started += 1;
    const words = args.filter((arg) => /^[a-z]+$/.test(arg)).slice(0, 2);
    const logFile = join(logFolder, `${String(started).padStart(3, "0")}-${words.join("-")}.log`);
    this.#args = args;
    const program = join(packageRoot, "cli", "main.ts");
    const child = spawn(process.execPath, [`--import=${tsx}`, program, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    living.add(child);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      appendFileSync(logFile, text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      appendFileSync(logFile, text);
    });
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        living.delete(child);
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("the process did not start");
    return pid;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get stderr(): string {
    return this.#stderr;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to end, insists after a while. */
  async stop(): Promise<Ended> {
    this.kill("SIGTERM");
    const insist = setTimeout(() => this.kill("SIGKILL"), 15_000);
    const end = await this.ended;
    clearTimeout(insist);
    return end;
  }

  /** Waits for a text on either stream; an end before it is an error that shows what was said instead. */
  async says(text: string | RegExp, timeoutMs = 60_000): Promise<void> {
    const output = () => this.#stdout + this.#stderr;
    const isSaid = () => (typeof text === "string" ? output().includes(text) : text.test(output()));
    const what = `duijie ${this.#args.join(" ")} says ${String(text)}`;
    await until(
      what,
      () => {
        if (isSaid()) return Promise.resolve(true);
        if (!this.isRunning) throw new Error(`${what}: ended (${this.#child.exitCode}) with ${output()}`);
        return Promise.resolve(false);
      },
      timeoutMs,
    );
  }
}

/** Runs a command to its end. Fails with its output where the exit code is another than expected. */
export async function runDuijie(
  args: readonly string[],
  options: DuijieOptions,
  ...expected: readonly number[]
): Promise<Ended> {
  const end = await new DuijieProcess(args, options).ended;
  if (end.code === null || !(expected.length === 0 ? [0] : expected).includes(end.code)) {
    throw new Error(`duijie ${args.join(" ")}: exit ${end.code ?? end.signal}\n${end.stdout}${end.stderr}`);
  }
  return end;
}

/** The one value that a command prints with `--json`. */
export function printedJson(end: Ended): unknown {
  return JSON.parse(end.stdout);
}

function killAll(): void {
  for (const child of living) child.kill("SIGKILL");
}

// Also when mocha itself is ended before its hooks.
process.once("exit", killAll);
// The fault run uses this without mocha.
if (typeof after === "function") after("ends the processes that a failed test left behind", killAll);
