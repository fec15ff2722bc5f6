import type {
  EngineValue,
  EntityConfig,
  ProvinceConfig,
  RegistryConfig,
  ScopeConfig,
} from "../config/config.ts";
import { Secret } from "../config/secret.ts";
import type { Connector, SourceColumn, SourceEntity, SourceScope } from "../connectors/connector.ts";
import { engineOf } from "../connectors/engines.ts";
import { entityNames } from "../contracts/entity.ts";
import type { RunScope } from "../exchange-db/runs.ts";
import type { FieldMapping } from "../mappings/record-mapper.ts";

/** What is read of one entity, and how its columns become contract fields; `column` of a mapping counts `source.columns`. */
export interface MappedSource {
  readonly source: SourceEntity;
  readonly mappings: readonly FieldMapping[];
}

/** The entities that a province configured, parents before children. A narrower scope (a pilot) replaces the configured one. */
export function mappedSources(
  config: ProvinceConfig,
  scope: RunScope = config.scope,
): readonly MappedSource[] {
  const { loads } = engineOf(config.registry.engine);
  return entityNames.flatMap((name) => {
    const entity = config.registry.entities[name];
    if (entity === undefined) return [];
    const query = loads?.query(name, config.province, scope.load);
    return [mappedSource(query === undefined ? entity : { ...entity, from: { query } }, scope)];
  });
}

export function toSourceEntities(config: ProvinceConfig, scope?: RunScope): readonly SourceEntity[] {
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
    from: relationOf(from),
    key,
    columns,
    ...(county === undefined ? {} : { countyColumn: county }),
    ...(phase === undefined ? {} : { phaseColumn: phase }),
    ...(applicable === undefined ? {} : { scope: applicable }),
  };
  return { source, mappings };
}

/** To the port a file is a relation like a table. */
function relationOf(from: EntityConfig["from"]): SourceEntity["from"] {
  if ("query" in from) return from;
  return { relation: "table" in from ? from.table : from.file };
}

/** An entity without the column is read whole; for pupils and guardians configuration does not allow that. */
function applicableScope(entity: EntityConfig, scope: ScopeConfig): SourceScope | undefined {
  const counties = entity.county === undefined ? undefined : scope.counties;
  const phases = entity.phase === undefined ? undefined : scope.phases;
  if (counties === undefined && phases === undefined) return undefined;
  return { ...(counties === undefined ? {} : { counties }), ...(phases === undefined ? {} : { phases }) };
}

/** The connector of the configured registry. Whoever opens it closes it. */
export function openSource(config: ProvinceConfig): Connector {
  const { exchangeDb, folder, province, registry } = config;
  const place = { folder, exchangeUrl: exchangeDb.url.reveal(), province };
  return engineOf(registry.engine).open(engineOptions(registry), place);
}

/** The engine's part with secrets revealed. Keep it nowhere but in the connector. */
export function engineOptions(registry: RegistryConfig): unknown {
  return revealed({ ...registry.connection, concurrentReads: registry.limits.concurrentReads });
}

function revealed(value: EngineValue): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, revealed(child)]));
}
