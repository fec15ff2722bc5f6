import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import pg from "pg";
import { packageRoot } from "../../contracts/package-root.ts";
import { removeDatabase } from "../../embedded/database-place.ts";
import { type PostgresServer, startPostgres } from "../../embedded/postgres-server.ts";
import { openBroker } from "../../pipeline/broker/open-broker.ts";
import { purge } from "../../pipeline/broker/postgres-retention.ts";
import type { Ask } from "../../pipeline/broker/postgres-session.ts";
import { codeOf, numbered, optionsFor, Recorder, range, until } from "../support/broker-recorder.ts";
import { freshDatabase } from "../support/servers.ts";
import { until as untilTrue } from "../support/until.ts";

describe("log in PostgreSQL", function () {
  this.timeout(120_000);
  let url: string;
  const children: ChildProcess[] = [];

  before(async () => {
    url = (await freshDatabase("broker_log")).url;
  });
  after(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  function processOf(...args: string[]): ChildProcess & { readonly said: () => string } {
    const script = join(packageRoot, "test", "support", "log-process.ts");
    const child = spawn(process.execPath, ["--import=tsx", script, ...args], {
      cwd: packageRoot,
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    let output = "";
    child.stdout?.on("data", (bytes) => {
      output += String(bytes);
    });
    return Object.assign(child, { said: () => output });
  }

  async function ask(statement: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  it("keeps offsets without gaps, each visible after all lower ones, while two processes send at once", async () => {
    const topic = "test.two-senders";
    const broker = await openBroker("postgres", optionsFor([url]));
    await broker.ensureTopics([{ topic, partitions: 1, replicationFactor: 1, config: {} }]);
    const recorder = new Recorder();
    const seen: number[] = [];
    recorder.before = ({ offset }) => {
      seen.push(Number(offset));
      return Promise.resolve(null);
    };
    const consumer = await broker.consume(recorder.options(topic, [topic]));
    const senders = ["a", "b"].map((name) => processOf("send", url, topic, name, "400"));
    const ends = await Promise.all(senders.map(async (child) => await once(child, "close")));
    expect(ends.map(([code]) => code)).to.deep.equal([0, 0]);
    await until(() => recorder.delivered.length === 800, "800 messages");
    // The reader never met an offset before a lower one: it read while both wrote.
    expect(seen).to.deep.equal(range(0, 800));
    for (const sender of ["a", "b"]) {
      const own = recorder.delivered.filter(({ headers }) => headers["sender"] === sender);
      expect(own.map(({ headers }) => Number(headers["number"]))).to.deep.equal(range(0, 400));
    }
    const changes = recorder.delivered.filter(
      ({ headers }, at) => headers["sender"] !== recorder.delivered[at - 1]?.headers["sender"],
    );
    expect(changes.length, "both wrote at the same time").to.be.greaterThan(2);
    await consumer.stop(5_000);
    await broker.close();
  });

  it("shows no message of a transaction that is open, and none after it before it", async () => {
    const topic = "test.open-transaction";
    const broker = await openBroker("postgres", optionsFor([url]));
    await broker.ensureTopics([{ topic, partitions: 1, replicationFactor: 1, config: {} }]);
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query("BEGIN");
    await holder.query("UPDATE broker.partition SET next_offset = next_offset + 1 WHERE topic = $1", [topic]);
    await holder.query(
      "INSERT INTO broker.message (topic, partition, message_offset, bytes, headers, value) VALUES ($1, 0, 0, 1, '{}', 'x')",
      [topic],
    );
    let isSent = false;
    const sending = broker.send(numbered(topic, 1)).then(() => {
      isSent = true;
    });
    const waits = async () =>
      await ask(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
    await untilTrue("the sender waits", async () => (await waits()).length === 1);
    expect((await broker.watermarks(topic, 0)).high).to.equal(0n);
    expect(isSent).to.equal(false);
    await holder.query("COMMIT");
    await holder.end();
    await sending;
    expect((await broker.watermarks(topic, 0)).high).to.equal(2n);
    await broker.close();
  });

  it("moves the partitions of a killed process after its session, and not before", async () => {
    const topic = "test.silent-member";
    const broker = await openBroker("postgres", optionsFor([url]));
    await broker.ensureTopics([{ topic, partitions: 2, replicationFactor: 1, config: {} }]);
    const other = processOf("consume", url, topic, "3000");
    await until(() => /has 0[^]*has 1|has 1[^]*has 0/.test(other.said()), "both partitions there");
    other.kill("SIGKILL");
    await once(other, "close");
    const killedAt = performance.now();
    const recorder = new Recorder();
    const consumer = await broker.consume(recorder.options(topic, [topic], { sessionTimeoutMs: 3_000 }));
    await until(() => new Set(recorder.asked).size === 2, "both partitions here");
    // Its last beat was at most a tenth of the session before the kill.
    expect(performance.now() - killedAt).to.be.greaterThan(2_500);
    const members = await ask("SELECT count(*)::int AS n FROM broker.member WHERE group_id = $1", [topic]);
    expect(members).to.deep.equal([{ n: 1 }]);
    await consumer.stop(5_000);
    await broker.close();
  });

  it("lets a member that was struck off join again", async () => {
    const topic = "test.struck-off";
    const broker = await openBroker("postgres", optionsFor([url]));
    await broker.ensureTopics([{ topic, partitions: 2, replicationFactor: 1, config: {} }]);
    const recorder = new Recorder();
    const consumer = await broker.consume(recorder.options(topic, [topic]));
    await until(() => recorder.asked.length === 2, "the assignment");
    await ask("DELETE FROM broker.member WHERE group_id = $1", [topic]);
    await until(() => recorder.asked.length === 4, "the assignment of a new member");
    expect(recorder.revoked).to.have.length(2);
    await broker.send(numbered(topic, 4, 2));
    await until(() => recorder.delivered.length === 4, "4 messages");
    await consumer.stop(5_000);
    await broker.close();
  });

  it("drops what the topic's retention no longer keeps, and only that", async () => {
    const broker = await openBroker("postgres", optionsFor([url]));
    const kept = { "retention.ms": "-1" };
    const topics = { young: {}, small: { ...kept, "retention.bytes": "2000" }, all: kept };
    const specs = Object.entries(topics).map(([name, config]) => {
      return { topic: `test.retention.${name}`, partitions: 1, replicationFactor: 1, config };
    });
    await broker.ensureTopics(specs);
    for (const { topic } of specs) {
      await broker.send(
        range(0, 10).map(() => ({ topic, partition: 0, headers: {}, value: Buffer.alloc(500) })),
      );
    }
    // Four are older than Kafka's default of seven days.
    await ask(
      "UPDATE broker.message SET appended_at = appended_at - interval '8 days' WHERE topic LIKE 'test.retention.%' AND message_offset < 4",
    );
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const asking: Ask = async (sql, values = []) =>
      (await client.query<Record<string, unknown>>(sql, [...values])).rows;
    // 628 bytes each with their frame: the newest four hold 2,000.
    expect(await purge(asking)).to.equal(10);
    expect(await purge(asking)).to.equal(0);
    await client.end();
    expect(await broker.watermarks("test.retention.young", 0)).to.deep.equal({ low: 4n, high: 10n });
    expect(await broker.watermarks("test.retention.small", 0)).to.deep.equal({ low: 6n, high: 10n });
    expect(await broker.watermarks("test.retention.all", 0)).to.deep.equal({ low: 0n, high: 10n });
    await broker.close();
  });

  it("says in Chinese what each table and column is", async () => {
    const rows = await ask(
      `SELECT c.relname || coalesce('.' || a.attname, '') AS name FROM pg_class c
       LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE c.relnamespace = 'broker'::regnamespace AND c.relkind = 'r'
         AND (coalesce(col_description(c.oid, a.attnum), '') !~ '[一-龥]' OR coalesce(obj_description(c.oid), '') !~ '[一-龥]')`,
    );
    expect(rows).to.deep.equal([]);
  });

  it("is refused without rights, and names no password", async () => {
    const wrong = new URL(url);
    wrong.password = "canary";
    const broker = await openBroker("postgres", optionsFor([wrong.href]));
    const error: unknown = await broker.topics(["test.x"]).catch((thrown: unknown) => thrown);
    expect(await codeOf(Promise.reject(error))).to.equal("BROKER_REFUSED");
    expect(JSON.stringify(error)).to.not.include("canary");
    await broker.close();
  });
});

describe("log in a PostgreSQL of its own", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "duijie-log-"));
  let server: PostgresServer;

  before(async () => {
    server = await startPostgres({ dataFolder: join(folder, "postgres") });
  });
  after("removes the server", async () => await removeDatabase(join(folder, "postgres")));
  after("removes the folder", () => rmSync(folder, { recursive: true, force: true }));

  it("sends and consumes on when it is killed and started again, and no message is lost", async () => {
    const topic = "test.killed";
    const url = await server.createDatabase("log");
    const broker = await openBroker("postgres", optionsFor([url], { requestTimeoutMs: 5_000 }));
    const recorder = new Recorder();
    await broker.ensureTopics([{ topic, partitions: 2, replicationFactor: 1, config: {} }]);
    const consumer = await broker.consume(recorder.options(topic, [topic], { sessionTimeoutMs: 3_000 }));
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
    await server.kill();
    server = await startPostgres({ dataFolder: join(folder, "postgres"), port: server.port });
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
    await consumer.stop(3_000);
    await broker.close();
  });
});
