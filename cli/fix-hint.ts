import { DuijieError } from "../contracts/errors.ts";
import type { Texts } from "../contracts/texts.ts";
import type { KeptFinding } from "../exchange-db/landing.ts";

/** What to do about one finding: of the rule where it is one, else of the kind of error. */
export function fixHint(texts: Texts, { code, rule }: Pick<KeptFinding, "code" | "rule">): string {
  const keys = code === "CONTRACT_VIOLATION" ? [`rules.${rule}.fix`, `cli.fix.${rule}`] : [`cli.fix.${code}`];
  for (const key of keys) {
    const text = textOrNull(texts, key);
    if (text !== null) return text;
  }
  return texts("cli.fix.other");
}

function textOrNull(texts: Texts, key: string): string | null {
  try {
    return texts(key);
  } catch (error) {
    if (error instanceof DuijieError && error.params["key"] === key) return null;
    throw error;
  }
}
