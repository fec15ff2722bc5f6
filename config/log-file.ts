import { openSync, writeSync } from "node:fs";

/** Appends these bytes and says how many were taken; throws as `writeSync` does. */
type Append = (bytes: Buffer) => number;

export interface LogFileOptions {
  readonly append: Append;
  /** Told once when lines begin to be lost, with the system's code. */
  readonly tell: (code: string) => void;
  /** The time of the line that says how many were lost, as ISO text. */
  readonly now: () => string;
}

/**
 * A log file that never stops its process. While it can't be written (its disk is full) lines are lost and counted, and the
 * first line afterwards says how many: work on children's records does not stop for its diary.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  #lost = 0;
  /** Half a line stands at the end of the file. */
  #isBroken = false;

  static open(file: string): LogFile {
    const handle = openSync(file, "a");
    return new LogFile({
      append: (bytes) => writeSync(handle, bytes),
      tell: (code) =>
        toStandardError(`${JSON.stringify({ level: "error", event: "log.not-written", code })}\n`),
      now: () => new Date().toISOString(),
    });
  }

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  write(line: string): void {
    try {
      if (this.#lost > 0) this.#append(this.#lossLine());
      this.#lost = 0;
      this.#append(line);
    } catch (error) {
      if (this.#lost === 0) this.#options.tell(codeOf(error));
      this.#lost += 1;
    }
  }

  #append(line: string): void {
    let bytes = Buffer.from(this.#isBroken ? `\n${line}` : line, "utf8");
    while (bytes.length > 0) {
      const taken = this.#options.append(bytes);
      if (taken === 0) throw new Error("nothing was taken");
      bytes = bytes.subarray(taken);
      this.#isBroken = bytes.length > 0;
    }
  }

  #lossLine(): string {
    const { now } = this.#options;
    return `${JSON.stringify({ level: "warn", time: now(), event: "log.lines-lost", count: this.#lost })}\n`;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}

function toStandardError(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // Nobody is left to be told.
  }
}
