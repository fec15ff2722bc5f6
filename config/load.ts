import { dirname, resolve } from "node:path";
import { entityNames } from "../contracts/entity.ts";
import type { ErrorCode } from "../contracts/errors.ts";
import type { Finding } from "../contracts/finding.ts";
import { FindingsError } from "../contracts/finding.ts";
import type {
  Config,
  DatabaseConfig,
  EntityConfig,
  FieldConfig,
  KafkaConfig,
  LogConfig,
  NationalConfig,
  ProvinceConfig,
  RegistryConfig,
} from "./config.ts";
import { withLoadTables } from "./load-tables.ts";
import type {
  RawConfig,
  RawDatabase,
  RawEntity,
  RawField,
  RawNational,
  RawProvince,
  RawRegistry,
} from "./raw-config.ts";
import { engineKeys, validateSchema } from "./schema.ts";
import { schemaFindings } from "./schema-findings.ts";
import { Secret } from "./secret.ts";
import { type Environment, SecretResolver } from "./secrets.ts";
import { semanticFindings } from "./semantic-findings.ts";
import { readYaml, type YamlSource } from "./yaml-source.ts";

/**
 * Reads the configuration of a node. CONFIG_NOT_FOUND; CONFIG_INVALID with all that is wrong, each with path and line;
 * SECRET_MISSING with every reference that leads nowhere.
 */
export function loadConfig(file: string, env: Environment): Config {
  const source = readYaml(resolve(file));
  const result = validateSchema(withLoadTables(source.content));
  if ("errors" in result) throw failure("CONFIG_INVALID", source, schemaFindings(result.errors, source));
  const findings = semanticFindings(result.config, source);
  if (findings.length > 0) throw failure("CONFIG_INVALID", source, findings);
  const builder = new ConfigBuilder(source, env);
  const config =
    result.config.role === "province" ? builder.province(result.config) : builder.national(result.config);
  const { missing, malformed } = builder.secrets;
  if (missing.length > 0) throw failure("SECRET_MISSING", source, missing);
  if (malformed.length > 0) throw failure("CONFIG_INVALID", source, malformed);
  return deepFreeze(config);
}

/** The configuration of a province's node; CONFIG_INVALID for that of another role. */
export function loadProvinceConfig(file: string, env: Environment): ProvinceConfig {
  const config = loadConfig(file, env);
  if (config.role !== "province") throw wrongRole(config, "province");
  return config;
}

/** The configuration of the national node; CONFIG_INVALID for that of another role. */
export function loadNationalConfig(file: string, env: Environment): NationalConfig {
  const config = loadConfig(file, env);
  if (config.role !== "national") throw wrongRole(config, "national");
  return config;
}

function wrongRole(config: Config, allowed: string): FindingsError {
  const params = { path: "role", line: 1, found: config.role, allowed };
  return new FindingsError("CONFIG_INVALID", { file: config.file }, [
    { key: "config.finding.wrongRole", params },
  ]);
}

/** In the order of the file, as that is how a person goes through it. */
function failure(code: ErrorCode, source: YamlSource, findings: readonly Finding[]): FindingsError {
  const sorted = findings.toSorted((one, other) => Number(one.params["line"]) - Number(other.params["line"]));
  return new FindingsError(code, { file: source.file, line: sorted[0]?.params["line"] ?? 1 }, sorted);
}

class ConfigBuilder {
  readonly secrets: SecretResolver;
  readonly #file: string;
  readonly #folder: string;

  constructor(source: YamlSource, env: Environment) {
    this.#file = source.file;
    this.#folder = dirname(source.file);
    this.secrets = new SecretResolver(env, this.#folder, source);
  }

  province(raw: RawProvince): ProvinceConfig {
    const { language, province, scope, load, link, schedule } = raw;
    return {
      role: "province",
      file: this.#file,
      folder: this.#folder,
      ...(language === undefined ? {} : { language }),
      province,
      exchangeDb: this.#database(raw.exchangeDb, "exchangeDb"),
      kafka: this.#kafka(raw.kafka),
      keys: { signing: this.#privateKey(raw.keys.signing), nation: this.#publicKeys(raw.keys.nation) },
      registry: this.#registry(raw.registry),
      mappings: this.#mappings(raw.mappings),
      scope,
      load,
      link,
      ...(schedule === undefined ? {} : { schedule }),
      ...monitoringOf(raw),
      log: this.#log(raw.log),
    };
  }

  national(raw: RawNational): NationalConfig {
    const provinces = Object.entries(raw.keys.provinces).map(
      ([province, keys]) => [province, this.#publicKeys(keys)] as const,
    );
    return {
      role: "national",
      file: this.#file,
      folder: this.#folder,
      ...(raw.language === undefined ? {} : { language: raw.language }),
      database: this.#database(raw.database, "database"),
      kafka: this.#kafka(raw.kafka),
      keys: { signing: this.#privateKey(raw.keys.signing), provinces: Object.fromEntries(provinces) },
      apply: raw.apply,
      ...monitoringOf(raw),
      log: this.#log(raw.log),
    };
  }

  #path(file: string): string {
    return resolve(this.#folder, file);
  }

  #database(raw: RawDatabase, path: string): DatabaseConfig {
    const { connectionsMax, statementTimeoutMs } = raw;
    return {
      url: this.secrets.databaseUrl(raw.url, raw.password, [path]),
      connectionsMax,
      statementTimeoutMs,
    };
  }

  #kafka(raw: RawProvince["kafka"]): KafkaConfig {
    const { brokers = [], password, tls, sasl, url, ...rest } = raw;
    const files = Object.entries(tls ?? {}).map(([name, file]) => [name, this.#path(file)] as const);
    return {
      ...rest,
      brokers,
      ...(url === undefined ? {} : { url: this.secrets.databaseUrl(url, password, ["kafka"]) }),
      ...(tls === undefined ? {} : { tls: Object.fromEntries(files) }),
      ...(sasl === undefined
        ? {}
        : { sasl: { ...sasl, password: this.secrets.secret(sasl.password, ["kafka", "sasl", "password"]) } }),
    };
  }

  #privateKey(raw: RawProvince["keys"]["signing"]): RawProvince["keys"]["signing"] {
    return { id: raw.id, privateKeyFile: this.#path(raw.privateKeyFile) };
  }

  #publicKeys(raw: RawProvince["keys"]["nation"]): RawProvince["keys"]["nation"] {
    return raw.map(({ id, publicKeyFile }) => ({ id, publicKeyFile: this.#path(publicKeyFile) }));
  }

  #registry(raw: RawRegistry): RegistryConfig {
    const { engine, limits } = raw;
    const connection = engineKeys(engine)
      .filter((key) => raw[key] !== undefined)
      .map((key) => [key, this.secrets.engineValue(raw[key], ["registry", key])] as const);
    const entities = entityNames.flatMap((name) => {
      const entity = raw.entities[name];
      return entity === undefined ? [] : [[name, entityOf(name, entity)] as const];
    });
    return {
      engine,
      connection: Object.fromEntries(connection),
      limits,
      entities: Object.fromEntries(entities),
    };
  }

  #mappings(raw: RawProvince["mappings"]): ProvinceConfig["mappings"] {
    const files = Object.entries(raw).map(([table, value]) => {
      const { file, charset } = typeof value === "string" ? { file: value, charset: "utf8" as const } : value;
      return [table, { file: this.#path(file), charset }] as const;
    });
    return Object.fromEntries(files);
  }

  #log(raw: LogConfig): LogConfig {
    return raw.file === undefined ? raw : { ...raw, file: this.#path(raw.file) };
  }
}

function monitoringOf({ metrics, traces }: RawConfig): Pick<Config, "metrics" | "traces"> {
  return { ...(metrics === undefined ? {} : { metrics }), ...(traces === undefined ? {} : { traces }) };
}

function entityOf(entity: EntityConfig["entity"], raw: RawEntity): EntityConfig {
  return {
    entity,
    from: sourceOf(raw),
    key: raw.key,
    ...(raw.county === undefined ? {} : { county: raw.county }),
    ...(raw.phase === undefined ? {} : { phase: raw.phase }),
    fields: Object.entries(raw.fields).map(([field, value]) => fieldOf(field, value)),
  };
}

function sourceOf({ file, query, table }: RawEntity): EntityConfig["from"] {
  if (file !== undefined) return { file };
  return query === undefined ? { table: table ?? "" } : { query };
}

function fieldOf(field: string, raw: RawField): FieldConfig {
  if (typeof raw === "string") return { field, from: { column: raw }, convert: [] };
  return {
    field,
    from: raw.constant === undefined ? { column: raw.column ?? "" } : { constant: raw.constant },
    convert: raw.convert ?? [],
    ...(raw.codes === undefined ? {} : { codes: raw.codes }),
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !(value instanceof Secret)) {
    for (const child of Object.values(value)) deepFreeze(child);
    Object.freeze(value);
  }
  return value;
}
