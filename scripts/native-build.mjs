/**
 * node-rdkafka's native part: from node_modules, else from the user's cache, else compiled once and put there.
 * Compiling takes minutes and needs a C++ compiler; without it everything works by kafkajs.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { runQuietly } from "./child.mjs";
import { npm } from "./npm.mjs";
import { root, say } from "./say.mjs";

const packageFolder = join(root, "node_modules", "node-rdkafka");

/** What a run needs of the build; the rest (object files, static libraries) is twenty times as much. */
const builtFiles = ["Release/node-librdkafka.node", "deps/librdkafka.so.1", "deps/librdkafka++.so.1"];

/** "ready", "failed" or "off". Never throws: the package is optional. */
export async function provideNativeBuild() {
  if (!existsSync(packageFolder)) return "failed";
  if (process.env.DUIJIE_NATIVE === "off") {
    say("nativeOff");
    return "off";
  }
  const cached = join(cacheFolder(), cacheKey());
  if (await loads()) {
    await keep(cached);
    return "ready";
  }
  if (existsSync(cached)) {
    cpSync(cached, join(packageFolder, "build"), { recursive: true });
    if (await loads()) return "ready";
  }
  return compile(cached);
}

async function compile(cached) {
  say("compiling");
  const started = performance.now();
  // make's own settings of the caller break its nested builds.
  const { JOBS: _jobs, MAKEFLAGS: _flags, ...env } = process.env;
  const result = await npm(["rebuild", "node-rdkafka"], env);
  if (result.status !== 0 || !(await loads())) {
    say("compileFailed", { found: reason(result.output) });
    return "failed";
  }
  rmSync(cached, { recursive: true, force: true });
  await keep(cached);
  say("compiled", { seconds: Math.round((performance.now() - started) / 1000) });
  return "ready";
}

/** In a process of its own: a build for another Node or libc may crash the one that loads it. */
async function loads() {
  if (!existsSync(join(packageFolder, "build", "Release", "node-librdkafka.node"))) return false;
  const result = await runQuietly(process.execPath, ["-e", 'require("node-rdkafka")'], { cwd: root });
  return result.status === 0;
}

/** Copies beside the target and renames: two clones may do it at once. */
async function keep(cached) {
  if (existsSync(cached)) return;
  const unfinished = `${cached}.${process.pid}`;
  try {
    for (const file of builtFiles) {
      const from = join(packageFolder, "build", file);
      if (!existsSync(from)) continue;
      mkdirSync(dirname(join(unfinished, file)), { recursive: true });
      cpSync(realpathSync(from), join(unfinished, file));
      // Without symbols a quarter of the size; where there is no `strip` it is kept whole.
      await runQuietly("strip", ["--strip-unneeded", join(unfinished, file)]);
    }
    renameSync(unfinished, cached);
  } catch {
    // A cache that can't be written costs time at the next clone, nothing else.
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME;
  return join(base === undefined || base === "" ? join(homedir(), ".cache") : base, "duijie");
}

function cacheKey() {
  const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
  const number = version.replace(/^v/, "");
  return `node-rdkafka-${number}-abi${process.versions.modules}-${process.platform}-${process.arch}`;
}

/** The first line of the build's output that names an error, short. */
function reason(output) {
  // npm's own lines say only that a script failed.
  const lines = output
    .split("\n")
    .map((line) => line.replace(/^npm (error|ERR!)( gyp ERR!( stack)?)?/, "").trim());
  const line =
    lines.find((text) => /\berror\b:|not found|could not|can't|cannot/i.test(text)) ?? lines.at(-1) ?? "";
  return line.slice(0, 120);
}
