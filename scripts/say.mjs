/** Texts for what runs before any package is installed: the files that all commands use, without i18next. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** "zh" or "en": `--lang`, else the locale. */
export function language(args = process.argv, env = process.env) {
  const at = args.indexOf("--lang");
  const given =
    at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith("--lang="))?.slice("--lang=".length);
  return /^zh/i.test(given || env.LC_ALL || env.LC_MESSAGES || env.LANG || "") ? "zh" : "en";
}

export function text(file, key, params = {}) {
  const texts = JSON.parse(
    readFileSync(join(root, "contracts", "texts", language(), `${file}.json`), "utf8"),
  );
  return texts[key].replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => String(params[name]));
}

/** On the error stream: standard output belongs to the command that is set up for. */
export function say(key, params) {
  process.stderr.write(`${text("setup", key, params)}\n`);
}

/** A coded error of the catalogue, for what happens before TypeScript runs. */
export class SetupError extends Error {
  constructor(code, params) {
    super(code);
    this.code = code;
    this.params = params;
  }

  /** What was found, and the remedy. */
  lines() {
    const what = text("errors", `${this.code}.what`, this.params);
    return [`${this.code}: ${what}`, text("errors", `${this.code}.remedy`, this.params)];
  }
}
