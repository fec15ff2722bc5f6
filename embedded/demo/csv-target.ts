import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gb18030Bytes } from "./gb18030-text.ts";
import type { Raw } from "./registry-shape.ts";
import type { RegistryFiles, RowTarget } from "./registry-target.ts";

const flushAt = 256 * 1024;

/** Rows on their way into one CSV file. NULL is a field of nothing, empty text is a field of two quotes. */
export class CsvTarget implements RowTarget {
  readonly #descriptor: number;
  readonly #encode: (text: string) => Buffer;
  #pending = "";

  constructor({ charset, folder }: RegistryFiles, table: string, columns: readonly string[]) {
    this.#descriptor = openSync(join(folder, csvFile(table)), "w", 0o600);
    this.#encode = charset === "utf8" ? (text) => Buffer.from(text, "utf8") : gb18030Bytes;
    this.row(columns);
  }

  row(values: readonly Raw[]): void {
    this.#pending += `${values.map(csvField).join(",")}\n`;
  }

  async drain(): Promise<void> {
    if (this.#pending.length >= flushAt) this.#flush();
    await Promise.resolve();
  }

  async end(): Promise<void> {
    this.#flush();
    closeSync(this.#descriptor);
    await Promise.resolve();
  }

  #flush(): void {
    // Not writeSync: that may write a part only.
    writeFileSync(this.#descriptor, this.#encode(this.#pending));
    this.#pending = "";
  }
}

export function csvFile(table: string): string {
  return `${table}.csv`;
}

function csvField(value: Raw): string {
  if (value === null) return "";
  return value === "" || /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
