import { readFileSync } from "node:fs";

/** What a stage came to. */
export type StageResult = {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly skipped: readonly { readonly title: string; readonly reason: string }[];
};

/** A step is one test. */
export function stepResult(name: string, exitCode: number): StageResult {
  return exitCode === 0
    ? { passed: 1, failed: [], skipped: [] }
    : { passed: 0, failed: [`${name} (exit ${exitCode})`], skipped: [] };
}

/**
 * A mocha stage by the reporter's file. No file means that mocha died; nothing run, or an exit code that the counts
 * don't explain, is a failure too: a stage must not pass by not running.
 */
export function mochaResult(name: string, exitCode: number, resultFile: string): StageResult {
  const counted = readResult(resultFile);
  if (counted === undefined)
    return { passed: 0, failed: [`${name}: mocha ended early (exit ${exitCode})`], skipped: [] };
  const failed = [...counted.failed];
  if (counted.passed + failed.length === 0) failed.push(`${name}: no test ran`);
  if (exitCode !== 0 && failed.length === 0) failed.push(`${name}: exit ${exitCode}`);
  return { ...counted, failed };
}

export function sum(results: readonly StageResult[]): StageResult {
  return {
    passed: results.reduce((total, result) => total + result.passed, 0),
    failed: results.flatMap((result) => result.failed),
    skipped: results.flatMap((result) => result.skipped),
  };
}

/** The closing line, which other programs read. */
export function closingLine({ passed, failed, skipped }: StageResult): string {
  return `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
}

function readResult(file: string): StageResult | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof value !== "object" || value === null) return undefined;
    if (!("passed" in value) || !("failed" in value) || !("skipped" in value)) return undefined;
    const { passed, failed, skipped } = value;
    if (typeof passed !== "number" || !Array.isArray(failed) || !Array.isArray(skipped)) return undefined;
    return { passed, failed: failed.map(String), skipped: skipped.map(skip) };
  } catch {
    return undefined;
  }
}

function skip(value: unknown): { title: string; reason: string } {
  if (typeof value !== "object" || value === null || !("title" in value) || !("reason" in value))
    return { title: "?", reason: "?" };
  return { title: String(value.title), reason: String(value.reason) };
}
