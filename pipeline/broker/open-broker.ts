import { DuijieError } from "../../contracts/errors.ts";
import type { Broker, BrokerOptions } from "./broker.ts";
import { type BrokerLog, withoutRepetition } from "./broker-log.ts";
import { KafkajsBroker } from "./kafkajs-broker.ts";
import { PostgresBroker } from "./postgres-broker.ts";
import { RdkafkaBroker } from "./rdkafka-broker.ts";
import { loadRdkafka } from "./rdkafka-library.ts";
import { readTlsFiles } from "./tls-files.ts";

/**
 * `auto`: node-rdkafka where its compiled part is there, else kafkajs; told to `tell` as `client-fallback`. `postgres`:
 * no Kafka but a log in PostgreSQL, for trials on one machine; told as `trial-broker`.
 */
export type BrokerClient = "kafkajs" | "rdkafka" | "auto" | "postgres";

/**
 * Loads the client; connects on first use, so that it also succeeds while the broker is away. Throws BROKER_REFUSED
 * (reason `client-missing`) when node-rdkafka was asked for by name and is not built, FILE_UNREADABLE for TLS files.
 */
export async function openBroker(
  client: BrokerClient,
  options: BrokerOptions,
  tell: BrokerLog = () => undefined,
): Promise<Broker> {
  const log = withoutRepetition(tell);
  if (client === "postgres") return openLog(options, log);
  const tls = await readTlsFiles(options.tls);
  if (client === "kafkajs") return new KafkajsBroker(options, tls, log);
  try {
    return new RdkafkaBroker(await loadRdkafka(), options, tls, log);
  } catch (error) {
    const isMissing = error instanceof DuijieError && error.params["reason"] === "client-missing";
    if (client !== "auto" || !isMissing) throw error;
    log({ client: "rdkafka", level: "warn", code: "client-fallback" });
    return new KafkajsBroker(options, tls, log);
  }
}

function openLog(options: BrokerOptions, log: BrokerLog): Broker {
  const { url } = options;
  if (url === undefined) throw new DuijieError("CONFIG_INVALID", { setting: "kafka.url" });
  log({ client: "postgres", level: "warn", code: "trial-broker" });
  return new PostgresBroker({ ...options, url }, log);
}
