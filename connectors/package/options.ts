import type { Charset } from "../charset.ts";
import type { CsvDependencies, CsvOptions } from "../csv/options.ts";

/** What `config.schema.json` describes. Defaults stand there, not here. */
export interface PackageOptions {
  /** Absolute, as `workFolder` and the files of the keys are. */
  readonly folder: string;
  /** Two digits: packages of any other are refused. */
  readonly province: string;
  readonly keys: readonly { readonly id: string; readonly publicKeyFile: string }[];
  readonly firstSequence: number;
  readonly separator: CsvOptions["separator"];
  readonly nullText: string;
  readonly changes: CsvOptions["changes"];
  readonly workFolder: string;
  readonly concurrentReads: number;
}

export type PackageDependencies = CsvDependencies;

/** How the files of a package are read, each under the charset that its manifest names. */
export function csvOptions(options: PackageOptions, charset: Charset): CsvOptions {
  const { concurrentReads, folder, nullText, separator, workFolder } = options;
  return { folder, charset, separator, nullText, changes: "refuse", workFolder, concurrentReads };
}
