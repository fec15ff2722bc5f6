/**
 * Completes package-lock.json: `node scripts/complete-lock.mjs [--check]`.
 *
 * A registry mirror that serves a package's binaries for some platforms only makes npm drop the others from the
 * lock, and `npm ci` on those then fails with EUSAGE. So each optional dependency that a locked package pins exactly
 * gets its entry: version, and the platform that its name says. `resolved` addresses are removed: the lock must not
 * tie a clone to one registry. With `--check` nothing is written; exit 1 says that something is missing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./say.mjs";

/** The completed lock and the paths that it was short of. */
export function completeLock(lock) {
  const packages = { ...lock.packages };
  const added = [];
  const resolved = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (entry.resolved !== undefined) {
      resolved.push(path);
      const { resolved: _address, ...rest } = entry;
      packages[path] = rest;
    }
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const place = `node_modules/${name}`;
      if (path === "" || packages[place] !== undefined || packages[`${path}/${place}`] !== undefined)
        continue;
      packages[place] = platformEntry(name, version, entry);
      added.push(place);
    }
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  return { lock: { ...lock, packages: Object.fromEntries(sorted) }, added, resolved };
}

const systems = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const processors = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"];

/** `@biomejs/cli-linux-x64-musl` → Linux, x64, musl. A Linux package that names no libc runs on any or says glibc. */
export function platformEntry(name, version, parent) {
  const words = name
    .slice(name.lastIndexOf("/") + 1)
    .replace("windows", "win32")
    .split("-");
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  const musl = words.some((word) => word.startsWith("musl"));
  const glibc = words.some((word) => word.startsWith("gnu"));
  const libc = os[0] === "linux" ? (musl ? ["musl"] : glibc ? ["glibc"] : undefined) : undefined;
  if (!/^\d/.test(version) || os.length !== 1)
    throw new Error(`${name}@${version}: no exact version or platform`);
  return {
    version,
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(parent.dev === true ? { dev: true } : {}),
    ...(libc === undefined ? {} : { libc }),
    ...(parent.license === undefined ? {} : { license: parent.license }),
    optional: true,
    os,
  };
}

function main(check) {
  const file = join(root, "package-lock.json");
  const { lock, added, resolved } = completeLock(JSON.parse(readFileSync(file, "utf8")));
  for (const path of added) console.log(`${check ? "missing" : "added"}: ${path}`);
  for (const path of resolved) console.log(`${check ? "has an address" : "address removed"}: ${path}`);
  if (check) return added.length + resolved.length === 0 ? 0 : 1;
  writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  process.exitCode = main(process.argv.includes("--check"));
