import { parseArgs } from "node:util";
import { DuijieError } from "../../contracts/errors.ts";
import { type Language, languages } from "../../contracts/texts.ts";
import { type DemoSourceName, demoEngines, demoSources, isDemoSource } from "./demo-sources.ts";

export interface DemoOptions {
  /** `stop` ends what an earlier `--keep` left up. */
  readonly command: "run" | "stop";
  readonly students: number;
  readonly seed: string;
  readonly json: string | null;
  readonly keep: boolean;
  readonly loaders: number;
  /** What the invented province has its registry in. */
  readonly source: DemoSourceName;
  /** `auto`: Kafka where it can run, else the log in PostgreSQL. */
  readonly broker: "auto" | "kafka" | "postgres";
  readonly language: Language;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws USAGE_INVALID with the argument that is wrong. */
export function demoOptions(args: readonly string[], env: Environment): DemoOptions {
  const { values, positionals } = parsed(args);
  const [command = "run", ...more] = positionals;
  if ((command !== "run" && command !== "stop") || more.length > 0) {
    throw new DuijieError("USAGE_INVALID", { argument: positionals.join(" ") });
  }
  return {
    command,
    students: whole("students", values.students, 1, 20_000_000),
    seed: values.seed,
    json: values.json ?? null,
    keep: values.keep,
    loaders: whole("loaders", values.loaders, 1, 32),
    source: demoSource(values.source, values.engine),
    broker: broker(values.broker),
    language: demoLanguage(values.lang, env),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        students: { type: "string", default: "20000" },
        seed: { type: "string", default: "1" },
        json: { type: "string" },
        keep: { type: "boolean", default: false },
        loaders: { type: "string", default: "1" },
        source: { type: "string" },
        engine: { type: "string" },
        broker: { type: "string", default: "auto" },
        lang: { type: "string" },
      },
    });
  } catch (error) {
    throw new DuijieError("USAGE_INVALID", { argument: args.join(" ") }, error);
  }
}

/** `--engine` names a source that is a database; with both, they have to agree. */
function demoSource(source: string | undefined, engine: string | undefined): DemoSourceName {
  if (engine !== undefined && !demoEngines.some((name) => name === engine))
    throw new DuijieError("USAGE_INVALID", { argument: `--engine ${engine} (${demoEngines.join("|")})` });
  const name = source ?? engine ?? "postgres";
  const isOne = engine === undefined || engine === name;
  if (isDemoSource(name) && isOne) return name;
  const known = Object.keys(demoSources).join("|");
  throw new DuijieError("USAGE_INVALID", { argument: `--source ${name} (${known})` });
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new DuijieError("USAGE_INVALID", { argument: `--${name} ${text}` });
  return value;
}

function broker(text: string): DemoOptions["broker"] {
  if (text === "auto" || text === "kafka" || text === "postgres") return text;
  throw new DuijieError("USAGE_INVALID", { argument: `--broker ${text}` });
}

/** `--lang`, else the locale, else Chinese. */
export function demoLanguage(asked: string | undefined, env: Environment): Language {
  const known = languages.find((language) => language === asked);
  if (known !== undefined) return known;
  if (asked !== undefined) throw new DuijieError("USAGE_INVALID", { argument: `--lang ${asked}` });
  const locale = env["LC_ALL"] || env["LC_MESSAGES"] || env["LANG"] || "C";
  return /^(zh|C\b|POSIX)/.test(locale) ? "zh" : "en";
}
