import type * as Rdkafka from "node-rdkafka";
import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";
import type { BrokerOptions } from "./broker.ts";
import type { TlsTexts } from "./tls-files.ts";

export type RdkafkaLibrary = typeof Rdkafka.default;

/** node-rdkafka is an optional dependency with a compiled part. Throws BROKER_REFUSED, reason `client-missing`. */
export async function loadRdkafka(): Promise<RdkafkaLibrary> {
  try {
    // CommonJS: everything is in its default export.
    const { default: library } = await import("node-rdkafka");
    return library;
  } catch (cause) {
    throw new DuijieError("BROKER_REFUSED", { client: "rdkafka", reason: "client-missing" }, cause);
  }
}

/** librdkafka's connection settings; what is not here stays at its default. */
export function connectionConfig(options: BrokerOptions, tls: TlsTexts | null): Rdkafka.GlobalConfig {
  const { brokers, clientId, sasl } = options;
  const protocol = `${sasl === undefined ? "" : "sasl_"}${tls === null ? "plaintext" : "ssl"}` as const;
  return {
    "metadata.broker.list": brokers.join(","),
    "client.id": clientId,
    "security.protocol": protocol,
    "socket.keepalive.enable": true,
    "socket.nagle.disable": true,
    "reconnect.backoff.ms": 100,
    "reconnect.backoff.max.ms": 2_000,
    "topic.metadata.refresh.interval.ms": 60_000,
    // How long a topic that is not there may be a new one.
    "topic.metadata.propagation.max.ms": 3_000,
    "log.connection.close": false,
    log_level: 4,
    ...(tls?.ca === undefined ? {} : { "ssl.ca.pem": tls.ca }),
    ...(tls?.cert === undefined ? {} : { "ssl.certificate.pem": tls.cert }),
    ...(tls?.key === undefined ? {} : { "ssl.key.pem": tls.key }),
    ...(sasl === undefined
      ? {}
      : {
          "sasl.mechanisms": sasl.mechanism.toUpperCase(),
          "sasl.username": sasl.username,
          "sasl.password": sasl.password,
        }),
  };
}

const refusedCodes = new Map([
  [-169, "AUTHENTICATION"],
  [17, "INVALID_TOPIC"],
  [29, "TOPIC_AUTHORIZATION_FAILED"],
  [30, "GROUP_AUTHORIZATION_FAILED"],
  [31, "CLUSTER_AUTHORIZATION_FAILED"],
  [33, "UNSUPPORTED_SASL_MECHANISM"],
  [37, "INVALID_PARTITIONS"],
  [38, "INVALID_REPLICATION_FACTOR"],
  [40, "INVALID_CONFIG"],
  [44, "POLICY_VIOLATION"],
  [58, "SASL_AUTHENTICATION_FAILED"],
]);
const missingCodes = new Set([3, -188, -190]);
const tooLargeCodes = new Set([10, 18]);

/** librdkafka's errors as ours. What it can't tell is BROKER_UNREACHABLE: worth another try, its end is unknown. */
export function rdkafkaError(error: unknown, params: ErrorParams): DuijieError {
  if (error instanceof DuijieError) return error;
  const code = codeOf(error);
  const refused = refusedCodes.get(code);
  if (refused !== undefined) return new DuijieError("BROKER_REFUSED", { ...params, reason: refused }, error);
  if (missingCodes.has(code)) return new DuijieError("TOPIC_MISSING", params, error);
  if (tooLargeCodes.has(code)) return new DuijieError("MESSAGE_TOO_LARGE", params, error);
  return new DuijieError("BROKER_UNREACHABLE", { ...params, reason: String(code) }, error);
}

/** Delivery reports and events carry librdkafka's text alone, with -1 in place of its number. */
const codesByText = new Map([
  ["unknown topic or partition", 3],
  ["message size too large", 10],
  ["topic authorization failed", 29],
  ["cluster authorization failed", 31],
  ["unknown partition", -190],
  ["unknown topic", -188],
  ["fatal error", -150],
  ["authentication failure", -169],
  ["all broker connections are down", -187],
  ["message timed out", -192],
  ["broker transport failure", -195],
]);

/** librdkafka's number; 0 for an error that is not its. */
export function codeOf(error: unknown): number {
  if (typeof error !== "object" || error === null || !("code" in error)) return 0;
  if (typeof error.code !== "number") return 0;
  if (error.code !== -1 || !(error instanceof Error)) return error.code;
  return codesByText.get(error.message.toLowerCase()) ?? error.code;
}

/** `FAIL`, `MAXPOLL`: what a log event of librdkafka is about, without its text. */
export function facilityOf(event: unknown): string {
  if (typeof event !== "object" || event === null || !("fac" in event)) return "unknown";
  return typeof event.fac === "string" ? event.fac : "unknown";
}
