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

/**
 * Sends lines that already end in a newline. They are taken as they are sent: lines made one by one live so briefly that
 * the garbage collector hardly sees them.
 */
export async function copyLines(
  client: StoreClient,
  copySql: string,
  lines: Iterable<string>,
): Promise<void> {
  const sink = client.query(copyFrom(copySql));
  await pipeline(Readable.from(pieces(lines)), sink);
}

const pieceLength = 64 * 1024;

function* pieces(lines: Iterable<string>): Generator<Buffer> {
  let text = "";
  for (const line of lines) {
    text += line;
    if (text.length < pieceLength) continue;
    yield Buffer.from(text, "utf8");
    text = "";
  }
  if (text !== "") yield Buffer.from(text, "utf8");
}
