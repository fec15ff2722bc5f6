import type { Charset } from "../charset.ts";
import type { Clock } from "../read-pace.ts";

/** What `config.schema.json` describes. Defaults stand there, not here. */
export interface CsvOptions {
  /** Absolute, as `workFolder` is. */
  readonly folder: string;
  readonly charset: "auto" | Charset;
  readonly separator: "," | ";" | "\t";
  readonly nullText: string;
  readonly changes: "refuse" | "follow";
  readonly workFolder: string;
  readonly concurrentReads: number;
}

/** What a test replaces. */
export interface CsvDependencies {
  readonly clock?: Clock;
}
