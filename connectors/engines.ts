import { DuijieError } from "../contracts/errors.ts";
import { csvEngine } from "./csv/engine.ts";
import type { Engine } from "./engine.ts";
import { mysqlEngine } from "./mysql/engine.ts";
import { packageEngine } from "./package/engine.ts";
import { postgresEngine } from "./postgres/engine.ts";
import { vendorEngine } from "./vendor/engine.ts";

/** Engine name in configuration → engine. One line an engine; its part of the configuration has its schema beside it. */
const engines: ReadonlyMap<string, Engine> = new Map([
  ["postgres", postgresEngine],
  ["csv", csvEngine],
  ["package", packageEngine],
  ["mysql", mysqlEngine],
  ["vendor", vendorEngine],
]);

/** CONFIG_INVALID for an engine that is not built in. */
export function engineOf(name: string): Engine {
  const engine = engines.get(name);
  if (engine === undefined) throw new DuijieError("CONFIG_INVALID", { setting: "registry.engine" });
  return engine;
}

/** All that are built in; a folder with a configuration schema and no line here would be offered and never work. */
export const builtInEngines: readonly string[] = [...engines.keys()];
