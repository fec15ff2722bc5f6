import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import { freePort } from "../../embedded/free-port.ts";
import type { Broker, BrokerOptions, ConsumeOptions, Consumer } from "../../pipeline/broker/broker.ts";
import { openBroker } from "../../pipeline/broker/open-broker.ts";
import {
  type Client,
  clients,
  codeOf,
  companions,
  missing,
  numbered,
  optionsFor,
  Recorder,
  range,
  until,
} from "../support/broker-recorder.ts";
import { freshDatabase, testKafka } from "../support/servers.ts";
import { skip } from "../support/skip.ts";

for (const client of clients) {
  describe(`broker by ${client}`, function () {
    this.timeout(60_000);
    const open: { close(): Promise<void> }[] = [];
    let broker: Broker;
    let brokers: readonly string[];

    before(async function () {
      const reason = await missing(client);
      if (reason !== null) skip(this, reason);
      brokers = client === "postgres" ? [(await freshDatabase("broker_suite")).url] : await testKafka();
      broker = await openBroker(client, optionsFor(brokers));
    });

    afterEach(async () => {
      for (const one of open.splice(0).toReversed()) await one.close();
    });

    after(async () => {
      await broker?.close();
    });

    async function newTopic(partitions = 1, config: Record<string, string> = {}): Promise<string> {
      const topic = `test.${client}.${randomBytes(6).toString("hex")}`;
      await broker.ensureTopics([{ topic, partitions, replicationFactor: 1, config }]);
      return topic;
    }

    async function opened(by: Client = client, more: Partial<BrokerOptions> = {}): Promise<Broker> {
      const another = await openBroker(by, optionsFor(brokers, more));
      open.push(another);
      return another;
    }

    async function consume(options: ConsumeOptions, by: Broker = broker): Promise<Consumer> {
      const consumer = await by.consume(options);
      open.push({ close: () => consumer.stop(5_000) });
      return consumer;
    }

    it("hands over bytes and headers exactly as they were sent", async () => {
      const topic = await newTopic();
      const every = Buffer.from(range(0, 256));
      const messages = [Buffer.alloc(0), every, randomBytes(1_000_000)].map((value) => ({
        topic,
        partition: 0,
        headers: { ce_id: "1", 汉字: "安徽省 𠮷", empty: "", long: "x".repeat(10_000) },
        value,
      }));
      for (const message of messages) await broker.send([message]);
      const recorder = new Recorder();
      await consume(recorder.options(topic, [topic]));
      await until(() => recorder.delivered.length === 3, "3 messages");
      recorder.delivered.forEach((message, at) => {
        expect(message.headers).to.deep.equal(messages[at]?.headers);
        expect(message.value.equals(messages[at]?.value ?? Buffer.of(1)), `value ${at}`).to.equal(true);
        expect([message.topic, message.partition, message.offset]).to.deep.equal([topic, 0, BigInt(at)]);
      });
    });

    it("keeps the order of each partition, over many sends at once", async () => {
      const topic = await newTopic(3);
      const messages = numbered(topic, 600, 3);
      const sends = range(0, 20).map((at) => broker.send(messages.slice(at * 30, at * 30 + 30)));
      await Promise.all(sends);
      const recorder = new Recorder();
      await consume(recorder.options(topic, [topic]));
      await until(() => recorder.delivered.length === 600, "600 messages");
      for (const partition of [0, 1, 2]) {
        expect(recorder.offsets(partition)).to.deep.equal(range(0, 200));
        const numbers = recorder.delivered.filter((message) => message.partition === partition);
        const expected = messages.filter((message) => message.partition === partition);
        expect(numbers.map(({ headers }) => headers["number"])).to.deep.equal(
          expected.map(({ headers }) => headers["number"]),
        );
      }
    });

    it("begins where the consumer says", async () => {
      const topic = await newTopic(2);
      await broker.send(numbered(topic, 20, 2));
      const recorder = new Recorder(new Map([[`${topic}/0`, 7n]]));
      await consume(recorder.options(topic, [topic]));
      await until(() => recorder.delivered.length === 13, "3 and 10 messages");
      expect(recorder.offsets(0)).to.deep.equal([7, 8, 9]);
      expect(recorder.offsets(1)).to.deep.equal(range(0, 10));
      // A client may fail to seek right after the assignment, and then asks again.
      expect(new Set(recorder.asked)).to.deep.equal(new Set([`${topic}/0`, `${topic}/1`]));
      expect(recorder.unexplainedQuestions()).to.deep.equal([]);
    });

    it("delivers what comes later without being asked again", async () => {
      const topic = await newTopic();
      const recorder = new Recorder();
      await consume(recorder.options(topic, [topic]));
      await until(() => recorder.asked.length === 1, "the assignment");
      for (const message of numbered(topic, 5)) await broker.send([message]);
      await until(() => recorder.delivered.length === 5, "5 messages");
      expect(new Set(recorder.asked)).to.deep.equal(new Set([`${topic}/0`]));
      expect(recorder.unexplainedQuestions()).to.deep.equal([]);
    });

    it("asks for the position again after a delivery that failed, and goes on there", async () => {
      const topic = await newTopic();
      await broker.send(numbered(topic, 10));
      const recorder = new Recorder();
      const seen: number[] = [];
      let failuresLeft = 2;
      recorder.before = async ({ offset }) => {
        seen.push(Number(offset));
        if (offset === 6n && failuresLeft-- > 0) throw new DuijieError("STORE_UNREACHABLE");
        return null;
      };
      await consume(recorder.options(topic, [topic]));
      await until(() => recorder.delivered.length === 10, "10 messages");
      expect(recorder.offsets(0)).to.deep.equal(range(0, 10));
      expect(seen).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 6, 6, 7, 8, 9]);
      expect(recorder.failures).to.deep.equal(["STORE_UNREACHABLE", "STORE_UNREACHABLE"]);
      expect(recorder.asked).to.have.length(3);
    });

    it("tries again when the position can't be told", async () => {
      const topic = await newTopic();
      await broker.send(numbered(topic, 3));
      const recorder = new Recorder();
      let failuresLeft = 2;
      const position = async () => {
        if (failuresLeft-- > 0) throw new DuijieError("STORE_UNREACHABLE");
        return 1n;
      };
      await consume(recorder.options(topic, [topic], { position }));
      await until(() => recorder.delivered.length === 2, "2 messages");
      expect(recorder.offsets(0)).to.deep.equal([1, 2]);
      expect(recorder.failures).to.have.length(2);
    });

    it("goes on from the offset that a delivery returns, back or forth", async () => {
      const topic = await newTopic();
      await broker.send(numbered(topic, 12));
      const recorder = new Recorder();
      const seen: number[] = [];
      recorder.before = async ({ offset }) => {
        seen.push(Number(offset));
        if (offset === 5n && seen.length === 6) return 2n;
        return offset === 7n ? 10n : null;
      };
      await consume(recorder.options(topic, [topic]));
      await until(() => seen.includes(11), "the last message");
      expect(seen).to.deep.equal([0, 1, 2, 3, 4, 5, 2, 3, 4, 5, 6, 7, 10, 11]);
    });

    it("reports a position after the log's end, and delivers nothing in its place", async () => {
      const topic = await newTopic();
      await broker.send(numbered(topic, 3));
      const recorder = new Recorder(new Map([[`${topic}/0`, 100n]]));
      const seen: bigint[] = [];
      recorder.before = async ({ offset }) => {
        seen.push(offset);
        return null;
      };
      await consume(recorder.options(topic, [topic]));
      await until(() => recorder.failures.includes("POSITION_LOST"), "POSITION_LOST");
      expect(seen).to.deep.equal([]);
      recorder.positions.set(`${topic}/0`, 1n);
      await until(() => seen.length === 2, "the messages after the right position");
      expect(seen).to.deep.equal([1n, 2n]);
    });

    it("delivers one at a time in a partition, partitions side by side", async () => {
      const topic = await newTopic(2);
      await broker.send(numbered(topic, 20, 2));
      const recorder = new Recorder();
      const under = new Map<number, number>();
      let most = 0;
      let release: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      recorder.before = async ({ partition }) => {
        under.set(partition, (under.get(partition) ?? 0) + 1);
        most = Math.max(most, under.get(partition) ?? 0);
        if (partition === 0) await gate;
        under.set(partition, (under.get(partition) ?? 0) - 1);
        return null;
      };
      await consume(recorder.options(topic, [topic]));
      await until(() => recorder.offsets(1).length === 10, "the other partition");
      expect(recorder.offsets(0)).to.deep.equal([]);
      release();
      await until(() => recorder.delivered.length === 20, "20 messages");
      expect(most).to.equal(1);
    });

    it("holds back what a slow consumer has not taken yet, and loses none of it", async () => {
      const topic = await newTopic();
      const value = randomBytes(400_000);
      for (const at of range(0, 15)) {
        await broker.send(
          range(0, 4).map((more) => ({ topic, partition: 0, headers: { at: `${at}.${more}` }, value })),
        );
      }
      const recorder = new Recorder();
      recorder.before = async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return null;
      };
      await consume(recorder.options(topic, [topic]));
      await until(() => recorder.delivered.length === 60, "60 messages of 400 kB");
      expect(recorder.offsets(0)).to.deep.equal(range(0, 60));
    });

    it("keeps its partitions during a delivery longer than the session", async () => {
      const topic = await newTopic();
      await broker.send(numbered(topic, 3));
      const recorder = new Recorder();
      recorder.before = async ({ offset }) => {
        // The time itself is what is tested: nothing to wait for.
        if (offset === 0n) await new Promise((resolve) => setTimeout(resolve, 3_500));
        return null;
      };
      await consume(recorder.options(topic, [topic], { sessionTimeoutMs: 1_500 }));
      await until(() => recorder.delivered.length === 3, "3 messages");
      expect(recorder.asked).to.have.length(1);
      expect(recorder.revoked).to.deep.equal([]);
    });

    for (const other of companions[client]) {
      it(`shares a group's partitions with a member by ${other}, and takes all when it leaves`, async function () {
        const reason = await missing(other);
        if (reason !== null) skip(this, reason);
        const topic = await newTopic(4);
        const positions = new Map<string, bigint>();
        const [first, second] = [new Recorder(positions), new Recorder(positions)];
        const all = () =>
          [...first.delivered, ...second.delivered].map(({ headers }) => Number(headers["number"]));
        await consume(first.options(topic, [topic], { sessionTimeoutMs: 3_000 }));
        await until(() => first.asked.length === 4, "all partitions");
        const another = await (await opened(other)).consume(
          second.options(topic, [topic], { sessionTimeoutMs: 3_000 }),
        );
        await until(() => second.asked.length === 2, "half of the partitions");
        const messages = numbered(topic, 80, 4);
        await broker.send(messages.slice(0, 40));
        await until(() => new Set(all()).size === 40, "40 messages by both");
        expect(first.delivered.length).to.be.greaterThan(0);
        expect(second.delivered.length).to.be.greaterThan(0);
        expect(first.revoked.length).to.be.at.least(4);
        const askedBefore = first.asked.length;
        await another.stop(5_000);
        expect(second.revoked).to.have.length(2);
        await until(() => first.asked.length >= askedBefore + 4, "all partitions again");
        await broker.send(messages.slice(40));
        await until(() => new Set(all()).size === 80, "80 messages");
        expect(all().toSorted((a, b) => a - b)).to.deep.equal(range(0, 80));
      });

      it(`writes what ${other} reads`, async function () {
        const reason = await missing(other);
        if (reason !== null) skip(this, reason);
        const topic = await newTopic(2);
        const messages = numbered(topic, 20, 2).map((message) => ({ ...message, value: randomBytes(1_000) }));
        await broker.send(messages);
        const recorder = new Recorder();
        await consume(recorder.options(topic, [topic]), await opened(other));
        await until(() => recorder.delivered.length === 20, "20 messages");
        for (const message of recorder.delivered) {
          const sent = messages[Number(message.headers["number"])];
          expect(message.headers).to.deep.equal(sent?.headers);
          expect(message.value.equals(sent?.value ?? Buffer.alloc(0))).to.equal(true);
        }
      });
    }

    it("tells the log's ends", async () => {
      const topic = await newTopic(2);
      await broker.send(numbered(topic, 5));
      expect(await broker.watermarks(topic, 0)).to.deep.equal({ low: 0n, high: 5n });
      expect(await broker.watermarks(topic, 1)).to.deep.equal({ low: 0n, high: 0n });
      expect(await codeOf(broker.watermarks(topic, 2))).to.equal("TOPIC_MISSING");
      expect(await codeOf(broker.watermarks(`${topic}.missing`, 0))).to.equal("TOPIC_MISSING");
    });

    it("creates topics once and leaves what exists alone", async () => {
      const topic = await newTopic(3);
      const spec = { topic, partitions: 7, replicationFactor: 1, config: { "retention.ms": "1000" } };
      const second = { ...spec, topic: `${topic}.second`, partitions: 2 };
      await broker.ensureTopics([spec, second]);
      await broker.ensureTopics([spec, second]);
      const found = await broker.topics([topic, second.topic, `${topic}.missing`]);
      expect([...found]).to.have.deep.members([
        [topic, 3],
        [second.topic, 2],
      ]);
    });

    it("refuses a topic that the broker can't make", async () => {
      const spec = { topic: `test.${client}.wide`, partitions: 1, replicationFactor: 3, config: {} };
      expect(await codeOf(broker.ensureTopics([spec]))).to.equal("BROKER_REFUSED");
    });

    it("refuses a message that is too large, before sending and by the broker", async () => {
      const topic = await newTopic(1, { "max.message.bytes": "20000" });
      const small = await opened(client, { messageBytesMax: 5_000 });
      const message = (bytes: number) => [{ topic, partition: 0, headers: {}, value: Buffer.alloc(bytes) }];
      expect(await codeOf(small.send(message(5_001)))).to.equal("MESSAGE_TOO_LARGE");
      expect(await codeOf(broker.send(message(30_000)))).to.equal("MESSAGE_TOO_LARGE");
      await broker.send(message(10_000));
      await small.send(message(4_000));
      expect((await broker.watermarks(topic, 0)).high).to.equal(2n);
    });

    it("sends more at once than one request may hold", async () => {
      const topic = await newTopic();
      const value = randomBytes(300_000);
      await broker.send(range(0, 12).map(() => ({ topic, partition: 0, headers: {}, value })));
      expect((await broker.watermarks(topic, 0)).high).to.equal(12n);
    });

    it("says which topic is missing", async () => {
      const topic = `test.${client}.missing`;
      expect(await codeOf(broker.consume(new Recorder().options(topic, [topic])))).to.equal("TOPIC_MISSING");
      expect(await codeOf(broker.send(numbered(topic, 1)))).to.equal("TOPIC_MISSING");
      expect((await broker.topics([topic])).size).to.equal(0);
    });

    it("stops in time while a delivery hangs", async () => {
      const topic = await newTopic();
      await broker.send(numbered(topic, 2));
      const recorder = new Recorder();
      let isHanging = false;
      recorder.before = () => {
        isHanging = true;
        return new Promise(() => undefined);
      };
      const consumer = await broker.consume(recorder.options(topic, [topic]));
      await until(() => isHanging, "the delivery");
      const before = performance.now();
      await consumer.stop(1_000);
      expect(performance.now() - before).to.be.lessThan(4_000);
      expect(recorder.delivered).to.deep.equal([]);
    });

    it("waits for the delivery under way before it stops", async () => {
      const topic = await newTopic();
      await broker.send(numbered(topic, 5));
      const recorder = new Recorder();
      let release: () => void = () => undefined;
      let isWaiting = false;
      recorder.before = () =>
        new Promise((resolve) => {
          isWaiting = true;
          release = () => resolve(null);
        });
      const consumer = await broker.consume(recorder.options(topic, [topic]));
      await until(() => isWaiting, "the delivery");
      const stopped = consumer.stop(10_000);
      release();
      await stopped;
      expect(recorder.offsets(0)).to.deep.equal([0]);
      expect(recorder.revoked).to.deep.equal([`${topic}/0`]);
    });

    it("says BROKER_UNREACHABLE within the deadline where nobody answers", async () => {
      const address = `127.0.0.1:${await freePort()}`;
      const place = client === "postgres" ? `postgres://nobody@${address}/nowhere` : address;
      const nowhere = await openBroker(client, optionsFor([place], { requestTimeoutMs: 1_500 }));
      try {
        const before = performance.now();
        const ends = await Promise.all([
          codeOf(nowhere.send(numbered("test.nowhere", 1))),
          codeOf(nowhere.topics(["test.nowhere"])),
          codeOf(nowhere.watermarks("test.nowhere", 0)),
          codeOf(nowhere.consume(new Recorder().options("nowhere", ["test.nowhere"]))),
        ]);
        expect(ends).to.deep.equal(ends.map(() => "BROKER_UNREACHABLE"));
        expect(performance.now() - before).to.be.lessThan(4_000);
      } finally {
        await nowhere.close();
      }
    });
  });
}
