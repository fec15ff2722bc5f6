/** Makes a clone ready: the packages of the lock file, then node-rdkafka's native part. Quiet when nothing is to do. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { provideNativeBuild } from "./native-build.mjs";
import { npm } from "./npm.mjs";
import { root, SetupError, say } from "./say.mjs";
import { withSetupLock } from "./setup-lock.mjs";

const lockFile = join(root, "package-lock.json");
const modules = join(root, "node_modules");
/** Inside node_modules, so that deleting them deletes what is known about them. */
const stampFile = join(modules, ".duijie-setup.json");

/** `again`: also what failed before (the native build) is tried once more. */
export async function setUp({ again = false } = {}) {
  checkNode();
  if (isDone(again)) return;
  await withSetupLock(async () => {
    if (isDone(again)) return;
    if (!packagesMatch()) await installPackages();
    const native = await provideNativeBuild();
    // "off" holds for one run only: the variable may be gone at the next.
    if (native !== "off") writeFileSync(stampFile, JSON.stringify({ ...wantedStamp(), native }));
  });
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const needed = engines.node.replace(/^[^\d]*/, "");
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [majorMin, minorMin] = needed.split(".").map(Number);
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  throw new SetupError("NODE_TOO_OLD", { found: process.versions.node, needed });
}

function isDone(again) {
  const stamp = readJson(stampFile);
  const wanted = wantedStamp();
  if (stamp?.lock !== wanted.lock || stamp.abi !== wanted.abi) return false;
  return stamp.native === "ready" || !again;
}

/** Another Node's ABI needs another native build. */
function wantedStamp() {
  const lock = createHash("sha256").update(readFileSync(lockFile)).digest("hex");
  return { lock, abi: process.versions.modules };
}

/** True when what npm last installed here (by us or by hand) is what the lock file asks for on this platform. */
function packagesMatch() {
  const installed = readJson(join(modules, ".package-lock.json"))?.packages;
  if (installed === undefined) return false;
  const wanted = readJson(lockFile)?.packages ?? {};
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const found = installed[path];
    if (found === undefined) return entry.optional === true && !fitsHere(entry);
    return found.version === entry.version && existsSync(join(root, path));
  });
}

function fitsHere({ os, cpu, libc }) {
  const fits = (list, value) => list === undefined || list.includes(value);
  const here = process.report.getReport().header.glibcVersionRuntime === undefined ? "musl" : "glibc";
  return fits(os, process.platform) && fits(cpu, process.arch) && (libc === undefined || fits(libc, here));
}

async function installPackages() {
  say("packages");
  const started = performance.now();
  // Written out, because a user's own npm settings may leave the tests' or the optional packages away.
  const result = await npm([
    "ci",
    "--ignore-scripts",
    "--include=dev",
    "--include=optional",
    "--no-audit",
    "--no-fund",
  ]);
  if (result.status !== 0)
    throw new SetupError("SETUP_FAILED", { step: "npm ci", found: npmError(result.output) });
  say("packagesDone", { seconds: Math.round((performance.now() - started) / 1000) });
}

function npmError(output) {
  const lines = output.split("\n").filter((line) => /^npm (error|ERR!)/.test(line));
  return (lines.length > 0 ? lines : output.trim().split("\n").slice(-5)).slice(0, 8).join("\n");
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
