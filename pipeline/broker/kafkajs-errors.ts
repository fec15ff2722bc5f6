import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";

const refusedTypes = new Set([
  "SASL_AUTHENTICATION_FAILED",
  "UNSUPPORTED_SASL_MECHANISM",
  "ILLEGAL_SASL_STATE",
  "TOPIC_AUTHORIZATION_FAILED",
  "GROUP_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "SECURITY_DISABLED",
  "INVALID_REPLICATION_FACTOR",
  "INVALID_PARTITIONS",
  "INVALID_CONFIG",
  "POLICY_VIOLATION",
]);

/** kafkajs' errors as ours. What it can't tell is BROKER_UNREACHABLE: worth another try, its end is unknown. */
export function kafkajsError(error: unknown, params: ErrorParams): DuijieError {
  if (error instanceof DuijieError) return error;
  const chain = causes(error);
  const types = chain.map(({ type }) => type);
  const refused = types.find((type) => refusedTypes.has(type));
  const isSasl = chain.some(({ name }) => name === "KafkaJSSASLAuthenticationError");
  if (refused !== undefined || isSasl) {
    return new DuijieError("BROKER_REFUSED", { ...params, reason: refused ?? "SASL" }, error);
  }
  if (types.includes("UNKNOWN_TOPIC_OR_PARTITION")) return new DuijieError("TOPIC_MISSING", params, error);
  if (types.includes("MESSAGE_TOO_LARGE") || types.includes("RECORD_LIST_TOO_LARGE")) {
    return new DuijieError("MESSAGE_TOO_LARGE", params, error);
  }
  const reason = types.find((type) => type !== "") ?? chain[0]?.name ?? "unknown";
  return new DuijieError("BROKER_UNREACHABLE", { ...params, reason }, error);
}

/** The error and its causes, outermost first, with kafkajs' name and the protocol's error type. */
function causes(error: unknown): { name: string; type: string }[] {
  const chain: { name: string; type: string }[] = [];
  let current = error;
  while (current instanceof Error && chain.length < 10) {
    const type = "type" in current && typeof current.type === "string" ? current.type : "";
    chain.push({ name: current.name, type });
    current = "originalError" in current ? current.originalError : current.cause;
    if (current === undefined && error instanceof Error && "errors" in error && chain.length === 1) {
      current = Array.isArray(error.errors) ? error.errors[0] : undefined;
    }
  }
  return chain;
}
