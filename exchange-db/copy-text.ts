import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import type { StoreClient } from "./store.ts";

const needsEscape = /[\\\t\n\r]/;
const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** One value in COPY's text format; only text that needs it pays for escaping. */
export function copyValue(value: string | number | bigint | boolean | null): string {
  if (value === null) return "\\N";
  if (typeof value !== "string") return String(value);
  return needsEscape.test(value) ? value.replace(/[\\\t\n\r]/g, (found) => escapes[found] ?? found) : value;
}

/** Sends lines that already end in a newline, about 64 KB at a time, so that memory stays flat. */
export async function copyLines(
  client: StoreClient,
  copySql: string,
  lines: readonly string[],
): Promise<void> {
  const sink = client.query(copyFrom(copySql));
  await pipeline(Readable.from(pieces(lines)), sink);
}

function* pieces(lines: readonly string[]): Generator<Buffer> {
  const size = 200;
  for (let start = 0; start < lines.length; start += size) {
    yield Buffer.from(lines.slice(start, start + size).join(""), "utf8");
  }
}
