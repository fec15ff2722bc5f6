import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { DuijieError } from "./errors.ts";

function find(from: string): string {
  if (existsSync(join(from, "package.json")) && existsSync(join(from, "contracts"))) return from;
  const parent = dirname(from);
  if (parent === from) throw new DuijieError("INVARIANT_BROKEN", { what: "package root not found" });
  return find(parent);
}

/**
 * The folder of package.json. Definitions (schemas, code tables, texts) are read from `contracts/` below it, both
 * from the sources and from `dist/`, because the compiler copies no data files.
 */
export const packageRoot: string = find(import.meta.dirname);

/** A path below `contracts/`. */
export function contractsPath(...parts: readonly string[]): string {
  return join(packageRoot, "contracts", ...parts);
}
