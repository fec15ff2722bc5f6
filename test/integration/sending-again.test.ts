import { expect } from "chai";
import { unsentBatches } from "../../exchange-db/batches.ts";
import { migrate } from "../../exchange-db/migrate.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";
import { Store } from "../../exchange-db/store.ts";
import { freshDatabase } from "../support/servers.ts";

describe("a batch without a receipt", function () {
  this.timeout(120_000);
  const limits = { sealedSeconds: 30, overdueSeconds: 100, batchesMax: 50 };
  let store: Store;

  before(async () => {
    const { url } = await freshDatabase("sending_again");
    await migrate(url, "exchange", exchangeMigrations);
    store = new Store({ url, name: "exchange-db", connectionsMax: 2, statementTimeoutMs: 60_000 });
    await store.query(
      "INSERT INTO exchange.run (province, kind, state, mapping_version, profile) VALUES ('34', 'load', 'running', 1, 'p')",
    );
    await store.query(
      `INSERT INTO exchange.landing (run_id, province, entity, origin, read_count, unchanged_count, trace_id)
       SELECT run_id, '34', 'student', 'replay', 1, 0, 't' FROM exchange.run`,
    );
  });

  beforeEach(async () => {
    await store.query("DELETE FROM exchange.batch_payload");
    await store.query("DELETE FROM exchange.batch");
  });
  after(async () => await store?.close());

  /** Sealed and, if at all, sent last so many seconds ago. */
  async function batch(id: number, sealedAgo: number, sentAgo: number | null): Promise<void> {
    await store.query(
      `INSERT INTO exchange.batch (batch_id, landing_id, run_id, province, entity, contract_version, mapping_version,
         record_count, wire_count, state, trace_id, sealed_at, published_at)
       SELECT $1, landing_id, run_id, '34', 'student', 1, 1, 1, 1, CASE WHEN $3::int IS NULL THEN 'sealed' ELSE 'published' END,
         't', now() - make_interval(secs => $2), now() - make_interval(secs => $3) FROM exchange.landing`,
      [id, sealedAgo, sentAgo],
    );
    await store.query(
      "INSERT INTO exchange.batch_payload (batch_id, province, headers, bytes) VALUES ($1, '34', '{}', '\\x00')",
      [id],
    );
  }

  const due = async () => (await unsentBatches(store, "34", limits)).map(({ batchId }) => Number(batchId));

  it("is sent again after the limit, and at once when nobody sent it", async () => {
    await batch(1, 10, null);
    await batch(2, 40, null);
    await batch(3, 90, 90);
    await batch(4, 110, 110);
    expect(await due()).to.deep.equal([2, 4]);
  });

  it("waits as long again as it has waited already, eight times the limit at most", async () => {
    // Sent again 400 s after it was sealed.
    await batch(1, 400 + 390, 390);
    await batch(2, 400 + 410, 410);
    // Sent again a day after it was sealed.
    await batch(3, 86_400 + 790, 790);
    await batch(4, 86_400 + 810, 810);
    expect(await due()).to.deep.equal([2, 4]);
  });
});
