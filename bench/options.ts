import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { DuijieError } from "../contracts/errors.ts";
import { type Language, languages } from "../contracts/texts.ts";

export interface BenchOptions {
  readonly students: number;
  readonly seed: string;
  readonly json: string | null;
  readonly loaders: number;
  /** Null: what the configuration takes by default. */
  readonly client: "rdkafka" | "kafkajs" | null;
  readonly skipLimit: boolean;
  /** Asks the server which statements cost most; that itself costs a little. */
  readonly statements: boolean;
  /** Measures the stages of our own code one by one, after the path. */
  readonly stages: boolean;
  /** Where V8's profiles of our processes go; null: none are made. */
  readonly profile: string | null;
  /** Leaves the servers up. */
  readonly keep: boolean;
  readonly language: Language;
  /** Settings of `load` in the province's configuration that differ from their defaults. */
  readonly load: Readonly<Record<string, number>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Option → setting of `load`. */
const loadSettings = {
  "chunk-rows": "chunkRows",
  "batch-rows": "batchRows",
  workers: "workers",
} as const;

/** Throws USAGE_INVALID with the argument that is wrong. */
export function benchOptions(args: readonly string[], env: Environment): BenchOptions {
  const values = parsed(args);
  const load = Object.entries(loadSettings).flatMap(([option, setting]) => {
    const text = values[option as keyof typeof loadSettings];
    return text === undefined ? [] : [[setting, whole(option, text, 100_000)] as const];
  });
  return {
    students: whole("students", values.students, 20_000_000),
    seed: values.seed,
    json: values.json ?? null,
    loaders: whole("loaders", values.loaders, 32),
    client: client(values.client),
    skipLimit: values["skip-limit"],
    statements: values.statements,
    stages: values.stages,
    profile: values.profile === undefined ? null : resolve(values.profile),
    keep: values.keep,
    language: benchLanguage(values.lang, env),
    load: Object.fromEntries(load),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        students: { type: "string", default: "100000" },
        seed: { type: "string", default: "7" },
        json: { type: "string" },
        loaders: { type: "string", default: "1" },
        client: { type: "string" },
        "skip-limit": { type: "boolean", default: false },
        keep: { type: "boolean", default: false },
        statements: { type: "boolean", default: false },
        stages: { type: "boolean", default: false },
        profile: { type: "string" },
        lang: { type: "string" },
        "chunk-rows": { type: "string" },
        "batch-rows": { type: "string" },
        workers: { type: "string" },
      },
    }).values;
  } catch (error) {
    throw new DuijieError("USAGE_INVALID", { found: args.join(" ") }, error);
  }
}

function whole(name: string, text: string, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= max)) throw new DuijieError("USAGE_INVALID", { found: `--${name} ${text}` });
  return value;
}

function client(text: string | undefined): BenchOptions["client"] {
  if (text === undefined || text === "rdkafka" || text === "kafkajs") return text ?? null;
  throw new DuijieError("USAGE_INVALID", { found: `--client ${text}` });
}

/** `--lang`, else the locale, else Chinese. */
export function benchLanguage(asked: string | undefined, env: Environment): Language {
  const known = languages.find((language) => language === asked);
  if (known !== undefined) return known;
  if (asked !== undefined) throw new DuijieError("USAGE_INVALID", { found: `--lang ${asked}` });
  const locale = env["LC_ALL"] || env["LC_MESSAGES"] || env["LANG"] || "C";
  return /^(zh|C\b|POSIX)/.test(locale) ? "zh" : "en";
}
