import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { entityNames } from "../contracts/entity.ts";
import { contractsPath, packageRoot } from "../contracts/package-root.ts";
import { generatedTypes } from "./generated-types.ts";

/**
 * `npm run generate` writes what is made from the contracts: types and indexes, and the pages docs/contracts.md, errors.md, metrics.md and conformance.md.
 * With `--check` it writes nothing, names what is stale and ends with 1.
 */
const isCheck = process.argv.includes("--check");
const stale: string[] = [];

for (const entity of entityNames) {
  put(contractsPath("generated", `${entity}.ts`), await generatedTypes(entity));
}
// Only now: the rules import the files written above.
const { contractsPage } = await import("./contracts-page.ts");
put(join(packageRoot, "docs", "contracts.md"), contractsPage());
const { errorsPage } = await import("./errors-page.ts");
put(join(packageRoot, "docs", "errors.md"), errorsPage());
const { metricsPage } = await import("./metrics-page.ts");
put(join(packageRoot, "docs", "metrics.md"), metricsPage());
const { conformancePage } = await import("./conformance-page.ts");
put(join(packageRoot, "docs", "conformance.md"), conformancePage());

for (const file of stale) console.log(`${isCheck ? "stale" : "written"}: ${file}`);
if (isCheck && stale.length > 0) {
  console.error("Run `npm run generate` and commit the result.");
  process.exitCode = 1;
}

function put(file: string, content: string): void {
  if (readOr(file) === content) return;
  stale.push(relative(packageRoot, file));
  if (isCheck) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function readOr(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
