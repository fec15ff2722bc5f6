import type { Texts } from "../../contracts/texts.ts";
import type { CaseResult, CaseStatus } from "./run-case.ts";

/** What one engine showed, for a person who was not there. `skipped` counts what was not run at all. */
export interface EngineReport {
  /** Product and version; null where nothing was run. */
  readonly server: string | null;
  readonly passed: number;
  readonly failed: number;
  readonly unsupported: number;
  readonly impossible: number;
  readonly skipped: number;
  /** Why nothing was run. */
  readonly reason?: InBoth;
  readonly cases: readonly CaseReport[];
}

export interface CaseReport {
  readonly id: string;
  readonly title: InBoth;
  readonly status: CaseStatus;
  readonly reason?: InBoth;
  readonly failure?: string;
  readonly ms: number;
}

export interface InBoth {
  readonly zh: string;
  readonly en: string;
}

export interface BothTexts {
  readonly zh: Texts;
  readonly en: Texts;
}

export function engineReport(server: string, results: readonly CaseResult[], texts: BothTexts): EngineReport {
  const count = (status: CaseStatus) => results.filter((result) => result.status === status).length;
  return {
    server,
    passed: count("passed"),
    failed: count("failed"),
    unsupported: count("unsupported"),
    impossible: count("impossible"),
    skipped: 0,
    cases: results.map((result) => caseReport(result, texts)),
  };
}

export function skippedReport(cases: number, reason: InBoth): EngineReport {
  return {
    server: null,
    passed: 0,
    failed: 0,
    unsupported: 0,
    impossible: 0,
    skipped: cases,
    reason,
    cases: [],
  };
}

export function inBoth(
  texts: BothTexts,
  key: string,
  params: Readonly<Record<string, string | number>> = {},
): InBoth {
  return { zh: texts.zh(key, params), en: texts.en(key, params) };
}

function caseReport({ reason, ...result }: CaseResult, texts: BothTexts): CaseReport {
  const title = inBoth(texts, `conformance.case.${result.id}`);
  const why = reason === undefined ? {} : { reason: inBoth(texts, `conformance.lack.${reason}`) };
  return { ...result, title, ...why };
}
