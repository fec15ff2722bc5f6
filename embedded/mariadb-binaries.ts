import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { DuijieError } from "../contracts/errors.ts";
import { cacheFolder } from "./cache-folder.ts";
import { makeOpenFolder, reachableFolder, type ServerAccount } from "./server-account.ts";

/** The programs of one MariaDB, ready to run. */
export type MariadbBinaries = {
  readonly server: string;
  /** Messages, charsets and the statements that make the system tables. */
  readonly share: string;
  /** Where libraries that came along stand; empty where the system has them. */
  readonly libraries: readonly string[];
};

const systemServers = ["/usr/sbin/mariadbd", "/usr/libexec/mariadbd", "/usr/local/sbin/mariadbd"];
const systemShares = ["/usr/share/mysql", "/usr/share/mariadb"];
const debianPackage = "mariadb-server-core";

/**
 * The system's MariaDB, else one of our own: Debian's packages, unpacked into the cache and never installed, so that
 * neither root is needed nor the machine changed, and no service starts. Throws SETUP_FAILED with what is missing.
 */
export async function mariadbBinaries(
  account: ServerAccount | undefined,
  log?: (line: string) => void,
): Promise<MariadbBinaries> {
  const installed = systemBinaries();
  if (installed !== undefined) return installed;
  const folder = reachableFolder(join(cacheFolder, `mariadb-${process.platform}-${process.arch}`), account);
  if (!existsSync(folder)) {
    log?.(`MariaDB: unpacking ${debianPackage} into the cache`);
    await unpack(folder);
  }
  const server = join(folder, "usr", "sbin", "mariadbd");
  if (!existsSync(server)) throw failure(`no ${server}`);
  return { server, share: join(folder, "usr", "share", "mysql"), libraries: libraryFolders(folder) };
}

function systemBinaries(): MariadbBinaries | undefined {
  const server = systemServers.find((file) => existsSync(file));
  const share = systemShares.find((folder) => existsSync(join(folder, "mysql_system_tables.sql")));
  return server === undefined || share === undefined ? undefined : { server, share, libraries: [] };
}

function libraryFolders(folder: string): readonly string[] {
  const lib = join(folder, "usr", "lib");
  const found = existsSync(lib) ? readdirSync(lib).map((name) => join(lib, name)) : [];
  return [lib, ...found.filter((place) => /-linux-gnu\w*$/.test(place))];
}

/** Into a folder beside, renamed at the end, so that a half copy is never used. */
async function unpack(folder: string): Promise<void> {
  makeOpenFolder(dirname(folder));
  const unfinished = `${folder}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(join(unfinished, "apt", "lists", "partial"), { recursive: true, mode: 0o755 });
  mkdirSync(join(unfinished, "apt", "archives", "partial"), { recursive: true, mode: 0o755 });
  try {
    for (const file of await downloaded(unfinished)) await run("dpkg-deb", ["-x", file, unfinished], "/");
    rmSync(join(unfinished, "apt"), { recursive: true, force: true });
    renameSync(unfinished, folder);
  } catch (error) {
    // Another process was faster: its copy is as good.
    if (!existsSync(join(folder, "usr"))) throw error;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** The package and what it needs that the system lacks. Where apt knows no candidate, its lists are fetched into a place of ours. */
async function downloaded(folder: string): Promise<readonly string[]> {
  const archives = join(folder, "apt", "archives");
  const own = [
    ["-o", `Dir::State::Lists=${join(folder, "apt", "lists")}`],
    ["-o", `Dir::Cache=${join(folder, "apt")}`],
    // As root apt would fetch as a user who may not write here.
    ["-o", "APT::Sandbox::User=root"],
  ].flat();
  const options = (await hasCandidate()) ? own.slice(-2) : own;
  if (options === own) await run("apt-get", [...own, "-q", "update"], "/");
  const plan = await run(
    "apt-get",
    [...options, "-s", "install", "--no-install-recommends", debianPackage],
    "/",
  );
  const names = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name ?? "");
  if (names.length === 0) throw failure(`apt-get has nothing to install for ${debianPackage}`);
  await run("apt-get", [...options, "-q", "download", ...names], archives);
  return readdirSync(archives)
    .filter((name) => name.endsWith(".deb"))
    .map((name) => join(archives, name));
}

async function hasCandidate(): Promise<boolean> {
  const policy = await run("apt-cache", ["policy", debianPackage], "/");
  return /^ *Candidate: \d/m.test(policy);
}

const execute = promisify(execFile);

async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
    const proxies = Object.entries(process.env).filter(([name]) => /^(?:https?|no)_proxy$/i.test(name));
    const { stdout } = await execute(program, [...args], {
      cwd,
      env: { ...env, ...Object.fromEntries(proxies), DEBIAN_FRONTEND: "noninteractive" },
      timeout: 300_000,
      maxBuffer: 16_000_000,
    });
    return stdout;
  } catch (error) {
    const words = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
    const line = words.split("\n").find((text) => text.startsWith("E:")) ?? `${program} ${args.at(-1) ?? ""}`;
    throw failure(line, error);
  }
}

function failure(found: string, cause?: unknown): DuijieError {
  return new DuijieError("SETUP_FAILED", { step: "MariaDB", found }, cause);
}
