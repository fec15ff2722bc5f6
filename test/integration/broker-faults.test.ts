import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { freePort } from "../../embedded/free-port.ts";
import { type KafkaServer, startKafka } from "../../embedded/kafka-server.ts";
import type { BrokerOptions } from "../../pipeline/broker/broker.ts";
import { openBroker } from "../../pipeline/broker/open-broker.ts";
import { kafkaMissing } from "../support/broker-kind.ts";
import {
  codeOf,
  companions,
  missing,
  numbered,
  optionsFor,
  Recorder,
  range,
  until,
} from "../support/broker-recorder.ts";
import { skip } from "../support/skip.ts";

describe("broker with a Kafka of its own", function () {
  this.timeout(120_000);
  let folder = join(tmpdir(), "duijie-broker-none");
  let kafka: KafkaServer | undefined;
  let address: string;
  let settings: Record<string, string> = {};

  before(async function () {
    const reason = kafkaMissing();
    if (reason !== null) skip(this, reason);
    folder = await mkdtemp(join(tmpdir(), "duijie-broker-"));
    const [port, securePort, controllerPort] = [await freePort(), await freePort(), await freePort()];
    address = `127.0.0.1:${securePort}`;
    if (makeCertificate(folder)) settings = secureListener(folder, port, securePort, controllerPort);
    kafka = await startKafka({ folder: join(folder, "kafka"), port, settings });
  });
  after("ends the Kafka", async () => kafka?.kill());
  after("removes the folder", async () => rm(folder, { recursive: true, force: true }));

  for (const client of companions.kafkajs) {
    describe(`by ${client}`, () => {
      before(async function () {
        const reason = await missing(client);
        if (reason !== null) skip(this, reason);
      });

      it("sends and consumes on when it is killed and started again, and no message is lost", async () => {
        const topic = `test.killed.${client}`;
        const before = kafka!;
        const broker = await openBroker(client, optionsFor(before.brokers, { requestTimeoutMs: 5_000 }));
        const recorder = new Recorder();
        await broker.ensureTopics([{ topic, partitions: 2, replicationFactor: 1, config: {} }]);
        const consumer = await broker.consume(recorder.options(topic, [topic], { sessionTimeoutMs: 3_000 }));
        try {
          const messages = numbered(topic, 300, 2);
          let sent = 0;
          const sending = (async () => {
            while (sent < messages.length) {
              const code = await codeOf(broker.send(messages.slice(sent, sent + 1)));
              // Its end is unknown: the same bytes again.
              if (code === "no error") sent += 1;
              else expect(code).to.equal("BROKER_UNREACHABLE");
            }
          })();
          await until(() => sent >= 100 && recorder.delivered.length >= 50, "100 messages", 60_000);
          await before.kill();
          kafka = await startKafka({ folder: join(folder, "kafka"), port: before.port, settings });
          await sending;
          const seen = () => new Set(recorder.delivered.map(({ headers }) => headers["number"]));
          await until(() => seen().size === 300, "all messages", 60_000);
          for (const partition of [0, 1]) {
            const offsets = recorder.offsets(partition);
            expect(offsets).to.deep.equal(range(0, offsets.length));
            const numbers = recorder.delivered.filter((message) => message.partition === partition);
            const firsts = [...new Set(numbers.map(({ headers }) => Number(headers["number"])))];
            expect(firsts).to.deep.equal(firsts.toSorted((a, b) => a - b));
          }
        } finally {
          await consumer.stop(3_000);
          await broker.close();
        }
      });

      const secured = (password: string): BrokerOptions =>
        optionsFor([address], {
          requestTimeoutMs: 5_000,
          tls: { caFile: join(folder, "certificate.pem") },
          sasl: { mechanism: "plain", username: "province", password },
        });

      it("sends and consumes over TLS with a password", async function () {
        if (Object.keys(settings).length === 0) skip(this, "no openssl here that makes a certificate");
        const broker = await openBroker(client, secured("right"));
        const topic = `test.secure.${client}`;
        await broker.ensureTopics([{ topic, partitions: 1, replicationFactor: 1, config: {} }]);
        await broker.send(numbered(topic, 3));
        const recorder = new Recorder();
        const consumer = await broker.consume(recorder.options(topic, [topic]));
        await until(() => recorder.delivered.length === 3, "3 messages");
        await consumer.stop(5_000);
        await broker.close();
      });

      it("is refused by a wrong password", async function () {
        if (Object.keys(settings).length === 0) skip(this, "no openssl here that makes a certificate");
        const broker = await openBroker(client, secured("wrong"));
        expect(await codeOf(broker.topics(["test.secure"]))).to.equal("BROKER_REFUSED");
        expect(await codeOf(broker.send(numbered("test.secure", 1)))).to.equal("BROKER_REFUSED");
        await broker.close();
      });

      it("says which TLS file can't be read", async () => {
        const options = optionsFor([address], { tls: { caFile: join(folder, "absent.pem") } });
        expect(await codeOf(openBroker(client, options))).to.equal("FILE_UNREADABLE");
      });
    });
  }
});

function secureListener(
  folder: string,
  port: number,
  securePort: number,
  controllerPort: number,
): Record<string, string> {
  const own = [`PLAINTEXT://127.0.0.1:${port}`, `SECURE://127.0.0.1:${securePort}`];
  return {
    listeners: [...own, `CONTROLLER://127.0.0.1:${controllerPort}`].join(","),
    "advertised.listeners": own.join(","),
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.secure.plain.sasl.jaas.config":
      'org.apache.kafka.common.security.plain.PlainLoginModule required user_province="right";',
    "listener.name.secure.ssl.keystore.type": "PEM",
    "listener.name.secure.ssl.keystore.location": join(folder, "server.pem"),
  };
}

function makeCertificate(folder: string): boolean {
  const request =
    "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1";
  try {
    const args = [...request.split(" "), "-keyout", "key.pem", "-out", "certificate.pem"];
    execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  } catch {
    return false;
  }
  const pem = ["key.pem", "certificate.pem"].map((file) => readFileSync(join(folder, file), "utf8"));
  writeFileSync(join(folder, "server.pem"), pem.join(""));
  return true;
}
