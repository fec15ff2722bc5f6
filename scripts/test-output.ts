import { appendFileSync, copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

/** Everything that a test run prints, on the screen and in one folder, where a privacy test looks through it. */
export class TestOutput {
  readonly folder: string;

  constructor(folder: string) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
  }

  line(text: string): void {
    this.write("summary", `${text}\n`);
  }

  write(name: string, bytes: string | Uint8Array): void {
    process.stdout.write(bytes);
    appendFileSync(join(this.folder, `${name}.log`), bytes);
  }

  /** A copy of a log that something else writes, as it is now. */
  keep(file: string): void {
    if (existsSync(file)) copyFileSync(file, join(this.folder, basename(file)));
  }
}
