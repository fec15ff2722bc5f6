import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type pg from "pg";
import { xuejiShape } from "../../embedded/demo/xueji-rows.ts";
import type { DuijieProcess } from "../support/duijie-process.ts";
import { type CollectedSpan, OtlpCollector } from "../support/otlp-collector.ts";
import { scrape } from "../support/prometheus-text.ts";
import { freshDatabase } from "../support/servers.ts";
import { testBroker } from "../support/test-broker.ts";
import { lookInto, TwoNodes } from "../support/two-nodes.ts";

const province = "64";

describe("a load that is watched", function () {
  this.timeout(240_000);
  let nodes: TwoNodes;
  let exchange: pg.Client;
  let collector: OtlpCollector;
  let nation: DuijieProcess;

  before(async () => {
    collector = await OtlpCollector.open();
    const database = async (role: string) => (await freshDatabase(`monitoring_${role}`)).url;
    const urls = {
      registry: await database("registry"),
      exchange: await database("exchange"),
      national: await database("national"),
    };
    const watched = { metrics: { listen: "127.0.0.1:0" }, traces: { otlpUrl: collector.url } };
    nodes = new TwoNodes({
      name: "monitoring",
      province,
      urls,
      brokers: await testBroker(),
      students: 300,
      shape: xuejiShape,
      provinceParts: { ...watched, load: { chunkRows: 150, batchRows: 100 } },
      nationalParts: watched,
    });
    await nodes.generate();
    nodes.configure();
    await nodes.prepare();
    nation = await nodes.startNation();
    exchange = await lookInto(urls.exchange);
  });

  after(async () => await exchange?.end());
  after(async () => await nodes?.close());
  after(async () => await collector?.close());

  /** What a process said of where its metrics are. */
  function urlOf(running: DuijieProcess): string {
    const [, url = ""] = /(http:\/\/127\.0\.0\.1:\d+)\/metrics/.exec(running.stderr) ?? [];
    return url;
  }

  it("shows metrics and health of both processes while it runs", async () => {
    const loader = nodes.start("province", "load", "run", "--json");
    await loader.says(/Metrics and health: http/);
    const live = await fetch(`${urlOf(loader)}/health/live`);
    expect(live.status).to.equal(200);
    const early = await scrape(`${urlOf(loader)}/metrics`);
    expect(early.value("duijie_database_up")).to.equal(1);
    writeFileSync(join(nodes.logFolder, "province.prom"), early.text);
    const end = await loader.ended;
    // 3 where a planted defect was parked.
    expect(end.code, end.stderr).to.be.oneOf([0, 3]);
    const ready = await fetch(`${urlOf(nation)}/health/ready`);
    expect(await ready.json()).to.deep.equal({
      ready: true,
      parts: { database: "ok", broker: "ok", consumer: "ok" },
    });
    const found = await scrape(`${urlOf(nation)}/metrics`);
    writeFileSync(join(nodes.logFolder, "nation.prom"), found.text);
    const sent = await exchange.query<{ n: string }>(
      "SELECT count(*) AS n FROM exchange.batch WHERE entity = 'student' AND wire_count > 0",
    );
    const labels = { message_type: "student.batch" };
    expect(found.value("duijie_messages_applied_total", labels)).to.equal(Number(sent.rows[0]?.n));
  });

  it("leaves one trace a chunk, through both processes, each span below its cause", async () => {
    await nation.stop();
    writeFileSync(join(nodes.logFolder, "spans.json"), collector.texts.join("\n"));
    const batches = await exchange.query<{ traceId: string; batches: string }>(
      `SELECT trace_id AS "traceId", count(*) AS batches FROM exchange.batch WHERE wire_count > 0 GROUP BY 1`,
    );
    expect(batches.rows.length).to.be.above(7);
    for (const { batches: count, traceId } of batches.rows) {
      const spans = collector.spans.filter((span) => span.traceId === traceId);
      const named = (name: string) => spans.filter((span) => span.name === name);
      const [root, ...others] = spans.filter(({ parentSpanId }) => parentSpanId === "");
      expect(others, traceId).to.deep.equal([]);
      expect(root?.name).to.be.oneOf(["chunk", "release"]);
      const stages =
        root?.name === "chunk"
          ? ["capture", "map", "validate", "seal", "land", "publish"]
          : ["map", "validate", "seal", "land", "publish"];
      for (const stage of stages) below(named(stage), [root], "duijie-province");
      below(named("receive"), [root], "duijie-national");
      below(named("apply"), [root], "duijie-national");
      below(named("acknowledge"), named("apply"), "duijie-national");
      below(named("settle"), named("apply"), "duijie-province");
      for (const name of ["receive", "apply", "settle"])
        expect(named(name).length, name).to.equal(Number(count));
    }
  });

  it("puts nothing into a span but codes, names of ours and numbers", () => {
    const keys = new Set(collector.spans.flatMap(({ attributes }) => Object.keys(attributes)));
    expect([...keys]).to.have.members(["entity", "province", "runId"]);
    for (const { attributes } of collector.spans)
      for (const value of Object.values(attributes)) expect(value).to.match(/^[a-z]+$|^\d{1,6}$/);
  });
});

function below(
  spans: readonly CollectedSpan[],
  parents: readonly (CollectedSpan | undefined)[],
  service: string,
): void {
  expect(spans.length, service).to.be.above(0);
  const ids = parents.map((parent) => parent?.spanId);
  for (const span of spans) {
    expect(span.service, span.name).to.equal(service);
    expect(ids, span.name).to.include(span.parentSpanId);
  }
}
