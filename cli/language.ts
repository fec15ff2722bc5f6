import { resolve } from "node:path";
import type { Environment } from "../config/secrets.ts";
import { readYaml } from "../config/yaml-source.ts";
import { type Language, languages } from "../contracts/texts.ts";

export const defaultConfigFile = "duijie.yaml";

export function isLanguage(value: unknown): value is Language {
  return languages.some((language) => language === value);
}

/**
 * The language to speak before anything is parsed, as help and refusals need it too: `--lang`, else what the
 * configuration says, else the locale, else Chinese.
 */
export function languageOf(args: readonly string[], env: Environment): Language {
  const asked = optionValue(args, "--lang");
  if (isLanguage(asked)) return asked;
  const file = optionValue(args, "--config") ?? env["DUIJIE_CONFIG"] ?? defaultConfigFile;
  return configuredLanguage(file) ?? localeLanguage(env) ?? "zh";
}

function optionValue(args: readonly string[], name: string): string | undefined {
  for (const [at, argument] of args.entries()) {
    if (argument === name) return args[at + 1];
    if (argument.startsWith(`${name}=`)) return argument.slice(name.length + 1);
  }
  return undefined;
}

function configuredLanguage(file: string): Language | undefined {
  try {
    const { content } = readYaml(resolve(file));
    const language = typeof content === "object" && content !== null && "language" in content;
    return language && isLanguage(content.language) ? content.language : undefined;
  } catch {
    // What is wrong with the file is said by the command that needs it, in whatever language remains.
    return undefined;
  }
}

function localeLanguage(env: Environment): Language | undefined {
  const locale = env["LC_ALL"] || env["LC_MESSAGES"] || env["LANG"] || "";
  if (locale === "" || locale === "C" || locale.startsWith("C.") || locale === "POSIX") return undefined;
  return locale.startsWith("zh") ? "zh" : "en";
}
