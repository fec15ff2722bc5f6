import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import type {
  EngineValue,
  EntityConfig,
  ProvinceConfig,
  RegistryConfig,
  ScopeConfig,
} from "../config/config.ts";
import { Secret } from "../config/secret.ts";
import type { SourceColumn, SourceEntity, SourceScope } from "../connectors/connector.ts";
import { type EngineName, engines } from "../connectors/engines.ts";
import type { PostgresOptions } from "../connectors/postgres/options.ts";
import { entityNames } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import { packageRoot } from "../contracts/package-root.ts";
import type { FieldMapping } from "../mappings/record-mapper.ts";

/** What is read of one entity, and how its columns become contract fields; `column` of a mapping counts `source.columns`. */
export interface MappedSource {
  readonly source: SourceEntity;
  readonly mappings: readonly FieldMapping[];
}

/** The entities that a province configured, parents before children. A narrower scope (a pilot) replaces the configured one. */
export function mappedSources(
  config: ProvinceConfig,
  scope: ScopeConfig = config.scope,
): readonly MappedSource[] {
  return entityNames.flatMap((name) => {
    const entity = config.registry.entities[name];
    return entity === undefined ? [] : [mappedSource(entity, scope)];
  });
}

export function toSourceEntities(config: ProvinceConfig, scope?: ScopeConfig): readonly SourceEntity[] {
  return mappedSources(config, scope).map(({ source }) => source);
}

function mappedSource(entity: EntityConfig, scope: ScopeConfig): MappedSource {
  const columns: SourceColumn[] = [];
  const mappings = entity.fields.map(({ field, from, convert, codes }): FieldMapping => {
    const rest = codes === undefined ? { field, convert } : { field, convert, codes };
    if ("constant" in from) return { ...rest, from };
    columns.push({ field, column: from.column });
    return { ...rest, from: { column: columns.length - 1 } };
  });
  const { from, key, county, phase } = entity;
  const applicable = applicableScope(entity, scope);
  const source: SourceEntity = {
    entity: entity.entity,
    from: "table" in from ? { relation: from.table } : from,
    key,
    columns,
    ...(county === undefined ? {} : { countyColumn: county }),
    ...(phase === undefined ? {} : { phaseColumn: phase }),
    ...(applicable === undefined ? {} : { scope: applicable }),
  };
  return { source, mappings };
}

/** An entity without the column is read whole; for pupils and guardians configuration does not allow that. */
function applicableScope(entity: EntityConfig, scope: ScopeConfig): SourceScope | undefined {
  const counties = entity.county === undefined ? undefined : scope.counties;
  const phases = entity.phase === undefined ? undefined : scope.phases;
  if (counties === undefined && phases === undefined) return undefined;
  return { ...(counties === undefined ? {} : { counties }), ...(phases === undefined ? {} : { phases }) };
}

/** The options of a PostgreSQL registry, with secrets revealed. Keep them nowhere but in the connector. */
export function postgresOptions(registry: RegistryConfig): PostgresOptions {
  const options: unknown = revealed({
    ...registry.connection,
    concurrentReads: registry.limits.concurrentReads,
  });
  const isOptions = optionsValidator();
  if (!isOptions(options)) {
    throw new DuijieError("CONFIG_INVALID", {
      setting: `registry${isOptions.errors?.[0]?.instancePath ?? ""}`,
    });
  }
  return withPassword(options);
}

/** CONFIG_INVALID for an engine that is not built in. */
export function engineName(registry: RegistryConfig): EngineName {
  const name = registry.engine;
  if (!isEngine(name)) throw new DuijieError("CONFIG_INVALID", { setting: "registry.engine" });
  return name;
}

function isEngine(name: string): name is EngineName {
  return Object.hasOwn(engines, name);
}

function optionsValidator() {
  const file = join(packageRoot, "connectors", "postgres", "config.schema.json");
  const schema: object = JSON.parse(readFileSync(file, "utf8"));
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, useDefaults: true });
  return ajv.compile<PostgresOptions>(schema);
}

function revealed(value: EngineValue): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, revealed(child)]));
}

/** The connector takes a URL as it is; a password that stands apart goes into it. */
function withPassword(options: PostgresOptions): PostgresOptions {
  const { url, password, ...rest } = options;
  if (url === undefined || password === undefined) return options;
  if (!URL.canParse(url)) throw new DuijieError("CONFIG_INVALID", { setting: "registry.url" });
  const parsed = new URL(url);
  parsed.password = encodeURIComponent(password);
  return { ...rest, url: parsed.href };
}
