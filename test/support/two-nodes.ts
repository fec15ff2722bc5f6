import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { stringify } from "yaml";
import { type CheckResult, checkLoad } from "../../embedded/demo/checker.ts";
import { generateProvince } from "../../embedded/demo/generate.ts";
import type { RegistryShape } from "../../embedded/demo/registry-shape.ts";
import type { TruthFile } from "../../embedded/demo/truth.ts";
import { builtKafkaClient } from "../../embedded/kafka-client.ts";
import { type DuijieOptions, DuijieProcess, type Ended, runDuijie } from "./duijie-process.ts";
import { keepCanaries, runOutputFolder } from "./run-output.ts";
import { type BrokerPlace, brokerEnvironment, kafkaPart } from "./test-broker.ts";

export interface NodeUrls {
  readonly registry: string;
  readonly exchange: string;
  readonly national: string;
}

export interface TwoNodesOptions {
  /** Names folders of the test. */
  readonly name: string;
  readonly province: string;
  readonly urls: NodeUrls;
  readonly brokers: BrokerPlace;
  readonly students: number;
  readonly shape: RegistryShape;
  /** Laid over `load`, `link` and so on of the province's configuration, part by part. */
  readonly provinceParts?: Readonly<Record<string, object>>;
  readonly nationalParts?: Readonly<Record<string, object>>;
  /** Where the test writes the files itself: relative to the operators' folder. */
  readonly configs?: { readonly province: string; readonly national: string };
}

/**
 * What two operators have after reading the documentation: configuration files, keys, secrets in the environment; and
 * a generated registry whose right end is known. Everything goes through commands; databases are only looked into.
 */
export class TwoNodes {
  readonly options: TwoNodesOptions;
  /** The operators' folder: not searched for personal data, for files meant for schools may hold some. */
  readonly folder: string;
  /** What the generator wrote. */
  readonly generated: string;
  readonly logFolder: string;
  readonly #configs: { readonly province: string; readonly national: string };
  readonly #processes: DuijieProcess[] = [];
  #truth: TruthFile | null = null;

  constructor(options: TwoNodesOptions) {
    this.options = options;
    this.folder = mkdtempSync(join(tmpdir(), `duijie-${options.name}-`));
    this.generated = join(this.folder, "generated");
    this.logFolder = runOutputFolder(options.name);
    this.#configs = options.configs ?? { province: "province.yaml", national: "national.yaml" };
  }

  get truth(): TruthFile {
    if (this.#truth === null) throw new Error("no province was generated");
    return this.#truth;
  }

  async generate(): Promise<void> {
    const { name, province, shape, students, urls } = this.options;
    const registryUrl = urls.registry;
    this.#truth = await generateProvince({
      registryUrl,
      folder: this.generated,
      seed: name,
      students,
      province,
      shape,
    });
    keepCanaries(this.generated, name);
  }

  /** Configuration and keys of both, written as an experienced operator would: without `init`. */
  configure(): void {
    const { brokers, nationalParts, province, provinceParts } = this.options;
    mkdirSync(join(this.folder, "keys"), { recursive: true });
    for (const owner of [province, "nation"]) this.#writeKeys(owner);
    const entities: unknown = JSON.parse(readFileSync(join(this.generated, "registry.json"), "utf8"));
    const tables = [...Object.keys(this.options.shape.codes), "school-id"];
    const kafka = { ...kafkaPart(brokers, builtKafkaClient()), sessionTimeoutMs: 6000, retryDelayMs: 200 };
    this.#writeYaml("province.yaml", provinceParts, {
      role: "province",
      province,
      language: "en",
      exchangeDb: { url: { env: "DUIJIE_EXCHANGE_URL" } },
      kafka: { ...kafka, clientId: `duijie-${province}` },
      keys: {
        signing: { id: `${province}-1`, privateKeyFile: `./keys/${province}.key` },
        nation: [{ id: "nation-1", publicKeyFile: "./keys/nation.pub" }],
      },
      registry: { engine: "postgres", url: { env: "REGISTRY_URL" }, entities },
      mappings: Object.fromEntries(tables.map((table) => [table, `./generated/mappings/${table}.csv`])),
      log: { level: "debug", file: join(this.logFolder, "province.log") },
    });
    this.#writeYaml("national.yaml", nationalParts, {
      role: "national",
      language: "en",
      database: { url: { env: "DUIJIE_NATIONAL_URL" } },
      kafka: { ...kafka, clientId: "duijie-nation" },
      keys: {
        signing: { id: "nation-1", privateKeyFile: "./keys/nation.key" },
        provinces: { [province]: [{ id: `${province}-1`, publicKeyFile: `./keys/${province}.pub` }] },
      },
      log: { level: "debug", file: join(this.logFolder, "national.log") },
    });
  }

  /** Both databases migrated, the ministry's schools and the province's tables loaded. */
  async prepare(): Promise<void> {
    const ofNation = async () => {
      await this.nation("migrate");
      await this.nation("national", "import", "schools", join(this.generated, "ministry-schools.csv"));
    };
    const ofProvince = async () => {
      await this.province("migrate");
      await this.province("map", "import");
    };
    await Promise.all([ofNation(), ofProvince()]);
  }

  /** Runs a command of the province; exit code 0 unless others are named first. */
  async province(...args: readonly (string | number)[]): Promise<Ended> {
    return await this.#run(["--config", this.#configs.province], args);
  }

  async nation(...args: readonly (string | number)[]): Promise<Ended> {
    return await this.#run(["--config", this.#configs.national], args);
  }

  /** A command of neither: `init` comes before any configuration. */
  async anyone(...args: readonly (string | number)[]): Promise<Ended> {
    return await this.#run([], args);
  }

  start(role: "province" | "national", ...args: readonly string[]): DuijieProcess {
    const started = new DuijieProcess([...args, "--config", this.#configs[role]], this.#surroundings());
    this.#processes.push(started);
    return started;
  }

  /** The national node, ready. */
  async startNation(): Promise<DuijieProcess> {
    const node = this.start("national", "national", "--json");
    await node.says('"ready":true');
    return node;
  }

  async check(): Promise<CheckResult> {
    const { exchange, national, registry } = this.options.urls;
    return await checkLoad({
      registryUrl: registry,
      exchangeUrl: exchange,
      nationalUrl: national,
      folder: this.generated,
    });
  }

  /** Ends what runs, by process id, and removes the operators' folder. */
  async close(): Promise<void> {
    await Promise.all(this.#processes.filter((one) => one.isRunning).map(async (one) => await one.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #run(config: readonly string[], args: readonly (string | number)[]): Promise<Ended> {
    const codes = args.filter((arg) => typeof arg === "number");
    const words = args.filter((arg) => typeof arg === "string");
    return await runDuijie([...words, ...config], this.#surroundings(), ...codes);
  }

  #surroundings(): DuijieOptions {
    const { exchange, national, registry } = this.options.urls;
    const env = {
      DUIJIE_EXCHANGE_URL: exchange,
      DUIJIE_NATIONAL_URL: national,
      REGISTRY_URL: registry,
      ...brokerEnvironment(this.options.brokers),
    };
    return { cwd: this.folder, env, logFolder: this.logFolder };
  }

  #writeKeys(owner: string): void {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const file = (ending: string) => join(this.folder, "keys", `${owner}.${ending}`);
    writeFileSync(file("key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    writeFileSync(file("pub"), publicKey.export({ type: "spki", format: "pem" }));
  }

  #writeYaml(
    name: string,
    over: Readonly<Record<string, object>> = {},
    content: Readonly<Record<string, unknown>>,
  ): void {
    const merged: Record<string, unknown> = { ...content };
    for (const [part, values] of Object.entries(over)) {
      const below = merged[part];
      merged[part] = typeof below === "object" ? { ...below, ...values } : values;
    }
    writeFileSync(join(this.folder, name), stringify(merged, { aliasDuplicateObjects: false }));
  }
}

/** A connection to look into a database with; one that breaks is no error until it is used. */
export async function lookInto(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: "test", connectionTimeoutMillis: 5000 });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}
