import { runQuietly } from "./child.mjs";
import { root } from "./say.mjs";

/** Runs npm in the clone: the one that started us, else the one on PATH. */
export function npm(args, env = process.env) {
  const script = env.npm_execpath;
  const options = { cwd: root, env };
  if (script !== undefined && /npm-cli\.[cm]?js$/.test(script))
    return runQuietly(process.execPath, [script, ...args], options);
  return runQuietly("npm", args, { ...options, shell: process.platform === "win32" });
}
