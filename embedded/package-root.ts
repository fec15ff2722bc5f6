import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the project's package.json: the clone, from the sources as from `dist/`. */
export const packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

/** Where embedded servers keep what is the same for every run: binaries and jars. */
export const cacheFolder = join(packageRoot, ".duijie", "cache");

function findRoot(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error("no package.json above the embedded servers");
  return findRoot(parent);
}
