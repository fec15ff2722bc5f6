import { tmpdir } from "node:os";
import type { ConformanceHarness } from "../../connectors/conformance/harness.ts";
import { CsvScratch } from "../../connectors/csv/scratch.ts";
import { openPostgresHarness } from "./postgres-conformance.ts";

/** An engine on which `npm run conformance` runs the list. */
export interface ConformanceEngine {
  readonly engine: string;
  /** The variable with the URL of a server, where none can be started here. */
  readonly variable?: string;
  /** Why it can't be started here now, in both languages; null where it can. */
  readonly obstacle?: () => { readonly zh: string; readonly en: string } | null;
  /** `url`: the variable's. */
  open(url: string): Promise<ConformanceHarness>;
}

/** One line an engine. What is never run here against a server says so in each report. */
export const conformanceEngines: readonly ConformanceEngine[] = [
  { engine: "postgres", open: async () => await openPostgresHarness("conformance") },
  { engine: "csv", open: async () => await Promise.resolve(new CsvScratch(tmpdir())) },
];
