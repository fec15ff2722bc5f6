import { DuijieError } from "../../contracts/errors.ts";
import { shared, within } from "./deadline.ts";

export interface ReadyPart {
  readonly name: "database" | "broker" | "consumer" | "link";
  /** Null when it works, else a code; a throw counts as its code. */
  readonly ask: () => Promise<string | null>;
}

export interface Readiness {
  readonly isReady: boolean;
  /** `ok` or a code. */
  readonly parts: Readonly<Record<string, string>>;
}

const askMs = 2500;

/** Asks all parts side by side. Codes only: what it says is readable by whoever reaches the port. */
export function readiness(parts: readonly ReadyPart[], keepMs: number): () => Promise<Readiness> {
  return shared(async () => {
    const found = await Promise.all(
      parts.map(async (part) => [part.name, (await codeOf(part)) ?? "ok"] as const),
    );
    return { isReady: found.every(([, code]) => code === "ok"), parts: Object.fromEntries(found) };
  }, keepMs);
}

async function codeOf({ ask }: ReadyPart): Promise<string | null> {
  try {
    return await within(ask(), askMs, "TIMEOUT");
  } catch (error) {
    return codeOfError(error);
  }
}

export function codeOfError(error: unknown): string {
  return error instanceof DuijieError ? error.code : "UNKNOWN";
}
