import { charsetCases } from "./conformance/charset-cases.ts";
import { faultCases } from "./conformance/fault-cases.ts";
import type { ConformanceCase } from "./conformance/harness.ts";
import { hashCases } from "./conformance/hash-cases.ts";
import { keyCases } from "./conformance/key-cases.ts";
import { readingCases } from "./conformance/reading-cases.ts";
import { valueCases } from "./conformance/value-cases.ts";

/**
 * What every engine must pass, unchanged. A case gets a harness over a scratch schema of the engine; an engine that
 * lacks a feature says so in its harness, and the case is reported as skipped, with that feature's name.
 */
export const conformanceCases: readonly ConformanceCase[] = [
  ...valueCases,
  ...keyCases,
  ...hashCases,
  ...readingCases,
  ...charsetCases,
  ...faultCases,
];
export type { ConformanceCase, ConformanceHarness, ConnectOptions } from "./conformance/harness.ts";
