import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Language } from "../../contracts/texts.ts";
import { demoSources } from "./demo-sources.ts";
import type { RegistryShape } from "./registry-shape.ts";
import { schoolTable } from "./xueji-codes.ts";

export interface DemoUrls {
  readonly registry: string;
  readonly exchange: string;
  readonly national: string;
  /** Kafka's; empty where `broker` stands in for it. */
  readonly brokers: readonly string[];
  /** The registry's own server, where that is not PostgreSQL. */
  readonly registryServer?: string;
  /** The database of the message log. */
  readonly broker?: string;
}

export interface NodeFiles {
  readonly provinceConfig: string;
  readonly nationalConfig: string;
  readonly logs: string;
}

/**
 * Writes what two operators would have: a configuration, keys and secrets for the province and for the nation. URLs with
 * passwords stand in files of their own, as the configuration asks for.
 */
export function writeNodes(options: {
  readonly folder: string;
  readonly province: string;
  readonly generated: string;
  readonly shape: RegistryShape;
  readonly urls: DemoUrls;
  readonly client: "rdkafka" | "kafkajs";
  readonly language: Language;
  /** `registry` of the province's configuration; the schema in its database where left out. */
  readonly registry?: object;
}): NodeFiles {
  const { folder, province, urls, language } = options;
  for (const part of ["keys", "secrets", "logs"]) {
    rmSync(join(folder, part), { recursive: true, force: true });
    mkdirSync(join(folder, part), { recursive: true });
  }
  for (const owner of [province, "nation"]) writeKeys(folder, owner);
  for (const name of ["registry", "exchange", "national"] as const) {
    writeSecret(folder, name, urls[name]);
  }
  const place = { registryUrl: urls.registry, generated: options.generated };
  if (urls.registryServer !== undefined) writeSecret(folder, "registry-server", urls.registryServer);
  if (urls.broker !== undefined) writeSecret(folder, "broker", urls.broker);
  const kafka =
    urls.broker === undefined
      ? { client: options.client, brokers: [...urls.brokers] }
      : { client: "postgres", url: { file: "./secrets/broker.url" } };
  const files: NodeFiles = {
    provinceConfig: join(folder, "province.yaml"),
    nationalConfig: join(folder, "national.yaml"),
    logs: join(folder, "logs"),
  };
  const log = (name: string) => ({ level: "info", file: `./logs/${name}.log` });
  const tables = [...Object.keys(options.shape.codes), schoolTable];
  writeYaml(files.provinceConfig, {
    role: "province",
    province,
    language,
    exchangeDb: { url: { file: "./secrets/exchange.url" } },
    kafka: { ...kafka, clientId: `duijie-${province}` },
    keys: {
      signing: { id: `${province}-1`, privateKeyFile: `./keys/${province}.key` },
      nation: [{ id: "nation-1", publicKeyFile: "./keys/nation.pub" }],
    },
    registry: unprotected(options.registry ?? demoSources.postgres.registry(place, options.shape.entities)),
    mappings: Object.fromEntries(
      tables.map((name) => [name, join(options.generated, "mappings", `${name}.csv`)]),
    ),
    log: log("province"),
  });
  writeYaml(files.nationalConfig, {
    role: "national",
    language,
    database: { url: { file: "./secrets/national.url" } },
    kafka: { ...kafka, clientId: "duijie-nation" },
    keys: {
      signing: { id: "nation-1", privateKeyFile: "./keys/nation.key" },
      provinces: { [province]: [{ id: `${province}-1`, publicKeyFile: `./keys/${province}.pub` }] },
    },
    log: log("national"),
  });
  return files;
}

function writeSecret(folder: string, name: string, url: string): void {
  writeFileSync(join(folder, "secrets", `${name}.url`), url, { mode: 0o600 });
}

function writeYaml(path: string, content: object): void {
  writeFileSync(path, stringify(content, { lineWidth: 110, aliasDuplicateObjects: false }));
}

function writeKeys(folder: string, owner: string): void {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const file = (ending: string) => join(folder, "keys", `${owner}.${ending}`);
  writeFileSync(file("key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  writeFileSync(file("pub"), publicKey.export({ type: "spki", format: "pem" }));
}

/** All of a demo shares one machine: the registry's latency would tell of our own work, and nobody else asks it. */
function unprotected(registry: object): object {
  const limits = "limits" in registry && typeof registry.limits === "object" ? registry.limits : {};
  return { ...registry, limits: { ...limits, protect: { enabled: false } } };
}
