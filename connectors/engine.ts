import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { EntityName } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import { packageRoot } from "../contracts/package-root.ts";
import type { ConformanceHarness } from "./conformance/harness.ts";
import type { Connector, SourceEntity } from "./connector.ts";

/** Where a node's configuration stands: an engine's relative paths begin there. */
export interface EnginePlace {
  readonly folder: string;
  /** The exchange-db, for engines that read from there. */
  readonly exchangeUrl: string;
  /** Two digits: of whom the registry is, for engines that are told by their files. */
  readonly province?: string;
}

/** The text of a key of `contracts/texts/{zh,en}/connectors.json`. */
export type Say = (key: string, params?: Readonly<Record<string, string>>) => string;

export interface ScratchPlace extends EnginePlace {
  /** Whoever may create the schema; absent where the engine needs nobody for it. */
  readonly ownerUrl?: string;
  /** Must not exist. */
  readonly schema: string;
}

/** What an engine gives to whoever builds a node. */
export interface Engine {
  /** `options`: its part of the configuration, secrets revealed. CONFIG_INVALID where its schema refuses them. */
  open(options: unknown, place: EnginePlace): Connector;
  /** The script by which the registry's owner lets a role read what is configured; null where the engine has no roles. */
  readonly grants: ((sources: readonly SourceEntity[], role: string, say: Say) => string) | null;
  /** A schema (or folder) of its own on the configured server, for the conformance suite. Absent: `--read-only` alone. */
  readonly scratch?: (options: unknown, place: ScratchPlace) => Promise<ConformanceHarness>;
  /** Set where others write loads: each run reads one, by this query in place of a configured relation. */
  readonly loads?: { query(entity: EntityName, province: string, load: string | undefined): string };
}

/** Options that meet `connectors/<name>/config.schema.json`, its defaults filled in. */
export function validOptions<Options>(name: string, options: unknown): Options {
  const file = join(packageRoot, "connectors", name, "config.schema.json");
  const schema: object = JSON.parse(readFileSync(file, "utf8"));
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, useDefaults: true });
  const isValid = ajv.compile<Options>(schema);
  const own: unknown = structuredClone(options);
  if (isValid(own)) return own;
  throw new DuijieError("CONFIG_INVALID", { setting: `registry${isValid.errors?.[0]?.instancePath ?? ""}` });
}
