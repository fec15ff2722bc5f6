import { closeSync, openSync, writeFileSync } from "node:fs";

const blockBytes = 1024 * 1024;
/** No line is longer than this in UTF-8. */
const lineBytesMax = 16 * 1024;

/** Appends lines to a file, a megabyte at a time. */
export class LineFile {
  readonly #descriptor: number;
  readonly #block = Buffer.allocUnsafe(blockBytes);
  #used = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, "w");
  }

  line(text: string): void {
    this.#used += this.#block.write(text, this.#used, "utf8");
    this.#block[this.#used] = 10;
    this.#used += 1;
    if (this.#used > blockBytes - lineBytesMax) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }

  #flush(): void {
    // Not writeSync: that may write a part only.
    writeFileSync(this.#descriptor, this.#block.subarray(0, this.#used));
    this.#used = 0;
  }
}

// oxlint-disable-next-line no-control-regex
const needsEscape = /["\\\u0000-\u001f]/;

/** Faster than JSON.stringify for the text that needs no escaping, which is nearly all. */
export function jsonText(value: string | null): string {
  if (value === null) return "null";
  return needsEscape.test(value) ? JSON.stringify(value) : `"${value}"`;
}

/** One field of a CSV line. */
export function csvText(value: string): string {
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
