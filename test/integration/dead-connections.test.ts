import { expect } from "chai";
import { PostgresConnector } from "../../connectors/postgres/postgres-connector.ts";
import { sendCopy } from "../../exchange-db/copy-text.ts";
import { Store } from "../../exchange-db/store.ts";
import { TcpProxy } from "../faults/tcp-proxy.ts";
import { codeOf } from "../support/broker-recorder.ts";
import { freshDatabase } from "../support/servers.ts";
import { lookInto } from "../support/two-nodes.ts";

/** As with a pulled cable or a firewall that forgot the connection: neither side is told. */
describe("a connection that dies without a word", function () {
  this.timeout(120_000);
  const statementTimeoutMs = 1000;
  let url: string;
  let proxy: TcpProxy;
  let store: Store;

  before(async () => {
    url = (await freshDatabase("dead_connections")).url;
    const client = await lookInto(url);
    await client.query(
      "CREATE TABLE held (id integer PRIMARY KEY, note text); INSERT INTO held VALUES (1, '')",
    );
    await client.end();
  });

  beforeEach(async () => {
    proxy = await TcpProxy.open(Number(new URL(url).port));
    store = new Store({ url: through(), name: "exchange-db", connectionsMax: 2, statementTimeoutMs });
  });

  afterEach(async () => {
    await proxy.close();
    await store.close();
  });

  function through(): string {
    const changed = new URL(url);
    changed.port = String(proxy.port);
    return changed.href;
  }

  it("ends a statement of ours in time, and the next one has a connection", async () => {
    await store.query("SELECT 1");
    expect(proxy.abandon()).to.equal(1);
    expect(await codeOf(store.query("SELECT 1"))).to.equal("STORE_UNREACHABLE");
    expect(await store.query("SELECT 1 AS one")).to.deep.equal([{ one: 1 }]);
  });

  it("ends a transaction in time, whether it waits for an answer or sends rows", async () => {
    const waiting = store.transaction(async (client) => {
      await client.query("SELECT 1");
      proxy.abandon();
      await client.query("SELECT 1");
    });
    expect(await codeOf(waiting)).to.equal("STORE_UNREACHABLE");
    function* pieces() {
      for (let id = 10; id < 200_000; id += 100) {
        if (id === 1010) proxy.abandon();
        yield Buffer.from(
          Array.from({ length: 100 }, (_, at) => `${id + at}\t${"x".repeat(200)}\n`).join(""),
        );
      }
    }
    const sending = store.transaction(async (client) => {
      await sendCopy(client, "COPY held FROM STDIN", pieces());
    });
    expect(await codeOf(sending)).to.equal("STORE_UNREACHABLE");
    expect(await store.query("SELECT count(*)::int AS n FROM held")).to.deep.equal([{ n: 1 }]);
  });

  it("gives back at the server what a client held that can't be reached any more", async () => {
    const other = new Store({ url, name: "exchange-db", connectionsMax: 1, statementTimeoutMs: 60_000 });
    try {
      const lost = store.transaction(async (client) => {
        await client.query("UPDATE held SET note = 'lost' WHERE id = 1");
        proxy.abandon();
        // Nobody waits for this client's end: whoever takes over has to get the row before it.
        await other.query("UPDATE held SET note = 'taken over' WHERE id = 1");
        await client.query("SELECT 1");
      });
      expect(await codeOf(lost)).to.equal("STORE_UNREACHABLE");
      expect(await other.query("SELECT note FROM held")).to.deep.equal([{ note: "taken over" }]);
    } finally {
      await other.close();
    }
  });

  it("ends a question to the registry in time, also where an idle session died", async () => {
    const connector = new PostgresConnector({
      url: through(),
      charset: "auto",
      statementTimeoutMs,
      connectTimeoutMs: 2000,
      tls: false,
      concurrentReads: 1,
    });
    const source = {
      entity: "student" as const,
      from: { relation: "public.held" },
      key: ["id"],
      columns: [{ field: "name", column: "note" }],
    };
    try {
      const count = async () => await connector.count(source, AbortSignal.timeout(60_000));
      expect(await count()).to.equal(1);
      expect(proxy.abandon()).to.equal(1);
      expect(await codeOf(count())).to.equal("SOURCE_UNREACHABLE");
      expect(await count()).to.equal(1);
    } finally {
      await connector.close();
    }
  });
});
