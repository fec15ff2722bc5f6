import { expect } from "chai";
import type pg from "pg";
import { xuejiShape } from "../../embedded/demo/xueji-rows.ts";
import type { DuijieProcess } from "../support/duijie-process.ts";
import { freshDatabase } from "../support/servers.ts";
import { testBroker } from "../support/test-broker.ts";
import { lookInto, TwoNodes } from "../support/two-nodes.ts";
import { until } from "../support/until.ts";

interface Chunk {
  readonly owner: string;
  readonly leases: number;
  readonly state: string;
}

/** Small chunks, and a pace that leaves work for who comes later; short leases, so that nobody waits long for the dead. */
const load = { chunkRows: 100, batchRows: 100, workers: 1, leaseSeconds: 3, pollMs: 100 };
const limits = { concurrentReads: 6, rowsPerSecond: 1500, protect: { enabled: false } };

const chunksMin = 40;
/** Of some 75: when the first one is killed it has done its part already. */
const landedMin = 16;
const shareMin = 0.15;

describe("three processes on one load", function () {
  this.timeout(300_000);
  let nodes: TwoNodes;
  let exchange: pg.Client;
  let loaders: readonly DuijieProcess[];
  let killed: { readonly loader: DuijieProcess; readonly leased: number };
  let chunks: readonly Chunk[];

  before(async () => {
    const database = async (role: string) => (await freshDatabase(`several_${role}`)).url;
    const urls = {
      registry: await database("registry"),
      exchange: await database("exchange"),
      national: await database("national"),
    };
    nodes = new TwoNodes({
      name: "several-processes",
      province: "51",
      urls,
      brokers: await testBroker(),
      students: 2000,
      shape: xuejiShape,
      provinceParts: { load, link: { sweepMs: 1000, sealedSeconds: 3 }, registry: { limits } },
    });
    await nodes.generate();
    nodes.configure();
    await nodes.prepare();
    await nodes.startNation();
    exchange = await lookInto(urls.exchange);
  });

  after(async () => await exchange?.end());
  after(async () => await nodes?.close());

  it("end with the same exit code, though one of them is killed while it holds leases", async () => {
    loaders = Array.from({ length: 3 }, () => nodes.start("province", "load", "run", "--json"));
    killed = await killWithLeases(exchange, loaders);
    for (const loader of loaders) {
      const end = await loader.ended;
      if (loader === killed.loader) expect(end.signal).to.equal("SIGKILL");
      // Planted defects are parked: done with quarantine.
      else expect(end.code, end.stderr).to.equal(3);
    }
    const found = await exchange.query<Chunk>("SELECT owner, leases, state FROM exchange.chunk");
    chunks = found.rows;
  });

  it("each complete their part", () => {
    expect(chunks.length).to.be.at.least(chunksMin);
    expect(chunks.filter(({ state }) => state !== "landed")).to.deep.equal([]);
    for (const loader of loaders) {
      const share = ownedBy(chunks, loader).length / chunks.length;
      expect(share, `share of ${loader.pid}`).to.be.at.least(shareMin);
    }
  });

  it("take over what the killed one had leased, and nothing else a second time", () => {
    const again = chunks.filter(({ leases }) => leases > 1);
    expect(again.length).to.equal(killed.leased);
    expect(ownedBy(again, killed.loader)).to.deep.equal([]);
  });

  it("leave at the nation what one process would have left", async () => {
    const found = await nodes.check();
    expect(found.differences, JSON.stringify(found)).to.equal(0);
    expect(found.entities.guardian.rows).to.be.greaterThan(3500);
  });
});

/**
 * Kills a process that has done its part. It is stopped first: what it holds changes no more while we look, once a commit
 * that was on its way is through, so two looks must agree.
 */
async function killWithLeases(
  exchange: pg.Client,
  loaders: readonly DuijieProcess[],
): Promise<{ loader: DuijieProcess; leased: number }> {
  const [loader] = loaders;
  if (loader === undefined) throw new Error("no loader");
  const count = async (state: string) => {
    const { rows } = await exchange.query<Chunk>("SELECT owner FROM exchange.chunk WHERE state = $1", [
      state,
    ]);
    return ownedBy(rows, loader).length;
  };
  await until("the first loader did its part", async () => (await count("landed")) >= landedMin, 90_000);
  let leased = 0;
  await until("the first loader is stopped with a lease in its hand", async () => {
    loader.kill("SIGSTOP");
    const before = leased;
    leased = await count("leased");
    if (leased === 0) loader.kill("SIGCONT");
    return leased > 0 && leased === before;
  });
  loader.kill("SIGKILL");
  console.log(
    `      SIGKILL for loader ${loader.pid}: ${await count("landed")} chunks landed, ${leased} leased`,
  );
  return { loader, leased };
}

/** An owner is `host:pid:random`. */
function ownedBy(chunks: readonly Chunk[], loader: DuijieProcess): readonly Chunk[] {
  return chunks.filter(({ owner }) => owner.split(":").at(-2) === String(loader.pid));
}
