import { charsetCases } from "./conformance/charset-cases.ts";
import { faultCases } from "./conformance/fault-cases.ts";
import type { ConformanceCase } from "./conformance/harness.ts";
import { hashCases } from "./conformance/hash-cases.ts";
import { keyCases } from "./conformance/key-cases.ts";
import { networkCases } from "./conformance/network-cases.ts";
import { readingCases } from "./conformance/reading-cases.ts";
import { textCases } from "./conformance/text-cases.ts";
import { valueCases } from "./conformance/value-cases.ts";

/**
 * What every engine must pass, unchanged. A case gets a harness over a scratch schema of the engine; an engine that
 * lacks a feature says so in its harness, and the case is reported as unsupported, with the reason.
 */
export const conformanceGroups: readonly ConformanceGroup[] = [
  { name: "values", requirement: "C1", cases: valueCases },
  { name: "text", requirement: "C5", cases: textCases },
  { name: "keys", requirement: "C4", cases: keyCases },
  { name: "hashes", requirement: "C8", cases: hashCases },
  { name: "reading", requirement: "C6", cases: readingCases },
  { name: "charsets", requirement: "C5", cases: charsetCases },
  { name: "faults", requirement: "C1", cases: [...faultCases, ...networkCases] },
];

export interface ConformanceGroup {
  readonly name: string;
  /** Of docs/evidence.md. */
  readonly requirement: string;
  readonly cases: readonly ConformanceCase[];
}

export const conformanceCases: readonly ConformanceCase[] = conformanceGroups.flatMap(({ cases }) => cases);
export type { ConformanceCase, ConformanceHarness, ConnectOptions } from "./conformance/harness.ts";
