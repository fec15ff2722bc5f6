import { fileSize, readSince } from "../../embedded/server-process.ts";

/** What processes complained about since a moment: `event/code` of lines at level warn or error. */
export class WarningCount {
  readonly #starts: ReadonlyMap<string, number>;

  constructor(files: readonly string[]) {
    this.#starts = new Map(files.map((file) => [file, fileSize(file)]));
  }

  since(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const [file, start] of this.#starts) {
      for (const line of readSince(file, start).split("\n")) {
        const name = complaintOf(line);
        if (name !== null) counts[name] = (counts[name] ?? 0) + 1;
      }
    }
    return counts;
  }
}

/** Half a line, as a kill or a full disk leaves it, is none. */
function complaintOf(line: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || !("level" in value) || !("event" in value)) return null;
  if (value.level !== "warn" && value.level !== "error") return null;
  const code = "code" in value ? `/${String(value.code)}` : "";
  return `${String(value.event)}${code}`;
}
