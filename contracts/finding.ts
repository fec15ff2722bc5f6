import { DuijieError, type ErrorCode, type ErrorParams } from "./errors.ts";

/** One fault among several: the key of its text in `texts/{zh,en}` and what goes into it. Never a person's data. */
export interface Finding {
  readonly key: string;
  readonly params: ErrorParams;
}

/** A file with many faults is reported once, with all of them: nobody should have to run a command per fault. */
export class FindingsError extends DuijieError {
  readonly findings: readonly Finding[];

  constructor(code: ErrorCode, params: ErrorParams, findings: readonly Finding[]) {
    super(code, { ...params, count: findings.length });
    this.findings = findings;
  }
}
