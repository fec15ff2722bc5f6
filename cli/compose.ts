import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type {
  DatabaseConfig,
  KafkaConfig,
  LogConfig,
  NationalConfig,
  ProvinceConfig,
  PublicKeyConfig,
} from "../config/config.ts";
import { loadNationalConfig, loadProvinceConfig } from "../config/load.ts";
import { createLog } from "../config/log.ts";
import type { Connector } from "../connectors/connector.ts";
import { engineOf } from "../connectors/engines.ts";
import { type EntityName, entityNames } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import type { Log, LogFields } from "../contracts/log.ts";
import { contractVersions } from "../contracts/registry.ts";
import type { Welcome } from "../exchange-db/hellos.ts";
import { mappingEntriesAt } from "../exchange-db/mapping-versions.ts";
import { requireMigrated } from "../exchange-db/migrate.ts";
import { exchangeMigrations } from "../exchange-db/migrations/index.ts";
import type { Run, RunScope } from "../exchange-db/runs.ts";
import { Store } from "../exchange-db/store.ts";
import { MappingTables } from "../mappings/mapping-tables.ts";
import { nationalMigrations } from "../national/migrations/index.ts";
import { NationalNode } from "../national/node.ts";
import { ReferenceRegistry } from "../national/reference/reference-registry.ts";
import type { Broker } from "../pipeline/broker/broker.ts";
import { openBroker } from "../pipeline/broker/open-broker.ts";
import { placeOf } from "../pipeline/broker/postgres-session.ts";
import { type EntityPlan, entityPlan } from "../pipeline/entity-plan.ts";
import { isProvince, type Party } from "../pipeline/envelope.ts";
import { noInstruments } from "../pipeline/instruments.ts";
import { ProvinceLink, sharedVersion } from "../pipeline/province-link.ts";
import {
  type Keyring,
  keyring,
  loadSigningKey,
  loadVerifyingKey,
  type SigningKey,
} from "../pipeline/signing.ts";
import { UpstreamFlow } from "../pipeline/upstream-flow.ts";
import { Closers } from "./closers.ts";
import type { ExitCode, Invocation } from "./invocation.ts";
import { monitorNation, monitorProvince, untilRejected } from "./monitoring/monitor-node.ts";
import { openReader, tellVerdict } from "./source-protection.ts";
import { mappedSources, openSource } from "./sources.ts";
import type { Terminal } from "./terminal.ts";

/** Everything of a province's node, built from its configuration, each part when it is asked for. */
export class Province {
  readonly config: ProvinceConfig;
  log: Log;
  readonly code: Party & `${number}`;
  readonly #closers: Closers;
  readonly #now: () => Date;
  readonly #tellTrial: TellTrial;
  #store: Store | null = null;
  #broker: Broker | null = null;
  #connector: Connector | null = null;
  #reader: Connector | null = null;
  #keys: { signing: SigningKey; ring: Keyring } | null = null;
  #welcome: Welcome | null = null;
  #link: ProvinceLink | null = null;
  #instruments = noInstruments;

  constructor(config: ProvinceConfig, invocation: Invocation, closers: Closers, log?: Log) {
    const { province } = config;
    if (!isProvince(province))
      throw new DuijieError("CONFIG_INVALID", { file: config.file, setting: "province" });
    this.config = config;
    this.code = province;
    this.#closers = closers;
    this.#now = invocation.now;
    this.#tellTrial = tellTrialOf(invocation);
    this.log = log ?? openLog(config.log, invocation, { role: "province", province });
  }

  /** The reference day of rules, `YYYYMMDD`, of the place where the process runs. */
  get today(): string {
    return localDate(this.#now());
  }

  /** The exchange-db, unchecked: for `check` and `migrate`. */
  get uncheckedStore(): Store {
    this.#store ??= openStore(this.config.exchangeDb, "exchange-db", this.#closers);
    return this.#store;
  }

  /** Throws SCHEMA_MISSING or SCHEMA_AHEAD where it is not what this program expects. */
  async store(): Promise<Store> {
    const store = this.uncheckedStore;
    await requireMigrated(store, "exchange", exchangeMigrations);
    return store;
  }

  get connector(): Connector {
    this.#connector ??= openConnector(this.config, this.#closers);
    return this.#connector;
  }

  /** For what reads whole entities: it slows down while the registry answers others more slowly. */
  get reader(): Connector {
    this.#reader ??= openReader(this.config, this.connector, this.#closers, {
      judged: (verdict) => tellVerdict(verdict, this.log, this.#instruments.meter),
      unprobed: () => this.log.warn("source.unprobed"),
    });
    return this.#reader;
  }

  /** Says on standard error where it is no Kafka. */
  async broker(): Promise<Broker> {
    if (this.#broker === null) this.#tellTrial(this.config.kafka);
    return await this.silentBroker();
  }

  /** For `check`, whose table says it. */
  async silentBroker(): Promise<Broker> {
    this.#broker ??= await openKafka(this.config.kafka, this.log, this.#closers);
    return this.#broker;
  }

  async keys(): Promise<{ signing: SigningKey; ring: Keyring }> {
    const { signing, nation } = this.config.keys;
    this.#keys ??= {
      signing: await loadSigningKey(signing.id, signing.privateKeyFile),
      ring: await openRing([["nation", nation]]),
    };
    return this.#keys;
  }

  /** Vendors write loads by SQL, and each run reads one of them. */
  get readsLoads(): boolean {
    return engineOf(this.config.registry.engine).loads !== undefined;
  }

  /** Parents before children. */
  get entities(): readonly EntityName[] {
    return entityNames.filter((entity) => this.config.registry.entities[entity] !== undefined);
  }

  /** Under the highest contract version that both sides know once the link has started; the newest of ours before. */
  plans(scope: RunScope): ReadonlyMap<EntityName, EntityPlan> {
    return new Map(
      mappedSources(this.config, scope).map(({ source, mappings }) => {
        const version =
          this.#welcome === null
            ? (contractVersions(source.entity).at(-1) ?? 1)
            : sharedVersion(this.#welcome, source.entity);
        return [source.entity, entityPlan(source, mappings, version)] as const;
      }),
    );
  }

  /** Metrics, health and traces, where they are configured: before what is to be seen begins. */
  async startMonitoring(terminal: Terminal): Promise<void> {
    const look = { broker: () => this.#broker, link: () => this.#link };
    const { log, instruments } = await monitorProvince(this, look, terminal, this.#closers);
    this.log = log;
    this.#instruments = instruments;
  }

  /** Greets the nation; stopped when the command ends. */
  async startLink(signal: AbortSignal): Promise<ProvinceLink> {
    const { kafka, link } = this.config;
    const { signing, ring } = await this.keys();
    const started = new ProvinceLink({
      store: await this.store(),
      broker: await this.broker(),
      province: this.code,
      signingKey: signing,
      ring,
      log: this.log,
      retryDelayMs: kafka.retryDelayMs,
      sessionTimeoutMs: kafka.sessionTimeoutMs,
      ...link,
      instruments: this.#instruments,
    });
    this.#closers.add(async () => await started.stop(stopMs));
    this.#welcome = await started.start(signal);
    this.#link = started;
    return started;
  }

  /** The way up of each entity, all under the mapping version that the run pinned. */
  async flows(
    run: Run,
    plans: ReadonlyMap<EntityName, EntityPlan>,
    partitions: number,
  ): Promise<(entity: EntityName) => UpstreamFlow> {
    const store = await this.store();
    const { signing } = await this.keys();
    const { batchBytesMax, batchRows } = this.config.load;
    const options = {
      store,
      broker: await this.broker(),
      province: this.code,
      signingKey: signing,
      runId: run.runId,
      mappingVersion: run.mappingVersion,
      isResent: run.scope.resend === true,
      tables: await this.tables(run.mappingVersion),
      profile: run.profile,
      today: this.today,
      batchRows,
      batchBytes: batchBytesMax,
      partitions,
      instruments: this.#instruments,
    };
    const flows = new Map([...plans].map(([entity, plan]) => [entity, new UpstreamFlow(options, plan)]));
    return (entity) => {
      const flow = flows.get(entity);
      if (flow === undefined) throw new DuijieError("INVARIANT_BROKEN", { what: "no flow", entity });
      return flow;
    };
  }

  async tables(mappingVersion: string): Promise<MappingTables> {
    const store = await this.store();
    return new MappingTables(mappingVersion, await mappingEntriesAt(store, this.code, mappingVersion));
  }
}

/** Everything of the national node. */
export class Nation {
  readonly config: NationalConfig;
  log: Log;
  readonly #closers: Closers;
  readonly #now: () => Date;
  readonly #tellTrial: TellTrial;
  #store: Store | null = null;
  #broker: Broker | null = null;
  #consumerCode: (() => Promise<string | null>) | null = null;
  #instruments = noInstruments;

  constructor(config: NationalConfig, invocation: Invocation, closers: Closers) {
    this.config = config;
    this.#closers = closers;
    this.#now = invocation.now;
    this.#tellTrial = tellTrialOf(invocation);
    this.log = openLog(config.log, invocation, { role: "national" });
  }

  get uncheckedStore(): Store {
    this.#store ??= openStore(this.config.database, "national", this.#closers);
    return this.#store;
  }

  async store(): Promise<Store> {
    const store = this.uncheckedStore;
    await requireMigrated(store, "national", nationalMigrations);
    return store;
  }

  /** Says on standard error where it is no Kafka. */
  async broker(): Promise<Broker> {
    if (this.#broker === null) this.#tellTrial(this.config.kafka);
    return await this.silentBroker();
  }

  /** For `check`, whose table says it. */
  async silentBroker(): Promise<Broker> {
    this.#broker ??= await openKafka(this.config.kafka, this.log, this.#closers);
    return this.#broker;
  }

  /** The same database by another role. */
  storeOf(url: string): Store {
    const store = new Store({ ...storeOptions(this.config.database, "national"), url });
    this.#closers.add(async () => await store.close());
    return store;
  }

  get provinces(): readonly string[] {
    return Object.keys(this.config.keys.provinces).toSorted();
  }

  async keys(): Promise<{ signing: SigningKey; ring: Keyring }> {
    const { provinces, signing } = this.config.keys;
    return {
      signing: await loadSigningKey(signing.id, signing.privateKeyFile),
      ring: await openRing(Object.entries(provinces)),
    };
  }

  /** As of a province. */
  async startMonitoring(terminal: Terminal): Promise<void> {
    const look = { broker: () => this.#broker, consumer: () => this.#consumerCode };
    const { log, instruments } = await monitorNation(this, look, terminal, this.#closers);
    this.log = log;
    this.#instruments = instruments;
  }

  /** Asked by `/health/ready` from now on; a node that has not begun is not ready. */
  watch(node: NationalNode): void {
    this.#consumerCode = untilRejected(node.failure());
  }

  async node(): Promise<NationalNode> {
    const { apply, kafka } = this.config;
    const { signing, ring } = await this.keys();
    const node = new NationalNode({
      store: await this.store(),
      broker: await this.broker(),
      registry: new ReferenceRegistry(),
      key: signing,
      ring,
      provinces: this.provinces,
      profile: apply.profile,
      today: () => localDate(this.#now()),
      partitions: kafka.partitions,
      replicationFactor: kafka.replicationFactor,
      messageBytesMax: kafka.messageBytesMax,
      log: this.log,
      retryDelayMs: kafka.retryDelayMs,
      sessionTimeoutMs: kafka.sessionTimeoutMs,
      sweepMs: apply.sweepMs,
      instruments: this.#instruments,
    });
    this.#closers.add(async () => await node.stop(stopMs));
    return node;
  }
}

/** Within what `daemon.ts` gives a stopping process, with room to close connections. */
const stopMs = 6000;

export async function withProvince(
  invocation: Invocation,
  work: (province: Province) => Promise<ExitCode>,
): Promise<ExitCode> {
  return await withClosers(async (closers) => {
    const config = loadProvinceConfig(invocation.configFile, invocation.env);
    return await work(new Province(config, invocation, closers));
  });
}

export async function withNation(
  invocation: Invocation,
  work: (nation: Nation) => Promise<ExitCode>,
): Promise<ExitCode> {
  return await withClosers(async (closers) => {
    const config = loadNationalConfig(invocation.configFile, invocation.env);
    return await work(new Nation(config, invocation, closers));
  });
}

async function withClosers(work: (closers: Closers) => Promise<ExitCode>): Promise<ExitCode> {
  const closers = new Closers();
  try {
    return await work(closers);
  } finally {
    await closers.close();
  }
}

/** Names this process in leases, to a person and for all processes that ever were. */
export function leaseOwner(): string {
  return `${hostname()}:${process.pid}:${randomBytes(4).toString("hex")}`;
}

/** On a terminal only what needs a look is shown between the bars, unless a file takes it. */
function openLog(config: LogConfig, invocation: Invocation, bindings: LogFields): Log {
  const isShown = config.file === undefined && invocation.terminal.isTty;
  const level = isShown && (config.level === "info" || config.level === "debug") ? "warn" : config.level;
  return createLog({ ...config, level }, { ...bindings, pid: process.pid });
}

function openStore(config: DatabaseConfig, name: string, closers: Closers): Store {
  const store = new Store({ ...storeOptions(config, name), url: config.url.reveal() });
  closers.add(async () => await store.close());
  return store;
}

function storeOptions({ connectionsMax, statementTimeoutMs }: DatabaseConfig, name: string) {
  return { name, connectionsMax, statementTimeoutMs };
}

function openConnector(config: ProvinceConfig, closers: Closers): Connector {
  const connector = openSource(config);
  closers.add(async () => await connector.close());
  return connector;
}

type TellTrial = (config: KafkaConfig) => void;

/** Whoever reads JSON finds it in the log alone. */
function tellTrialOf({ json, terminal }: Invocation): TellTrial {
  return ({ client, url }) => {
    if (client === "postgres" && !json)
      terminal.note("broker.trial", { place: placeOf(url?.reveal() ?? "") });
  };
}

async function openKafka(config: KafkaConfig, log: Log, closers: Closers): Promise<Broker> {
  const { brokers, clientId, messageBytesMax, requestTimeoutMs, sasl, tls, url } = config;
  const options = {
    brokers,
    clientId,
    requestTimeoutMs,
    messageBytesMax,
    ...(url === undefined ? {} : { url: url.reveal() }),
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl, password: sasl.password.reveal() } }),
  };
  const broker = await openBroker(config.client, options, ({ client, level, code }) => {
    if (level === "error") log.error("broker.event", { client, code });
    else log.warn("broker.event", { client, code });
  });
  closers.add(async () => await broker.close());
  return broker;
}

async function openRing(
  owners: readonly (readonly [owner: string, keys: readonly PublicKeyConfig[]])[],
): Promise<Keyring> {
  const loaded = owners.flatMap(([owner, keys]) =>
    keys.map(async ({ id, publicKeyFile }) => await loadVerifyingKey(id, partyOf(owner), publicKeyFile)),
  );
  return keyring(await Promise.all(loaded));
}

function partyOf(owner: string): Party {
  if (owner === "nation" || isProvince(owner)) return owner;
  throw new DuijieError("CONFIG_INVALID", { setting: "keys.provinces" });
}

function localDate(now: Date): string {
  const month = String(now.getMonth() + 1).padStart(2, "0");
  return `${now.getFullYear()}${month}${String(now.getDate()).padStart(2, "0")}`;
}
