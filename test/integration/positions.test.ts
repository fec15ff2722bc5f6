import { randomBytes } from "node:crypto";
import { expect } from "chai";
import pg from "pg";
import { DuijieError } from "../../contracts/errors.ts";
import type { Broker, Consumer, IncomingMessage } from "../../pipeline/broker/broker.ts";
import { PartitionPositions } from "../../pipeline/positions.ts";
import { brokerKinds, skipWithout } from "../support/broker-kind.ts";
import { freshDatabase } from "../support/servers.ts";
import { type BrokerPlace, openAt, testBroker } from "../support/test-broker.ts";
import { until } from "../support/until.ts";

const brokerOptions = { clientId: "test", requestTimeoutMs: 10_000, messageBytesMax: 1_000_000 };
const partitions = 3;
const perPartition = 60;

for (const kind of brokerKinds) {
  describe(`positions of consumers on PostgreSQL, messages by ${kind}`, function () {
    this.timeout(120_000);
    const members: Member[] = [];
    let pool: pg.Pool;
    let sender: Broker;
    let place: BrokerPlace;

    before(async function () {
      skipWithout(this, kind);
      place = await testBroker(kind);
      const { url } = await freshDatabase("positions");
      pool = new pg.Pool({ connectionString: url, max: 10 });
      // Sessions are ended below on purpose.
      pool.on("error", () => undefined);
      pool.on("connect", (client) => client.on("error", () => undefined));
      await pool.query(`
      CREATE SCHEMA national;
      CREATE TABLE national.consumer_position (consumer text, topic text, partition integer, next_offset bigint NOT NULL,
        epoch bigint NOT NULL, lost_at timestamptz, PRIMARY KEY (consumer, topic, partition));
      CREATE TABLE effect (nth bigserial, topic text, partition integer, message_offset bigint, member text)`);
      sender = await openAt(place, brokerOptions);
    });
    afterEach(async () => {
      for (const member of members.splice(0)) await member.stop();
    });
    after(async () => sender?.close());
    after(async () => pool?.end());

    async function newTopic(): Promise<string> {
      const topic = `test.positions.${randomBytes(6).toString("hex")}`;
      await sender.ensureTopics([{ topic, partitions, replicationFactor: 1, config: {} }]);
      const messages = Array.from({ length: partitions * perPartition }, (_, at) => ({
        topic,
        partition: at % partitions,
        headers: {},
        value: Buffer.from(String(at)),
      }));
      await sender.send(messages);
      return topic;
    }

    async function join(topic: string, name: string, trouble: Trouble): Promise<Member> {
      const broker = await openAt(place, brokerOptions, name.startsWith("rdkafka") ? "auto" : "kafkajs");
      const member = new Member(name, broker, pool, trouble);
      members.push(member);
      await member.start(topic);
      return member;
    }

    async function effects(topic: string): Promise<Map<number, number[]>> {
      const { rows } = await pool.query<{ partition: number; message_offset: string }>(
        "SELECT partition, message_offset FROM effect WHERE topic = $1 ORDER BY nth",
        [topic],
      );
      const found = new Map<number, number[]>();
      for (const row of rows) {
        found.set(row.partition, [...(found.get(row.partition) ?? []), Number(row.message_offset)]);
      }
      return found;
    }

    const complete = Array.from({ length: perPartition }, (_, offset) => offset);

    it("give each message one effect, in order, while members come, fail, lose connections and go", async () => {
      const topic = await newTopic();
      const first = await join(topic, "kafkajs-1", failingNowAndThen());
      await until("a third of the effects", async () => count(await effects(topic)) >= perPartition);
      await join(topic, "rdkafka-2", failingNowAndThen());
      await pool.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
      );
      await until("two thirds", async () => count(await effects(topic)) >= 2 * perPartition);
      await first.stop();
      await until("all effects", async () => count(await effects(topic)) >= 3 * perPartition);
      const found = await effects(topic);
      for (let partition = 0; partition < partitions; partition++) {
        expect(found.get(partition)).to.deep.equal(complete);
      }
      expect(members.some((member) => member.failures.includes("STORE_UNREACHABLE"))).to.equal(true);
    });

    it("are lost, and stay so, when the log ends before them", async () => {
      const topic = await newTopic();
      await pool.query("INSERT INTO national.consumer_position VALUES ('apply', $1, 0, 1000, 1)", [topic]);
      const member = await join(topic, "kafkajs-1", async () => "commit");
      await until("POSITION_LOST", async () => member.failures.includes("POSITION_LOST"));
      await until("the other partitions", async () => count(await effects(topic)) === 2 * perPartition);
      const { rows } = await pool.query<{ next_offset: string; is_lost: boolean }>(
        "SELECT next_offset, lost_at IS NOT NULL AS is_lost FROM national.consumer_position WHERE topic = $1 AND partition = 0",
        [topic],
      );
      expect(rows).to.deep.equal([{ next_offset: "1000", is_lost: true }]);
      expect((await effects(topic)).has(0)).to.equal(false);
    });

    it("go on by themselves when a person has set them right", async () => {
      const topic = await newTopic();
      await pool.query("INSERT INTO national.consumer_position VALUES ('apply', $1, 0, 1000, 1)", [topic]);
      const member = await join(topic, "kafkajs-1", async () => "commit");
      await until("POSITION_LOST", async () => member.failures.includes("POSITION_LOST"));
      await pool.query(
        "UPDATE national.consumer_position SET next_offset = 50, lost_at = NULL WHERE topic = $1 AND partition = 0",
        [topic],
      );
      await until("the last ten", async () => (await effects(topic)).get(0)?.length === 10);
      expect((await effects(topic)).get(0)).to.deep.equal(complete.slice(50));
    });
  });
}

/** How a delivery ends: as it should, rolled back, or committed without hearing of it. */
type End = "commit" | "rollback" | "commit-unheard";
type Trouble = () => Promise<End>;

function failingNowAndThen(): Trouble {
  let delivery = 0;
  return async () => {
    delivery += 1;
    if (delivery % 11 === 5) return "rollback";
    return delivery % 13 === 7 ? "commit-unheard" : "commit";
  };
}

function count(found: Map<number, number[]>): number {
  return [...found.values()].reduce((sum, offsets) => sum + offsets.length, 0);
}

/** A consumer as the national node has one: position and effect in one transaction. */
class Member {
  readonly failures: string[] = [];
  readonly #name: string;
  readonly #broker: Broker;
  readonly #pool: pg.Pool;
  readonly #trouble: Trouble;
  readonly #positions: PartitionPositions;
  #consumer: Consumer | null = null;

  constructor(name: string, broker: Broker, pool: pg.Pool, trouble: Trouble) {
    this.#name = name;
    this.#broker = broker;
    this.#pool = pool;
    this.#trouble = trouble;
    const table = "national.consumer_position";
    this.#positions = new PartitionPositions({ table, consumer: "apply", store: pool, log: broker });
  }

  async start(topic: string): Promise<void> {
    this.#consumer = await this.#broker.consume({
      groupId: topic,
      topics: [topic],
      position: (name, partition) => this.#positions.assign(name, partition),
      deliver: (message) => this.#deliver(message),
      revoked: async (name, partition) => this.#positions.release(name, partition),
      failed: (error) => void this.failures.push(error instanceof DuijieError ? error.code : "other"),
      retryDelayMs: 20,
      sessionTimeoutMs: 3_000,
    });
  }

  async stop(): Promise<void> {
    await this.#consumer?.stop(5_000);
    await this.#broker.close();
  }

  async #deliver(message: IncomingMessage): Promise<bigint | null> {
    const go = await this.#positions.admit(message);
    if (go === "skip") return null;
    if (go !== "apply") return go.seek;
    const client = await this.#pool.connect();
    try {
      await this.#apply(client, message);
      client.release();
      return null;
    } catch (error) {
      client.release(true);
      throw error instanceof DuijieError ? error : new DuijieError("STORE_UNREACHABLE", {}, error);
    }
  }

  async #apply(client: pg.PoolClient, message: IncomingMessage): Promise<void> {
    const end = await this.#trouble();
    await client.query("BEGIN");
    await this.#positions.advance(client, message);
    await client.query(
      "INSERT INTO effect (topic, partition, message_offset, member) VALUES ($1, $2, $3, $4)",
      [message.topic, message.partition, String(message.offset), this.#name],
    );
    await client.query(end === "rollback" ? "ROLLBACK" : "COMMIT");
    if (end !== "commit") throw new DuijieError("STORE_UNREACHABLE");
    this.#positions.committed(message);
  }
}
