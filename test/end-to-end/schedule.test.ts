import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { xuejiShape } from "../../embedded/demo/xueji-rows.ts";
import { printedJson } from "../support/duijie-process.ts";
import { freshDatabase, testKafka } from "../support/servers.ts";
import { TwoNodes } from "../support/two-nodes.ts";
import { until } from "../support/until.ts";

const alarmFile = "alarms.jsonl";

/** Due every ten seconds, so that nobody waits long. */
const schedule = {
  cron: "*/10 * * * * *",
  deadlineHours: 1,
  silentSeconds: 5,
  alarm: { command: ["/bin/sh", "-c", `cat >> ${alarmFile}`] },
};

describe("loads by schedule, run by processes as an operator starts them", function () {
  this.timeout(600_000);
  let nodes: TwoNodes;

  before(async () => {
    const database = async (role: string) => (await freshDatabase(`scheduled_${role}`)).url;
    const urls = {
      registry: await database("registry"),
      exchange: await database("exchange"),
      national: await database("national"),
    };
    nodes = new TwoNodes({
      name: "schedule",
      province: "52",
      urls,
      brokers: await testKafka(),
      students: 500,
      shape: xuejiShape,
      provinceParts: {
        load: { chunkRows: 100, pollMs: 100 },
        link: { sweepMs: 1000, sealedSeconds: 3 },
        schedule,
      },
    });
    await nodes.generate();
    nodes.configure();
    await nodes.prepare();
    await nodes.startNation();
  });

  after(async () => await nodes?.close());

  it("begins by itself when it is due, ends with what the nation must hold, and stops when it is told to", async () => {
    const daemon = nodes.start("province", "schedule", "run", "--json");
    const watch = nodes.start("province", "schedule", "watch");
    await daemon.says(/"event":"ended".*"state":"done"/, 120_000);
    await watch.says("Watching the schedule");
    const status = printedJson(await nodes.province("schedule", "status", "--json"));
    expect(status).to.have.nested.property("processes[0].owner");
    expect(JSON.stringify(status)).to.include('"role":"watch"').and.to.include('"role":"run"');
    for (const one of [daemon, watch]) expect((await one.stop()).code).to.equal(143);
    // The next one was due meanwhile: what the stop left open of it goes on by hand.
    await nodes.province("load", "run", "--json", 0, 3);
    const found = await nodes.check();
    expect(found.differences, JSON.stringify(found)).to.equal(0);
    expect(found.entities.student.rows).to.be.greaterThan(400);
  });

  it("shows what came of it, in a person's words", async () => {
    const { stdout } = await nodes.province("schedule", "status");
    expect(stdout).to.match(/done/).and.to.include("No process of the schedule is alive");
    const shown = await nodes.province("schedule", "show", "--days", "1");
    expect(shown.stdout).to.include("Due by */10 * * * * *").and.to.include("there are more within 1 days");
  });

  it("is missed by the watch when it falls silent: exit code 1, and one alarm however often one asks", async () => {
    await until(
      "the silence is noticed",
      async () => (await nodes.province("schedule", "watch", "--once", 0, 1)).code === 1,
      60_000,
    );
    const again = await nodes.province("schedule", "watch", "--once", "--json", 1);
    expect(printedJson(again)).to.have.nested.property("standing[0].kind", "silent");
    const lines = readFileSync(join(nodes.folder, alarmFile), "utf8").trim().split("\n");
    expect(lines).to.have.length(1);
    const alarm: unknown = JSON.parse(lines[0] ?? "");
    expect(alarm).to.deep.include({ kind: "silent", province: "52", runId: null, reason: null });
    expect(alarm).to.have.nested.property("text.zh").that.includes("没有动静");
    expect(alarm)
      .to.have.nested.property("text.en")
      .that.includes("no process of the schedule".replace("no", "No"));
  });

  it("goes on after a stop with what was due while nobody ran", async () => {
    const daemon = nodes.start("province", "schedule", "run", "--json");
    await daemon.says(/"event":"ended".*"state":"done"/, 120_000);
    // While it lives: a stop is a silence too, once it lasts.
    await until(
      "all is well",
      async () => (await nodes.province("schedule", "watch", "--once", 0, 1)).code === 0,
      90_000,
    );
    expect((await daemon.stop()).code).to.equal(143);
  });
});
