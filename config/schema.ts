import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { packageRoot } from "../contracts/package-root.ts";
import type { RawConfig } from "./raw-config.ts";

/** Engines are named by their folders: a new one brings its part of the schema along. */
export function engineNames(): readonly string[] {
  return readdirSync(join(packageRoot, "connectors"))
    .filter((name) => existsSync(enginePart(name)))
    .toSorted();
}

function enginePart(engine: string): string {
  return join(packageRoot, "connectors", engine, "config.schema.json");
}

type Schema = Record<string, unknown>;

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readSchema(file: string): Schema {
  const schema: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!isSchema(schema)) throw new TypeError(file);
  return schema;
}

function ownSchema(name: string): Schema {
  return readSchema(join(packageRoot, "config", `${name}.schema.json`));
}

/** Set elsewhere in the file, because every engine has it. */
const ownLimits = ["concurrentReads"];

/**
 * The registry's schema with the part of one engine. The engine's `secret` is replaced by ours, which explains a fault
 * better and refuses passwords in the file.
 */
function registrySchema(engine: string): Schema {
  const registry = ownSchema("registry");
  const text = readFileSync(enginePart(engine), "utf8");
  const part: unknown = JSON.parse(
    text.replaceAll('"#/$defs/secret"', '"urn:duijie:config:parts#/$defs/secret"'),
  );
  const engineProperties = isSchema(part) && isSchema(part["properties"]) ? part["properties"] : {};
  const properties = isSchema(registry["properties"]) ? registry["properties"] : {};
  const own = Object.entries(engineProperties).filter(([name]) => !ownLimits.includes(name));
  return {
    ...registry,
    ...(isSchema(part) && "oneOf" in part ? { oneOf: part["oneOf"] } : {}),
    properties: { ...properties, engine: { enum: engineNames() }, ...Object.fromEntries(own) },
  };
}

/** The keys of the registry's part that belong to its engine. */
export function engineKeys(engine: string): readonly string[] {
  const part = readSchema(enginePart(engine));
  return isSchema(part["properties"]) ? Object.keys(part["properties"]) : [];
}

/** What an entity can be read from: a table or a query, where the engine's part names nothing else. */
export function sourceKinds(engine: string): readonly string[] {
  const definitions = readSchema(enginePart(engine))["$defs"];
  const source = isSchema(definitions) ? definitions["source"] : undefined;
  const kinds = isSchema(source) ? source["properties"] : undefined;
  return isSchema(kinds) ? Object.keys(kinds) : ["table", "query"];
}

const validators = new Map<string, ValidateFunction<RawConfig>>();

/** Fills defaults into `content`. */
export function validateSchema(
  content: unknown,
): { readonly config: RawConfig } | { readonly errors: readonly ErrorObject[] } {
  const isConfig = validatorOf(engineOf(content));
  return isConfig(content) ? { config: content } : { errors: isConfig.errors ?? [] };
}

/** Compiled once for each engine, as that takes far longer than to validate. */
function validatorOf(engine: string): ValidateFunction<RawConfig> {
  const known = validators.get(engine);
  if (known !== undefined) return known;
  const ajv = new Ajv2020({
    strict: true,
    allErrors: true,
    verbose: true,
    useDefaults: true,
    allowUnionTypes: true,
    strictRequired: false,
    strictTypes: false,
  });
  ajv.addSchema([ownSchema("parts"), registrySchema(engine), ownSchema("province"), ownSchema("national")]);
  const validator = ajv.compile<RawConfig>(ownSchema("config"));
  validators.set(engine, validator);
  return validator;
}

function engineOf(content: unknown): string {
  const registry = isSchema(content) ? content["registry"] : undefined;
  const engine = isSchema(registry) ? registry["engine"] : undefined;
  const names = engineNames();
  // Of an unknown engine the name is the fault; its keys are judged by the most usual one.
  return typeof engine === "string" && names.includes(engine) ? engine : "postgres";
}
