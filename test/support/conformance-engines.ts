import { tmpdir } from "node:os";
import type { ConformanceHarness } from "../../connectors/conformance/harness.ts";
import { CsvScratch } from "../../connectors/csv/scratch.ts";
import { openMysqlHarness } from "./mysql-conformance.ts";
import { foundMysql, stopMysql } from "./mysql-server.ts";
import { openPostgresHarness } from "./postgres-conformance.ts";

/** An engine on which `npm run conformance` runs the list. */
export interface ConformanceEngine {
  readonly engine: string;
  /** The variable with the URL of a server, where none can be started here. */
  readonly variable?: string;
  /** Why it can't be started here now, in both languages; null where it can. */
  readonly obstacle?: () => Promise<{ readonly zh: string; readonly en: string } | null>;
  /** `url`: the variable's. */
  open(url: string): Promise<ConformanceHarness>;
}

/** One line an engine. What is never run here against a server says so in each report. */
export const conformanceEngines: readonly ConformanceEngine[] = [
  { engine: "postgres", open: async () => await openPostgresHarness("conformance") },
  {
    engine: "mysql",
    obstacle: async () => {
      const found = await foundMysql();
      return "missing" in found ? found.missing : null;
    },
    open: openMysql,
  },
  { engine: "csv", open: async () => await Promise.resolve(new CsvScratch(tmpdir())) },
];

/** The server that is named, or one of this run's own. */
async function openMysql(): Promise<ConformanceHarness> {
  const found = await foundMysql();
  if ("missing" in found) throw new Error(found.missing.en);
  const harness = await openMysqlHarness("conformance", found.server);
  const close = harness.close.bind(harness);
  return Object.assign(harness, {
    close: async () => {
      await close();
      await stopMysql();
    },
  });
}
