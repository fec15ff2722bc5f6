import type { Broker, BrokerOptions } from "../../pipeline/broker/broker.ts";
import { openBroker } from "../../pipeline/broker/open-broker.ts";
import { type BrokerKind, testBrokerKind } from "./broker-kind.ts";
import { freshDatabase, testKafka } from "./servers.ts";

/**
 * Where a broker is: Kafka's addresses, or the one URL of a log in PostgreSQL. What a test is given it hands on;
 * `openAt` and `kafkaPart` know the difference.
 */
export type BrokerPlace = readonly string[];

let log: Promise<BrokerPlace> | undefined;

/** The broker of this run, by what there is on this machine, or the one of a kind. */
export async function testBroker(kind: BrokerKind = testBrokerKind()): Promise<BrokerPlace> {
  if (kind === "kafka") return await testKafka();
  log ??= freshDatabase("broker").then(({ url }) => [url]);
  return await log;
}

export function logUrl(place: BrokerPlace): string | undefined {
  return place.find((one) => one.startsWith("postgres"));
}

/** `client`: of Kafka, where the place is one. */
export async function openAt(
  place: BrokerPlace,
  options: Omit<BrokerOptions, "brokers" | "url">,
  client: "kafkajs" | "rdkafka" | "auto" = "kafkajs",
): Promise<Broker> {
  const url = logUrl(place);
  if (url !== undefined) return await openBroker("postgres", { ...options, brokers: [], url });
  return await openBroker(client, { ...options, brokers: place });
}

/** The beginning of `kafka` in a configuration; a log's URL is expected in the environment. */
export function kafkaPart(place: BrokerPlace, client: "kafkajs" | "rdkafka") {
  if (logUrl(place) !== undefined) return { client: "postgres", url: { env: "DUIJIE_BROKER_URL" } } as const;
  return { client, brokers: [...place] } as const;
}

export function brokerEnvironment(place: BrokerPlace): Record<string, string> {
  const url = logUrl(place);
  return url === undefined ? {} : { DUIJIE_BROKER_URL: url };
}
