import type { Context } from "mocha";
import { createTexts } from "../../contracts/texts.ts";
import { kafkaObstacle } from "../../embedded/kafka-here.ts";
import { skip } from "./skip.ts";

/** What carries messages in tests that don't care which. */
export type BrokerKind = "kafka" | "postgres";

export const brokerKinds: readonly BrokerKind[] = ["kafka", "postgres"];

let obstacle: string | null | undefined;

/** Why no test can use a Kafka here; null if it can. `DUIJIE_TEST_BROKER=postgres|kafka` decides, else what is there. */
export function kafkaMissing(): string | null {
  if (process.env["DUIJIE_TEST_BROKER"] === "postgres") return "DUIJIE_TEST_BROKER=postgres";
  if (process.env["DUIJIE_TEST_BROKER"] === "kafka" || isGiven()) return null;
  obstacle ??= askedOnce();
  return obstacle;
}

/** Kafka where it can run, else the log in PostgreSQL. */
export function testBrokerKind(): BrokerKind {
  return kafkaMissing() === null ? "kafka" : "postgres";
}

function isGiven(): boolean {
  return (process.env["DUIJIE_TEST_KAFKA"] ?? "") !== "";
}

function askedOnce(): string | null {
  const error = kafkaObstacle(process.env);
  return error === null ? null : createTexts("en")(`errors.${error.code}.what`, error.params);
}

/** Skips what needs a kind of broker that can't be had here. */
export function skipWithout(context: Context, kind: BrokerKind): void {
  const reason = kind === "kafka" ? kafkaMissing() : null;
  if (reason !== null) skip(context, reason);
}
