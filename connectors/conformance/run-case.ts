import { AssertionError } from "node:assert";
import { DuijieError } from "../../contracts/errors.ts";
import type { ConformanceCase, ConformanceHarness } from "./harness.ts";
import type { LiveCase, LiveWorld } from "./live-cases.ts";

/** `unsupported`: the engine has no such thing; `impossible`: it has, but it can't be shown here. */
export type CaseStatus = "passed" | "failed" | "unsupported" | "impossible";

export interface CaseResult {
  /** `group/name`. */
  readonly id: string;
  readonly status: CaseStatus;
  /** A key under `conformance.lack` of the texts, where the case did not run. */
  readonly reason?: string;
  /** Of a failed case: what was found instead. Suites make their own rows, so it can quote no pupil's. */
  readonly failure?: string;
  readonly ms: number;
}

/** Runs one case and cleans up after it. Never throws: what a case throws is its failure. */
export async function runCase(each: ConformanceCase, harness: ConformanceHarness): Promise<CaseResult> {
  const { id } = each;
  for (const feature of each.needs ?? []) {
    const lack = harness.lackOf(feature);
    if (lack === null) continue;
    const status = lack.where === "engine" ? "unsupported" : "impossible";
    return { id, status, reason: lack.reason, ms: 0 };
  }
  const began = performance.now();
  const elapsed = () => Math.round(performance.now() - began);
  try {
    await each.run(harness);
    return { id, status: "passed", ms: elapsed() };
  } catch (error) {
    return { id, status: "failed", failure: failureOf(error), ms: elapsed() };
  } finally {
    await harness.closeConnectors().catch(() => undefined);
  }
}

/** The same on a table in use. */
export async function runLiveCase(each: LiveCase, world: LiveWorld): Promise<CaseResult> {
  const { id } = each;
  const began = performance.now();
  const elapsed = () => Math.round(performance.now() - began);
  try {
    const reason = await each.run(world);
    if (reason !== null) return { id, status: "impossible", reason, ms: elapsed() };
    return { id, status: "passed", ms: elapsed() };
  } catch (error) {
    return { id, status: "failed", failure: failureOf(error), ms: elapsed() };
  }
}

function failureOf(error: unknown): string {
  if (error instanceof DuijieError) return `${error.code} ${JSON.stringify(error.params)}`;
  if (error instanceof AssertionError) return error.message.slice(0, failureLengthMax);
  // A stranger's message could quote a row.
  return error instanceof Error ? error.name : "unknown";
}

const failureLengthMax = 2000;
