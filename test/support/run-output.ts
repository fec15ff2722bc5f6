import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../contracts/package-root.ts";

/**
 * A folder for what a test's processes write (logs, exports meant to hold nothing personal). `npm test` looks through
 * it for personal data at its end, so let daemons log here and not into a temporary folder.
 */
export function runOutputFolder(name: string): string {
  const base = process.env["DUIJIE_TEST_OUTPUT"] ?? join(packageRoot, ".duijie", "test-alone", "output");
  const folder = join(base, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Tells `npm test` which names and numbers a generated province planted: `canaries.json` of that province's folder. */
export function keepCanaries(provinceFolder: string, name: string): void {
  const folder = process.env["DUIJIE_TEST_CANARIES"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(provinceFolder, "canaries.json"), join(folder, `${name}.json`));
}
