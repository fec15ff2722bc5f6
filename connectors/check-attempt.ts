import { DuijieError } from "../contracts/errors.ts";
import type { CheckFinding } from "./connector.ts";

export type Attempt<T> = { readonly value: T } | { readonly failure: CheckFinding };

/** The answer to a question of a check, or the finding that it had none. */
export async function attempt<T>(subject: string, question: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await question() };
  } catch (error) {
    return { failure: failure(subject, error) };
  }
}

/** An error that is not ours (an abort) is no finding. */
export function failure(subject: string, error: unknown): CheckFinding {
  if (!(error instanceof DuijieError)) throw error;
  return { ok: false, subject, code: error.code, detail: error.params };
}
