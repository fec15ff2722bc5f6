import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Context } from "mocha";
import pg from "pg";
import { DuijieError } from "../../contracts/errors.ts";
import { removeDatabase } from "../../embedded/database-place.ts";
import { isPortFree } from "../../embedded/free-port.ts";
import { type KafkaServer, startKafka } from "../../embedded/kafka-server.ts";
import { type PostgresServer, startPostgres } from "../../embedded/postgres-server.ts";
import { isAlive, processIdentity, waitUntilGone } from "../../embedded/process-identity.ts";
import { ownIdentity, runningServer, stopServer, writeState } from "../../embedded/state.ts";
import { kafkaMissing } from "../support/broker-kind.ts";
import { skip } from "../support/skip.ts";

async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  // The server's end is one of the things tested here.
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

async function caught(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail("it did not fail"),
    (error: unknown) => error,
  );
}

function identityOf(pid: number) {
  const identity = processIdentity(pid);
  if (identity === undefined) throw new Error(`process ${pid} is gone`);
  return identity;
}

describe("embedded PostgreSQL", () => {
  const dataFolder = join(mkdtempSync(join(tmpdir(), "duijie-embedded-")), "postgres");
  let server: PostgresServer;

  before(async () => {
    server = await startPostgres({ dataFolder, settings: { shared_buffers: "32MB" } });
  });
  after(() => removeDatabase(dataFolder));

  it("is PostgreSQL 18 in UTF-8, durable, on the loopback address alone", async () => {
    const [row] = await ask(
      server.adminUrl,
      `SELECT current_setting('server_version_num')::int / 10000 AS version, current_setting('server_encoding') AS encoding,
         current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
         current_setting('listen_addresses') AS addresses`,
    );
    expect(row).to.deep.equal({
      version: 18,
      encoding: "UTF8",
      fsync: "on",
      commit: "on",
      addresses: "127.0.0.1",
    });
  });

  it("lets nobody in without the password", async () => {
    const url = new URL(server.adminUrl);
    url.password = "wrong";
    expect(await caught(ask(url.href, "SELECT 1"))).to.have.property("code", "28P01");
  });

  it("does not run as root", async function () {
    if (process.platform !== "linux") return this.skip();
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1];
    expect(Number(uid)).to.be.greaterThan(0);
  });

  it("can create ICU collations, the pinyin order and one without case", async () => {
    await ask(server.adminUrl, "CREATE COLLATION pinyin (provider = icu, locale = 'zh-u-co-pinyin')");
    await ask(
      server.adminUrl,
      "CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    );
    const rows = await ask(
      server.adminUrl,
      `SELECT '阿' COLLATE pinyin < '波' AS pinyin, '波' COLLATE "C" < '阿' AS bytes, 'a' = 'A' COLLATE no_case AS same`,
    );
    expect(rows).to.deep.equal([{ pinyin: true, bytes: true, same: true }]);
  });

  it("clones a database from a template", async () => {
    const template = await server.createDatabase("template-one");
    await ask(template, "CREATE TABLE kept AS SELECT 7 AS n");
    const clone = await server.createDatabase("clone one", "template-one");
    expect(await ask(clone, "SELECT n FROM kept")).to.deep.equal([{ n: 7 }]);
    await server.dropDatabase("clone one");
    expect(await caught(ask(clone, "SELECT 1"))).to.have.property("code", "3D000");
  });

  it("keeps what was committed through SIGKILL, on the same port, with the same password", async () => {
    const database = await server.createDatabase("survivor");
    await ask(database, "CREATE TABLE kept AS SELECT 1 AS n");
    const { port, password } = server;
    await server.kill();
    expect(runningServer(dataFolder)).to.equal(undefined);
    server = await startPostgres({ dataFolder, port });
    expect([server.port, server.password]).to.deep.equal([port, password]);
    expect(await ask(database, "SELECT n FROM kept")).to.deep.equal([{ n: 1 }]);
  });

  it("starts over a lock file whose pid a stranger has now", async () => {
    const { port } = server;
    const pidFile = await fileOfLock(server.adminUrl);
    await server.kill();
    const lock = readFileSync(pidFile, "utf8");
    writeFileSync(pidFile, lock.replace(/^\d+/, String(process.pid)));
    server = await startPostgres({ dataFolder, port });
    expect(await ask(server.adminUrl, "SELECT 1 AS n")).to.deep.equal([{ n: 1 }]);
  });

  it("says what is wrong with a setting, and leaves no process behind", async () => {
    const { port } = server;
    await server.stop();
    const error = await caught(startPostgres({ dataFolder, port, settings: { shared_buffers: "much" } }));
    expect(error).to.be.instanceOf(DuijieError).and.have.property("code", "SETUP_FAILED");
    expect(JSON.stringify(error)).to.contain("shared_buffers");
    expect(await isPortFree(port)).to.equal(true);
    server = await startPostgres({ dataFolder, port });
  });

  it("refuses a folder that a living process answers for", async () => {
    const state = runningServer(dataFolder);
    if (state === undefined) throw new Error("no state");
    const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    await once(other, "spawn");
    writeState(dataFolder, { ...state, owner: identityOf(other.pid ?? 0) });
    try {
      const error = await caught(startPostgres({ dataFolder }));
      expect(error).to.have.property("code", "SETUP_FAILED");
      expect(isAlive(state.process)).to.equal(true);
    } finally {
      other.kill("SIGKILL");
      await once(other, "exit");
    }
  });

  it("takes over from a starter that died, by ending its server", async () => {
    // The test before left an owner that is dead now.
    const before = identityOf(server.pid);
    server = await startPostgres({ dataFolder });
    expect(isAlive(before)).to.equal(false);
    expect(isAlive(identityOf(server.pid))).to.equal(true);
  });

  it("is ended through its state file, once", async () => {
    const identity = identityOf(server.pid);
    expect(await stopServer(dataFolder)).to.equal(true);
    expect(isAlive(identity)).to.equal(false);
    expect(await stopServer(dataFolder)).to.equal(false);
  });
});

describe("the state file of an embedded server", () => {
  it("never ends a stranger who has the pid now", async () => {
    const folder = mkdtempSync(join(tmpdir(), "duijie-state-"));
    const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    await once(stranger, "spawn");
    const identity = identityOf(stranger.pid ?? 0);
    try {
      const state = { kind: "kafka", port: 1, owner: null, address: "127.0.0.1:1" } as const;
      writeState(folder, { ...state, process: { ...identity, birth: "an earlier boot/1" } });
      expect(await stopServer(folder)).to.equal(false);
      expect(isAlive(identity)).to.equal(true);
      expect(existsSync(join(folder, "state.json"))).to.equal(false);
    } finally {
      stranger.kill("SIGKILL");
      await once(stranger, "exit");
      rmSync(folder, { recursive: true });
    }
  });
});

describe("embedded servers and their starter", () => {
  const dataFolder = join(mkdtempSync(join(tmpdir(), "duijie-starter-")), "postgres");
  after(() => removeDatabase(dataFolder));

  /** Starts a server in a process of its own, which ends at once; returns the server's pid. */
  async function startElsewhere(detached: boolean): Promise<number> {
    const module = JSON.stringify(new URL("../../embedded/postgres-server.ts", import.meta.url).href);
    const script = `const { startPostgres } = await import(${module});
      const server = await startPostgres({ dataFolder: ${JSON.stringify(dataFolder)}, detached: ${detached} });
      process.stdout.write(String(server.pid)); process.exit(0);`;
    const args = ["--import=tsx", "--input-type=module", "-e", script];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk) => (output += String(chunk)));
    await once(child, "close");
    return Number(output);
  }

  it("leaves a detached server up when its starter ends", async () => {
    const pid = await startElsewhere(true);
    expect(runningServer(dataFolder)).to.include({ kind: "postgres", owner: null });
    expect(runningServer(dataFolder)?.process.pid).to.equal(pid);
    expect(await stopServer(dataFolder)).to.equal(true);
  });

  it("ends any other server with its starter", async () => {
    const pid = await startElsewhere(false);
    const left = processIdentity(pid);
    expect(left === undefined || (await waitUntilGone(left, 20_000))).to.equal(true);
  });
});

describe("embedded Kafka", () => {
  const folder = join(mkdtempSync(join(tmpdir(), "duijie-embedded-")), "kafka");
  let server: KafkaServer | undefined;

  after(async () => {
    await stopServer(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  it("accepts connections as soon as the start returns, and again after SIGKILL on the same port", async function () {
    skipWithoutKafka(this);
    server = await startKafka({ folder });
    const { port } = server;
    await connect(port);
    const clusterId = metaProperties();
    await server.kill();
    expect(await isPortFree(port)).to.equal(true);
    server = await startKafka({ folder, port });
    await connect(port);
    expect(server.brokers).to.deep.equal([`127.0.0.1:${port}`]);
    expect(metaProperties(), "the same cluster").to.equal(clusterId);
    expect(runningServer(folder)).to.deep.include({ kind: "kafka", port, owner: ownIdentity() });
  });

  it("stops when asked", async function () {
    skipWithoutKafka(this);
    const identity = identityOf(server?.pid ?? 0);
    await server?.stop();
    expect(isAlive(identity)).to.equal(false);
    expect(runningServer(folder)).to.equal(undefined);
  });

  it("says that Java is missing before it does anything", async () => {
    const elsewhere = join(folder, "never-made");
    const error = await caught(startKafka({ folder: elsewhere, env: { PATH: "/nonexistent" } }));
    expect(error).to.be.instanceOf(DuijieError);
    expect(error).to.deep.include({ code: "JAVA_MISSING", params: { found: "no java", needed: 17 } });
    expect(existsSync(elsewhere)).to.equal(false);
  });

  function metaProperties(): string | undefined {
    return /^cluster.id=(.+)$/m.exec(readFileSync(join(folder, "data", "meta.properties"), "utf8"))?.[1];
  }
});

function skipWithoutKafka(context: Context): void {
  const reason = kafkaMissing();
  if (reason !== null) skip(context, reason);
}

async function connect(port: number): Promise<void> {
  const socket = createConnection({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}

async function fileOfLock(url: string): Promise<string> {
  const [row] = await ask(url, "SELECT current_setting('data_directory') AS folder");
  if (typeof row !== "object" || row === null || !("folder" in row)) throw new Error("no data folder");
  return join(String(row.folder), "postmaster.pid");
}
