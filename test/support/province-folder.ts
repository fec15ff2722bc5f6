import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { entityNames } from "../../contracts/entity.ts";
import { entityContract } from "../../contracts/registry.ts";
import { createKeyPair } from "../../pipeline/signing.ts";
import type { ProvinceCode } from "./small-province.ts";
import { type BrokerPlace, brokerEnvironment, kafkaPart } from "./test-broker.ts";

export interface NodeUrls {
  readonly registry: string;
  readonly exchange: string;
  readonly national: string;
  readonly brokers: BrokerPlace;
}

/** Part of a YAML file; a test changes what it is about. */
export type ContentValue = string | number | boolean | Content | readonly ContentValue[];
export type Content = { readonly [key: string]: ContentValue };

/** Secrets of both nodes, as their environment. */
export function nodeEnvironment(urls: NodeUrls): Record<string, string> {
  const { brokers, exchange, national, registry } = urls;
  return {
    REGISTRY_URL: registry,
    EXCHANGE_URL: exchange,
    NATIONAL_URL: national,
    ...brokerEnvironment(brokers),
  };
}

/** A province on the tables of `small-province.ts`, as its YAML would say. */
export function provinceContent(province: ProvinceCode, urls: NodeUrls): Content {
  const entities = entityNames.map((entity) => {
    const { fields, table } = entityContract(entity);
    const columns = Object.fromEntries(fields.map((field) => [field.name, field.column]));
    return [
      entity,
      { table: `own.${table}`, key: ["source_key"], county: "own_county", fields: columns },
    ] as const;
  });
  return {
    role: "province",
    province,
    exchangeDb: { url: { env: "EXCHANGE_URL" } },
    kafka: kafka(urls),
    keys: {
      signing: { id: `${province}-1`, privateKeyFile: `./keys/${province}.key` },
      nation: [{ id: "nation-1", publicKeyFile: "./keys/nation.pub" }],
    },
    // Nobody else asks a test's registry: its latency tells of the test.
    registry: {
      engine: "postgres",
      url: { env: "REGISTRY_URL" },
      limits: { protect: { enabled: false } },
      entities: Object.fromEntries(entities),
    },
    load: { pollMs: 50, retryBudget: 1, chunkRows: 100 },
    link: { welcomeSeconds: 20, sweepMs: 500 },
    log: { level: "error" },
  };
}

export function nationalContent(province: ProvinceCode, urls: NodeUrls): Content {
  return {
    role: "national",
    database: { url: { env: "NATIONAL_URL" } },
    kafka: kafka(urls),
    keys: {
      signing: { id: "nation-1", privateKeyFile: "./keys/nation.key" },
      provinces: { [province]: [{ id: `${province}-1`, publicKeyFile: `./keys/${province}.pub` }] },
    },
    log: { level: "error" },
  };
}

/** kafkajs: a client without threads of its own, for tests that run commands in their process. */
function kafka(urls: NodeUrls): Content {
  return { ...kafkaPart(urls.brokers, "kafkajs"), requestTimeoutMs: 5000, sessionTimeoutMs: 6000 };
}

/** A folder with the keys of both nodes; returns a writer of configurations into it. */
export function nodeFolder(
  folder: string,
  province: ProvinceCode,
): (name: string, content: Content) => string {
  mkdirSync(join(folder, "keys"), { recursive: true });
  for (const owner of [province, "nation"]) {
    const { privatePem, publicPem } = createKeyPair();
    writeFileSync(join(folder, "keys", `${owner}.key`), privatePem, { mode: 0o600 });
    writeFileSync(join(folder, "keys", `${owner}.pub`), publicPem);
  }
  return (name, content) => {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, stringify(content));
    return file;
  };
}
