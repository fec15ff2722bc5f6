import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { addsUp, ledgerOfRun } from "../../exchange-db/ledger.ts";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { topicName } from "../../pipeline/topics.ts";
import { BothSides, testKeys } from "../support/both-sides.ts";
import { nationalContent, nodeEnvironment, nodeFolder } from "../support/province-folder.ts";
import { runCli } from "../support/run-cli.ts";
import { freshDatabase } from "../support/servers.ts";
import { fillRegistry, smallProvince } from "../support/small-province.ts";
import { openAt, testBroker } from "../support/test-broker.ts";
import { until } from "../support/until.ts";

const province = "45";
const topic = topicName(province, "up", "data");
const pupils = 60;

describe("a position that Kafka does not have", function () {
  this.timeout(180_000);
  let folder: string;
  let broker: Broker;
  let sides: BothSides;
  let national: (...args: readonly string[]) => ReturnType<typeof runCli>;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "duijie-lost-position-"));
    const brokers = await testBroker();
    broker = await openAt(brokers, {
      clientId: "lost-position",
      requestTimeoutMs: 20_000,
      messageBytesMax: 2_000_000,
    });
    const [registryUrl = "", exchangeUrl = "", nationalUrl = ""] = await Promise.all(
      ["registry", "exchange", "national"].map(async (name) => (await freshDatabase(`lost_${name}`)).url),
    );
    await fillRegistry(registryUrl, smallProvince(province, pupils));
    const keys = testKeys(province);
    sides = new BothSides({ province, registryUrl, exchangeUrl, nationalUrl, broker, keys });
    await sides.migrate();
    const urls = { registry: registryUrl, exchange: exchangeUrl, national: nationalUrl, brokers };
    const file = nodeFolder(folder, province)("national", nationalContent(province, urls));
    national = async (...args) =>
      await runCli([...args, "--config", file, "--json"], { env: nodeEnvironment(urls) });
    // As after a restore, where the topic was made anew: the position is behind the topic's end.
    await sides.national.query(
      "INSERT INTO national.consumer_position (consumer, topic, partition, next_offset, epoch) VALUES ('national-node', $1, 0, 100000, 7)",
      [topic],
    );
  });

  after(async () => await sides?.close());
  after(async () => await broker?.close());
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function position(partition: number): Promise<{ next: string; epoch: string; isLost: boolean }> {
    const rows = await sides.national.query<{ next: string; epoch: string; isLost: boolean }>(
      `SELECT next_offset AS next, epoch, lost_at IS NOT NULL AS "isLost" FROM national.consumer_position
       WHERE topic = $1 AND partition = $2`,
      [topic, partition],
    );
    return rows[0] ?? { next: "", epoch: "", isLost: false };
  }

  it("stops its consumer and is shown beside what Kafka holds", async () => {
    await sides.startNode();
    await until("the position is latched", async () => (await position(0)).isLost, 60_000);
    await until("the other partition is read", async () => (await position(1)).next !== "", 60_000);
    await sides.node?.stop(5000);
    const { exitCode, out } = await national("position", "list");
    expect(exitCode).to.equal(0);
    const found: { topic: string; partition: number; next: string; low: string; lostAt: string | null }[] =
      JSON.parse(out).positions;
    const lost = found.filter((one) => one.lostAt !== null);
    expect(
      lost.map(({ low, next, partition, topic: name }) => ({ low, next, partition, name })),
    ).to.deep.equal([{ low: "0", next: "100000", partition: 0, name: topic }]);
  });

  it("goes on for nobody who has not typed its topic, and no other position moves", async () => {
    const accept = ["position", "accept", "--topic", topic, "--partition"];
    const before = await position(0);
    for (const words of [[], ["--confirm", "yes"], ["--confirm", `${topic}x`]]) {
      const { err, exitCode } = await national(...accept, "0", ...words);
      expect(exitCode).to.equal(2);
      expect(err).to.include("USAGE_INVALID").and.include(topic);
    }
    expect(await position(0)).to.deep.equal(before);
    const kept = await position(1);
    const { err, exitCode } = await national(...accept, "1", "--confirm", topic);
    expect(exitCode).to.equal(2);
    expect(err).to.include("nothing to accept");
    expect(await position(1)).to.deep.equal(kept);
  });

  it("goes on at the first message that is there, under a new epoch, once it was accepted", async () => {
    const before = await position(0);
    const args = ["position", "accept", "--topic", topic, "--partition", "0", "--confirm", topic];
    const { exitCode, out } = await national(...args);
    expect(exitCode).to.equal(0);
    expect(JSON.parse(out)).to.deep.equal({ topic, partition: 0, from: "100000", to: "0" });
    expect(await position(0)).to.deep.equal({
      next: "0",
      epoch: String(Number(before.epoch) + 1),
      isLost: false,
    });
    await sides.startNode();
    await sides.startLink();
    const run = await sides.openLoad();
    expect(await sides.load(run)).to.equal("done");
    const ledger = await ledgerOfRun(sides.exchange, run.runId);
    expect(ledger.filter((line) => !addsUp(line) || line.pending > 0)).to.deep.equal([]);
    expect(ledger.find((line) => line.entity === "student")?.applied).to.equal(pupils);
  });
});
