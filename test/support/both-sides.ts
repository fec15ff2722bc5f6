import { createPrivateKey, createPublicKey } from "node:crypto";
import type { SourceEntity } from "../../connectors/connector.ts";
import { PostgresConnector } from "../../connectors/postgres/postgres-connector.ts";
import { loadQuery } from "../../connectors/vendor/load-query.ts";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { type Log, silentLog } from "../../contracts/log.ts";
import { nationalRegions } from "../../contracts/regions.ts";
import { entityContract } from "../../contracts/registry.ts";
import { mappingEntriesAt } from "../../exchange-db/mapping-versions.ts";
import { migrate } from "../../exchange-db/migrate.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";
import type { OpenRecall } from "../../exchange-db/recall.ts";
import { insertRun, openOrJoinLoad, type Run } from "../../exchange-db/runs.ts";
import { Store } from "../../exchange-db/store.ts";
import { openOrTakeLoad } from "../../exchange-db/vendor-loads.ts";
import type { FieldMapping } from "../../mappings/field-mapper.ts";
import { MappingTables } from "../../mappings/mapping-tables.ts";
import { createRecordMapper } from "../../mappings/record-mapper.ts";
import { nationalMigrations } from "../../national/migrations/index.ts";
import { NationalNode } from "../../national/node.ts";
import { ReferenceRegistry } from "../../national/reference/reference-registry.ts";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { type EntityPlan, entityPlan } from "../../pipeline/entity-plan.ts";
import { type Instruments, noInstruments } from "../../pipeline/instruments.ts";
import { type LoadEnd, Loader } from "../../pipeline/loader.ts";
import { ProvinceLink } from "../../pipeline/province-link.ts";
import { carryRecall, type RecallWay } from "../../pipeline/recall-flow.ts";
import { createKeyPair, keyring, type SigningKey, type VerifyingKey } from "../../pipeline/signing.ts";
import { UpstreamFlow } from "../../pipeline/upstream-flow.ts";
import { countyOf, type ProvinceCode, schoolIdsOf } from "./small-province.ts";

export const today = "20260901";
const profile = "national-2013";

/** Keys of both sides, made for one test. */
export function testKeys(province: ProvinceCode) {
  const pair = (id: string, owner: "nation" | `${number}`) => {
    const { privatePem, publicPem } = createKeyPair();
    const signing: SigningKey = { id, privateKey: createPrivateKey(privatePem) };
    return { signing, verifying: { id, owner, publicKey: createPublicKey(publicPem) } };
  };
  return { province: pair(`province-${province}`, province), nation: pair("nation-1", "nation") };
}

export type TestKeys = ReturnType<typeof testKeys>;

export interface SidesOptions {
  readonly province: ProvinceCode;
  readonly registryUrl: string;
  readonly exchangeUrl: string;
  readonly nationalUrl: string;
  readonly broker: Broker;
  readonly keys: TestKeys;
  /** Contract fields that go through a province table of the same name. */
  readonly codes?: Partial<Record<EntityName, Readonly<Record<string, string>>>>;
  /** Keys of other provinces that the nation knows too. */
  readonly alsoTrusted?: readonly VerifyingKey[];
  /** Default: no load is ever held. */
  readonly quarantine?: { readonly shareMax: number; readonly rowsMin: number };
  readonly chunkRows?: number;
  readonly batchRows?: number;
  /** Reads loads that vendors wrote into the exchange-db; `registryUrl` is then the exchange-db's. */
  readonly readsLoads?: true;
  /** Of each side; default: nothing is counted, traced or logged. */
  readonly watched?: { readonly province: Watched; readonly nation: Watched };
}

export interface Watched {
  readonly log: Log;
  readonly instruments: Instruments;
}

const unwatched: Watched = { log: silentLog, instruments: noInstruments };

/** Both sides in this process, composed as the command line does, on the tables of `small-province.ts`. */
export class BothSides {
  readonly exchange: Store;
  readonly national: Store;
  readonly connector: PostgresConnector;
  readonly options: SidesOptions;
  node: NationalNode | null = null;
  link: ProvinceLink | null = null;

  constructor(options: SidesOptions) {
    this.options = options;
    this.exchange = store(options.exchangeUrl, "exchange");
    this.national = store(options.nationalUrl, "national");
    this.connector = new PostgresConnector({
      url: options.registryUrl,
      charset: "auto",
      statementTimeoutMs: 60_000,
      connectTimeoutMs: 5000,
      tls: false,
      concurrentReads: 4,
    });
  }

  async migrate(): Promise<void> {
    const { province } = this.options;
    await migrate(this.options.exchangeUrl, "exchange", exchangeMigrations);
    await migrate(this.options.nationalUrl, "national", nationalMigrations);
    await this.national.query(
      `INSERT INTO ministry.region (code, name_zh, level) VALUES ($1, '城中区', 'county')`,
      [countyOf(province)],
    );
    for (const id of schoolIdsOf(province)) {
      await this.national.query(
        `INSERT INTO ministry.school (school_id, name, school_type_code, region_code, managing_authority_code, province)
         VALUES ($1, $1, '211', $3, $3, $2)`,
        [id, province, `${countyOf(province)}000000`],
      );
    }
  }

  async startNode(): Promise<void> {
    const { broker, keys, province } = this.options;
    this.node = new NationalNode({
      store: this.national,
      broker,
      registry: new ReferenceRegistry(),
      key: keys.nation.signing,
      ring: keyring([keys.province.verifying, ...(this.options.alsoTrusted ?? [])]),
      provinces: [province],
      profile,
      today: () => today,
      partitions: 2,
      replicationFactor: 1,
      messageBytesMax: 2_000_000,
      ...(this.options.watched?.nation ?? unwatched),
      retryDelayMs: 100,
      sessionTimeoutMs: 10_000,
      sweepMs: 500,
    });
    await this.node.start();
  }

  async startLink(): Promise<ProvinceLink> {
    const { broker, keys, province } = this.options;
    this.link = new ProvinceLink({
      store: this.exchange,
      broker,
      province,
      signingKey: keys.province.signing,
      ring: keyring([keys.nation.verifying]),
      ...(this.options.watched?.province ?? unwatched),
      retryDelayMs: 100,
      sessionTimeoutMs: 10_000,
      sweepMs: 500,
      sealedSeconds: 2,
      receiptSeconds: 10,
      payloadRetentionHours: 24,
      welcomeSeconds: 30,
    });
    await this.link.start(AbortSignal.timeout(30_000));
    return this.link;
  }

  plans(load?: string): ReadonlyMap<EntityName, EntityPlan> {
    return new Map(entityNames.map((entity) => [entity, this.#plan(entity, load)]));
  }

  /** The oldest closed load of the vendors, taken by a run; null where none waits. */
  async takeLoad(): Promise<Run | null> {
    const wanted = { province: this.options.province, profile, scope: {} };
    return (await openOrTakeLoad(this.exchange, wanted))?.run ?? null;
  }

  async openLoad(): Promise<Run> {
    const wanted = { province: this.options.province, profile, scope: {}, entities: entityNames };
    return (await openOrJoinLoad(this.exchange, wanted)).run;
  }

  async replayRun(): Promise<Run> {
    const wanted = { province: this.options.province, profile, scope: {}, entities: entityNames };
    return await this.exchange.transaction(async (client) => await insertRun(client, "replay", wanted));
  }

  /** Takes a run back as the command does, up to where `obstacle` or `alter` breaks it off. */
  async recall(
    open: OpenRecall,
    obstacle: () => Error | null = () => null,
    alter: (flow: UpstreamFlow) => void = () => undefined,
    receiptSeconds = 60,
  ): Promise<"done" | "interrupted"> {
    const { province } = this.options;
    const wayOf = async (entity: EntityName, mappingVersion: string): Promise<RecallWay> => {
      const entries = await mappingEntriesAt(this.exchange, province, mappingVersion);
      const flow = await this.flow({ ...open.recall, mappingVersion }, entity);
      alter(flow);
      const { contract, mappings } = this.#plan(entity);
      const tables = new MappingTables(mappingVersion, entries);
      return { contract, flow, mapRecord: createRecordMapper(contract, mappings, tables, nationalRegions()) };
    };
    const options = {
      store: this.exchange,
      open,
      wayOf,
      pageRows: 40,
      pollMs: 50,
      receiptSeconds,
      retryBudget: 2,
      log: silentLog,
      obstacle: () => obstacle() ?? this.link?.failure ?? null,
    };
    return await carryRecall(options, AbortSignal.timeout(180_000));
  }

  async flow(run: Run, entity: EntityName): Promise<UpstreamFlow> {
    const { batchRows = 200, broker, keys, province } = this.options;
    const entries = await mappingEntriesAt(this.exchange, province, run.mappingVersion);
    return new UpstreamFlow(
      {
        store: this.exchange,
        broker,
        province,
        signingKey: keys.province.signing,
        runId: run.runId,
        mappingVersion: run.mappingVersion,
        tables: new MappingTables(run.mappingVersion, entries),
        profile,
        today,
        batchRows,
        batchBytes: 900_000,
        partitions: 2,
        instruments: (this.options.watched?.province ?? unwatched).instruments,
      },
      this.#plan(entity, run.scope.load),
    );
  }

  /** `alter` may change what the way up of an entity does, as a fault would; `closing` is a window's end. */
  async load(
    run: Run,
    signal: AbortSignal = AbortSignal.timeout(120_000),
    alter: (flow: UpstreamFlow, entity: EntityName) => void = () => undefined,
    closing: AbortSignal | null = null,
  ): Promise<LoadEnd> {
    const { chunkRows = 500 } = this.options;
    const flows = new Map<EntityName, UpstreamFlow>();
    for (const entity of entityNames) {
      const flow = await this.flow(run, entity);
      alter(flow, entity);
      flows.set(entity, flow);
    }
    const loader = new Loader(
      {
        store: this.exchange,
        connector: this.connector,
        plans: this.plans(run.scope.load),
        flowOf: (entity) => {
          const flow = flows.get(entity);
          if (flow === undefined) throw new Error(`no flow for ${entity}`);
          return flow;
        },
        owner: "test",
        limits: { pageRows: 1000 },
        chunkRows,
        leaseSeconds: 30,
        workers: 2,
        concurrentReads: 4,
        batchesInFlightMax: 100,
        quarantineShareMax: this.options.quarantine?.shareMax ?? 1,
        quarantineRowsMin: this.options.quarantine?.rowsMin ?? 1_000_000,
        deletionShareMax: 0.1,
        deletionRowsMin: 20,
        retryBudget: 5,
        pollMs: 50,
        log: (this.options.watched?.province ?? unwatched).log,
        obstacle: () => this.link?.failure ?? null,
      },
      run.runId,
    );
    return await loader.run(signal, closing);
  }

  async stop(): Promise<void> {
    await this.link?.stop(5000);
    await this.node?.stop(5000);
  }

  async close(): Promise<void> {
    await this.stop();
    await this.connector.close();
    await this.exchange.close();
    await this.national.close();
  }

  #plan(entity: EntityName, load?: string): EntityPlan {
    const contract = entityContract(entity);
    const { province, readsLoads } = this.options;
    const codes: Readonly<Record<string, string>> = this.options.codes?.[entity] ?? {};
    const source: SourceEntity = {
      entity,
      from:
        readsLoads === undefined
          ? { relation: `own.${contract.table}` }
          : { query: loadQuery(entity, province, load) },
      key: ["source_key"],
      columns: contract.fields.map((field) => ({ field: field.name, column: field.column })),
      countyColumn: readsLoads === undefined ? "own_county" : "county",
    };
    const mappings = contract.fields.map((field, column): FieldMapping => {
      const table = codes[field.name];
      return {
        field: field.name,
        from: { column },
        convert: [],
        ...(table === undefined ? {} : { codes: table }),
      };
    });
    return entityPlan(source, mappings, contract.version);
  }
}

function store(url: string, name: string): Store {
  return new Store({ url, name, connectionsMax: 10, statementTimeoutMs: 60_000 });
}
