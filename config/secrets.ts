import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Finding } from "../contracts/finding.ts";
import type { EngineValue } from "./config.ts";
import type { RawSecret } from "./raw-config.ts";
import { pathText } from "./schema-findings.ts";
import { Secret } from "./secret.ts";
import type { Path, YamlSource } from "./yaml-source.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Resolves references; what is missing is collected, so that a person learns of all of it at once. */
export class SecretResolver {
  readonly missing: Finding[] = [];
  /** URLs that are none. */
  readonly malformed: Finding[] = [];
  readonly #env: Environment;
  readonly #folder: string;
  readonly #source: YamlSource;

  constructor(env: Environment, folder: string, source: YamlSource) {
    this.#env = env;
    this.#folder = folder;
    this.#source = source;
  }

  secret(raw: RawSecret, path: Path): Secret {
    if (typeof raw === "string") return new Secret(raw, "text");
    return "env" in raw ? this.#fromEnv(raw.env, path) : this.#fromFile(raw.file, path);
  }

  /** A postgres:// URL, with the password put in where it stands apart. */
  databaseUrl(raw: RawSecret, rawPassword: RawSecret | undefined, path: Path): Secret {
    const url = this.secret(raw, [...path, "url"]);
    const password = rawPassword === undefined ? undefined : this.secret(rawPassword, [...path, "password"]);
    const text = url.reveal();
    if (text === "") return url;
    const parsed = URL.canParse(text) ? new URL(text) : undefined;
    if (parsed === undefined || !/^postgres(?:ql)?:$/.test(parsed.protocol)) {
      this.malformed.push(this.#finding("url", [...path, "url"], { source: url.source }));
      return url;
    }
    if (password === undefined) return url;
    parsed.password = encodeURIComponent(password.reveal());
    return new Secret(parsed.href, `${url.source} + ${password.source}`);
  }

  /** The values of an engine's part, with each `{env}` and `{file}` in it resolved. */
  engineValue(value: unknown, path: Path): EngineValue {
    if (isReference(value)) return this.secret(value, path);
    if (Array.isArray(value)) return value.map((item: unknown, at) => this.engineValue(item, [...path, at]));
    if (typeof value === "object" && value !== null) {
      const entries = Object.entries(value).map(
        ([key, child]) => [key, this.engineValue(child, [...path, key])] as const,
      );
      return Object.fromEntries(entries);
    }
    if (typeof value === "string") return isSecretKey(path.at(-1)) ? new Secret(value, "text") : value;
    return typeof value === "number" || typeof value === "boolean" ? value : null;
  }

  #fromEnv(name: string, path: Path): Secret {
    const value = this.#env[name] ?? "";
    if (value === "") this.missing.push(this.#finding("variableMissing", path, { variable: name }));
    return new Secret(value, `env ${name}`);
  }

  #fromFile(name: string, path: Path): Secret {
    const file = resolve(this.#folder, name);
    const value = readOrEmpty(file);
    if (value === "") this.missing.push(this.#finding("secretFileMissing", path, { file }));
    return new Secret(value, `file ${file}`);
  }

  #finding(name: string, path: Path, params: Readonly<Record<string, string>>): Finding {
    const line = this.#source.lineOf(path);
    return { key: `config.finding.${name}`, params: { path: pathText(path), line, ...params } };
  }
}

/** Editors end a file with a line break, which is no part of a password. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/[\r\n]+$/, "");
  } catch {
    // Reported by the caller: a file that can't be read holds no secret for us, whatever the reason.
    return "";
  }
}

function isReference(value: unknown): value is { readonly env: string } | { readonly file: string } {
  if (typeof value !== "object" || value === null) return false;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const [key, target] = entries[0] ?? [];
  return entries.length === 1 && (key === "env" || key === "file") && typeof target === "string";
}

function isSecretKey(key: string | number | undefined): boolean {
  return key === "url" || key === "password";
}
