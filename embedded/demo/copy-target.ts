import { once } from "node:events";
import { finished } from "node:stream/promises";
import type pg from "pg";
import { type CopyStreamQuery, from as copyFrom } from "pg-copy-streams";
import type { Raw } from "./registry-shape.ts";
import type { RowTarget } from "./registry-target.ts";

const flushAt = 128 * 1024;

/** Rows on their way into one table by COPY. Each target holds a connection of its own, so that tables fill side by side. */
export class CopyTarget implements RowTarget {
  readonly #stream: CopyStreamQuery;
  readonly #ended: Promise<void>;
  #pending = "";

  constructor(client: pg.ClientBase, table: string, columns: readonly string[]) {
    this.#stream = client.query(copyFrom(`COPY ${table} (${columns.join(", ")}) FROM STDIN`));
    this.#ended = finished(this.#stream);
    // The failure is met where it is awaited; until then it must not count as unhandled.
    this.#ended.catch(() => undefined);
  }

  row(values: readonly Raw[]): void {
    let line = copyText(values[0] ?? null);
    for (let at = 1; at < values.length; at++) line += `\t${copyText(values[at] ?? null)}`;
    this.#pending += `${line}\n`;
  }

  async drain(): Promise<void> {
    if (this.#pending.length < flushAt) return;
    const bytes = Buffer.from(this.#pending, "utf8");
    this.#pending = "";
    if (!this.#stream.write(bytes)) await Promise.race([once(this.#stream, "drain"), this.#ended]);
  }

  async end(): Promise<void> {
    this.#stream.end(this.#pending);
    this.#pending = "";
    await this.#ended;
  }
}

const needsEscape = /[\\\t\n\r]/;

function copyText(value: Raw): string {
  if (value === null) return "\\N";
  if (!needsEscape.test(value)) return value;
  return value.replace(/[\\\t\n\r]/g, (found) => escapes[found] ?? found);
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };
