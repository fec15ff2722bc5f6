import type { Conversion } from "../contracts/conversion.ts";
import type { EntityName } from "../contracts/entity.ts";
import type { CalendarRules } from "../contracts/schedule/calendar.ts";
import type { Language } from "../contracts/texts.ts";
import type { Secret } from "./secret.ts";

/**
 * What a YAML file says, checked, with defaults, absolute paths and secrets resolved; frozen to the bottom. Defaults
 * and limits stand in the schemas beside this file, nowhere else.
 */
export type Config = ProvinceConfig | NationalConfig;

interface NodeConfig {
  /** The YAML file and its folder, absolute. */
  readonly file: string;
  readonly folder: string;
  /** What commands print; absent: by the locale. */
  readonly language?: Language;
  readonly kafka: KafkaConfig;
  /** Absent: no listener. */
  readonly metrics?: MetricsConfig;
  /** Absent: no traces. */
  readonly traces?: TracesConfig;
  readonly log: LogConfig;
}

export interface MetricsConfig {
  /** `host:port` */
  readonly listen: string;
}

export interface TracesConfig {
  readonly otlpUrl: string;
}

export interface ProvinceConfig extends NodeConfig {
  readonly role: "province";
  /** Two digits. */
  readonly province: string;
  readonly exchangeDb: DatabaseConfig;
  readonly keys: { readonly signing: PrivateKeyConfig; readonly nation: readonly PublicKeyConfig[] };
  readonly registry: RegistryConfig;
  /** The files of the province's mapping tables, by table. */
  readonly mappings: Readonly<Record<string, MappingFileConfig>>;
  readonly scope: ScopeConfig;
  readonly load: LoadConfig;
  readonly link: LinkConfig;
  /** Absent: loads begin by hand alone. */
  readonly schedule?: ScheduleConfig;
}

export interface NationalConfig extends NodeConfig {
  readonly role: "national";
  readonly database: DatabaseConfig;
  readonly keys: {
    readonly signing: PrivateKeyConfig;
    /** By province, two digits. */
    readonly provinces: Readonly<Record<string, readonly PublicKeyConfig[]>>;
  };
  readonly apply: { readonly profile: string; readonly sweepMs: number };
}

export interface DatabaseConfig {
  /** A postgres:// URL with its password. */
  readonly url: Secret;
  readonly connectionsMax: number;
  readonly statementTimeoutMs: number;
}

export interface KafkaConfig {
  readonly client: "rdkafka" | "kafkajs" | "postgres";
  /** Empty with the client `postgres`. */
  readonly brokers: readonly string[];
  /** A postgres:// URL with its password: where the client `postgres` keeps the log. */
  readonly url?: Secret;
  readonly clientId: string;
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  readonly sasl?: {
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
    readonly username: string;
    readonly password: Secret;
  };
  readonly replicationFactor: number;
  readonly partitions: number;
  readonly requestTimeoutMs: number;
  readonly messageBytesMax: number;
  readonly sessionTimeoutMs: number;
  readonly retryDelayMs: number;
}

export interface PrivateKeyConfig {
  readonly id: string;
  readonly privateKeyFile: string;
}

export interface PublicKeyConfig {
  readonly id: string;
  readonly publicKeyFile: string;
}

/** As the connectors' governor takes it. */
export interface ProtectConfig {
  readonly enabled: boolean;
  readonly slowAbove: number;
  readonly slowestShare: number;
  readonly probeMs: number;
}

export interface RegistryConfig {
  readonly engine: string;
  /** The engine's own part: what its `config.schema.json` names, with secrets as `Secret`. */
  readonly connection: EngineConfig;
  readonly limits: {
    readonly rowsPerSecond?: number;
    readonly concurrentReads: number;
    readonly protect: ProtectConfig;
    readonly pageRows: number;
  };
  readonly entities: Readonly<Partial<Record<EntityName, EntityConfig>>>;
}

export type EngineValue = string | number | boolean | null | Secret | EngineConfig | readonly EngineValue[];
export interface EngineConfig {
  readonly [key: string]: EngineValue;
}

export interface EntityConfig {
  readonly entity: EntityName;
  /** Which of them, the engine decides. */
  readonly from: { readonly table: string } | { readonly query: string } | { readonly file: string };
  readonly key: readonly string[];
  readonly county?: string;
  readonly phase?: string;
  /** In the order of the file. */
  readonly fields: readonly FieldConfig[];
}

export interface FieldConfig {
  /** The contract's field. */
  readonly field: string;
  readonly from: { readonly column: string } | { readonly constant: string };
  readonly convert: readonly Conversion[];
  readonly codes?: string;
}

export interface MappingFileConfig {
  readonly file: string;
  readonly charset: "utf8" | "gb18030";
}

export interface ScopeConfig {
  readonly phases?: readonly string[];
  readonly counties?: readonly string[];
}

export interface LoadConfig {
  readonly profile: string;
  readonly chunkRows: number;
  readonly batchRows: number;
  readonly batchBytesMax: number;
  readonly workers: number;
  readonly leaseSeconds: number;
  readonly batchesInFlightMax: number;
  readonly quarantineShareMax: number;
  readonly quarantineRowsMin: number;
  readonly deletionShareMax: number;
  readonly deletionRowsMin: number;
  readonly retryBudget: number;
  readonly pollMs: number;
  readonly progressSeconds: number;
}

export interface LinkConfig {
  readonly welcomeSeconds: number;
  readonly receiptSeconds: number;
  readonly sealedSeconds: number;
  readonly sweepMs: number;
  readonly payloadRetentionHours: number;
}

export interface ScheduleConfig extends CalendarRules {
  readonly catchUp: "once" | "skip";
  readonly deadlineHours: number;
  readonly retryMinutes: number;
  readonly graceSeconds: number;
  readonly silentSeconds: number;
  readonly alarm?: { readonly command: readonly string[]; readonly timeoutSeconds: number };
}

export interface LogConfig {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly file?: string;
  readonly pretty: boolean;
}
