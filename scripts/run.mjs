/**
 * Sets a clone up, then runs a command of it: `node scripts/run.mjs demo --students 1000`. Plain JavaScript without
 * packages, because it is what installs them.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInForeground } from "./child.mjs";
import { root, SetupError, say } from "./say.mjs";
import { setUp } from "./setup.mjs";

/** Command → script and its first arguments. */
const commands = {
  demo: ["embedded/demo/main.ts"],
  "demo:stop": ["embedded/demo/main.ts", "stop"],
  duijie: ["cli/main.ts"],
  bench: ["bench/main.ts"],
  "bench:source": ["bench/source.ts"],
  test: ["scripts/test-all.ts"],
  conformance: ["scripts/conformance.ts"],
  "test:faults": ["test/faults/main.ts"],
};

const [command, ...args] = process.argv.slice(2);
process.exitCode = await main(command, args).catch((error) => {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.lines().join("\n")}\n`);
  return 2;
});

async function main(name, rest) {
  if (name === "setup") {
    await setUp({ again: true });
    say("ready");
    return 0;
  }
  const target = Object.hasOwn(commands, name ?? "") ? commands[name] : undefined;
  if (target === undefined) {
    say("usage", { commands: [...Object.keys(commands), "setup"].join("|") });
    return 2;
  }
  await setUp();
  const [script, ...first] = target;
  // Resolved here: the user's working folder need not be the clone.
  const tsx = pathToFileURL(createRequire(join(root, "package.json")).resolve("tsx")).href;
  return runInForeground(process.execPath, [`--import=${tsx}`, join(root, script), ...first, ...rest]);
}
