import type { Conversion } from "../contracts/conversion.ts";
import type { EntityName } from "../contracts/entity.ts";
import type {
  KafkaConfig,
  LinkConfig,
  LoadConfig,
  LogConfig,
  MetricsConfig,
  PrivateKeyConfig,
  PublicKeyConfig,
  RegistryConfig,
  ScheduleConfig,
  ScopeConfig,
  TracesConfig,
} from "./config.ts";

/** What a file holds once it met the schema: as written, with defaults, secrets still references, paths as they are. */
export type RawConfig = RawProvince | RawNational;

export type RawSecret = string | { readonly env: string } | { readonly file: string };

interface RawNode {
  readonly language?: "zh" | "en";
  readonly kafka: RawKafka;
  readonly metrics?: MetricsConfig;
  readonly traces?: TracesConfig;
  readonly log: LogConfig;
}

export interface RawKafka extends Omit<KafkaConfig, "brokers" | "url" | "sasl"> {
  readonly brokers?: readonly string[];
  readonly url?: RawSecret;
  readonly password?: RawSecret;
  readonly sasl?: RawSasl;
}

export interface RawSasl extends Omit<NonNullable<KafkaConfig["sasl"]>, "password"> {
  readonly password: RawSecret;
}

export interface RawProvince extends RawNode {
  readonly role: "province";
  readonly province: string;
  readonly exchangeDb: RawDatabase;
  readonly keys: { readonly signing: PrivateKeyConfig; readonly nation: readonly PublicKeyConfig[] };
  readonly registry: RawRegistry;
  readonly mappings: Readonly<
    Record<string, string | { readonly file: string; readonly charset: "utf8" | "gb18030" }>
  >;
  readonly scope: ScopeConfig;
  readonly load: LoadConfig;
  readonly link: LinkConfig;
  readonly schedule?: ScheduleConfig;
}

export interface RawNational extends RawNode {
  readonly role: "national";
  readonly database: RawDatabase;
  readonly keys: {
    readonly signing: PrivateKeyConfig;
    readonly provinces: Readonly<Record<string, readonly PublicKeyConfig[]>>;
  };
  readonly apply: { readonly profile: string; readonly sweepMs: number };
}

export interface RawDatabase {
  readonly url: RawSecret;
  readonly password?: RawSecret;
  readonly connectionsMax: number;
  readonly statementTimeoutMs: number;
}

export interface RawRegistry {
  readonly engine: string;
  readonly limits: RegistryConfig["limits"];
  readonly entities: Readonly<Partial<Record<EntityName, RawEntity>>>;
  /** The engine's own keys. */
  readonly [key: string]: unknown;
}

export interface RawEntity {
  readonly table?: string;
  readonly query?: string;
  readonly file?: string;
  readonly key: readonly string[];
  readonly county?: string;
  readonly phase?: string;
  readonly fields: Readonly<Record<string, RawField>>;
}

export type RawField =
  | string
  | {
      readonly column?: string;
      readonly constant?: string;
      readonly convert?: readonly Conversion[];
      readonly codes?: string;
    };
