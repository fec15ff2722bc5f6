import { describeError } from "../../config/describe-error.ts";
import { DuijieError } from "../../contracts/errors.ts";
import type { Texts } from "../../contracts/texts.ts";

/** One answer of `duijie check`. A fault means that a load would fail or lose something; a warning does not. */
export interface CheckLine {
  readonly ok: boolean;
  /** `exchange-db`, `national`, `registry`, `mappings`, `kafka`, `keys`. */
  readonly part: string;
  /** What was asked of it. */
  readonly subject: string;
  /** The error code of a fault. */
  readonly code: string | null;
  readonly found: string;
  readonly remedy: string | null;
}

export function okLine(
  part: string,
  subject: string,
  found: string,
  remedy: string | null = null,
): CheckLine {
  return { ok: true, part, subject, code: null, found, remedy };
}

/** Drivers' errors never come here: ports throw ours. What is not ours is no answer and is thrown on. */
export function faultLine(texts: Texts, part: string, subject: string, error: unknown): CheckLine {
  if (!(error instanceof DuijieError)) throw error;
  const { code, details, remedy, what } = describeError(error, texts);
  return { ok: false, part, subject, code, found: [what, ...details].join(" "), remedy };
}

/** The answer to one question; a throw of ours becomes the fault. */
export async function asked(
  texts: Texts,
  part: string,
  subject: string,
  question: () => Promise<string>,
): Promise<CheckLine> {
  try {
    return okLine(part, subject, await question());
  } catch (error) {
    return faultLine(texts, part, subject, error);
  }
}
