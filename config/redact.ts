import type { Config } from "./config.ts";
import { Secret } from "./secret.ts";

export type Shown = string | number | boolean | null | readonly Shown[] | { readonly [key: string]: Shown };

/** What is in force, with defaults, as a person may see it: secrets by their place, of URLs where they lead. */
export function redactConfig(config: Config): Shown {
  return shown(config);
}

function shown(value: unknown): Shown {
  if (value instanceof Secret) return shownSecret(value);
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, shown(child)]));
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}

/** Of a URL's query nothing is shown: drivers take passwords and key phrases there too. */
function shownSecret(secret: Secret): string {
  const value = secret.reveal();
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^(?:postgres(?:ql)?|mysql|mariadb):$/.test(url.protocol))
    return secret.toString();
  const user = url.username === "" ? "" : `${url.username}${url.password === "" ? "" : ":***"}@`;
  return `${url.protocol}//${user}${url.host}${url.pathname} (${secret.source})`;
}
