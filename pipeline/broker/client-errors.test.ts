import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import { type BrokerLogEvent, withoutRepetition } from "./broker-log.ts";
import { endsWithin, withDeadline } from "./deadline.ts";
import { kafkajsError } from "./kafkajs-errors.ts";
import { codeOf, facilityOf, rdkafkaError } from "./rdkafka-library.ts";

const failure = (more: object) => Object.assign(new Error("text"), more);

describe("errors of the Kafka clients", () => {
  it("of kafkajs become ours by their type, however deep it lies", () => {
    const cases: [string, unknown][] = [
      ["BROKER_REFUSED", failure({ type: "TOPIC_AUTHORIZATION_FAILED" })],
      [
        "BROKER_REFUSED",
        failure({ name: "KafkaJSNonRetriableError", cause: failure({ type: "SASL_AUTHENTICATION_FAILED" }) }),
      ],
      ["BROKER_REFUSED", failure({ name: "KafkaJSSASLAuthenticationError" })],
      ["TOPIC_MISSING", failure({ originalError: failure({ type: "UNKNOWN_TOPIC_OR_PARTITION" }) })],
      ["MESSAGE_TOO_LARGE", failure({ type: "MESSAGE_TOO_LARGE" })],
      ["BROKER_REFUSED", failure({ errors: [failure({ type: "INVALID_REPLICATION_FACTOR" })] })],
      ["BROKER_UNREACHABLE", failure({ name: "KafkaJSConnectionError" })],
      ["BROKER_UNREACHABLE", failure({ type: "OUT_OF_ORDER_SEQUENCE_NUMBER" })],
      ["BROKER_UNREACHABLE", "no error at all"],
      ["TOPIC_MISSING", new DuijieError("TOPIC_MISSING")],
    ];
    for (const [code, error] of cases) expect(kafkajsError(error, {}).code).to.equal(code);
  });

  it("of node-rdkafka become ours by number, or by text where it gives no number", () => {
    const cases: [string, unknown][] = [
      ["BROKER_REFUSED", failure({ code: 29 })],
      ["BROKER_REFUSED", failure({ code: -1, message: "authentication failure" })],
      ["TOPIC_MISSING", failure({ code: -1, message: "unknown topic or partition" })],
      ["TOPIC_MISSING", failure({ code: -188 })],
      ["MESSAGE_TOO_LARGE", failure({ code: 10 })],
      ["MESSAGE_TOO_LARGE", failure({ code: -1, message: "message size too large" })],
      ["BROKER_UNREACHABLE", failure({ code: -195 })],
      ["BROKER_UNREACHABLE", failure({ code: -1, message: "anything else" })],
      ["BROKER_UNREACHABLE", null],
    ];
    for (const [code, error] of cases) expect(rdkafkaError(error, {}).code).to.equal(code);
    expect(codeOf(failure({ code: "ECONNREFUSED" }))).to.equal(0);
  });

  it("keep the texts of clients out of parameters and logs", () => {
    const secret = failure({ message: "canary", code: -1, type: "X", fac: "FAIL" });
    expect(JSON.stringify(kafkajsError(secret, {}).params)).to.not.include("canary");
    expect(JSON.stringify(rdkafkaError(secret, {}).params)).to.not.include("canary");
    expect(facilityOf({ fac: "FAIL", message: "canary" })).to.equal("FAIL");
    expect(facilityOf("canary")).to.equal("unknown");
  });
});

describe("log of a Kafka client", () => {
  it("tells a code again only after ten seconds", () => {
    const told: BrokerLogEvent[] = [];
    let now = 0;
    const log = withoutRepetition(
      (event) => told.push(event),
      () => now,
    );
    for (const at of [0, 100, 9_999, 10_000, 10_001]) {
      now = at;
      log({ client: "rdkafka", level: "warn", code: "rdkafka.FAIL" });
    }
    log({ client: "rdkafka", level: "warn", code: "rdkafka.SESSTMOUT" });
    expect(told.map(({ code }) => code)).to.deep.equal(["rdkafka.FAIL", "rdkafka.FAIL", "rdkafka.SESSTMOUT"]);
  });
});

describe("deadline", () => {
  const never = new Promise<never>(() => undefined);

  it("ends what never ends with the given error", async () => {
    const late = new Error("late");
    const end = await withDeadline(never, 1, () => late).catch((error: unknown) => error);
    expect(end).to.equal(late);
  });

  it("hands on what ends in time, well or badly", async () => {
    expect(await withDeadline(Promise.resolve(7), 1_000, () => new Error("late"))).to.equal(7);
    const wrong = new Error("wrong");
    const end = await withDeadline(Promise.reject(wrong), 1_000, () => new Error("late")).catch(
      (error: unknown) => error,
    );
    expect(end).to.equal(wrong);
  });

  it("tells whether something ended", async () => {
    expect(await endsWithin(Promise.reject(new Error("wrong")), 1_000)).to.equal(true);
    expect(await endsWithin(never, 1)).to.equal(false);
  });
});
