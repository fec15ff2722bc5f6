import { closeSync, openSync, writeSync } from "node:fs";

const flushAt = 256 * 1024;

/** Appends lines to a file, a quarter of a megabyte at a time. */
export class LineFile {
  readonly #descriptor: number;
  #pending: string[] = [];
  #length = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, "w");
  }

  line(text: string): void {
    this.#pending.push(text, "\n");
    this.#length += text.length + 1;
    if (this.#length >= flushAt) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }

  #flush(): void {
    writeSync(this.#descriptor, this.#pending.join(""));
    this.#pending = [];
    this.#length = 0;
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
