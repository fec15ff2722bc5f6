import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type Monitor, openMonitor } from "../../cli/monitoring/monitor.ts";
import { Terminal } from "../../cli/terminal.ts";
import { CutOff } from "../../connectors/conformance/cut-off.ts";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { silentLog } from "../../contracts/log.ts";
import { metricNames, metrics } from "../../contracts/metrics.ts";
import { entityContract } from "../../contracts/registry.ts";
import { createTexts } from "../../contracts/texts.ts";
import { loadMappingTable } from "../../exchange-db/mapping-versions.ts";
import { provinceFigures } from "../../exchange-db/province-figures.ts";
import { Store } from "../../exchange-db/store.ts";
import { nationalFigures } from "../../national/figures.ts";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { noTracer } from "../../pipeline/instruments.ts";
import { topicName } from "../../pipeline/topics.ts";
import { BothSides, testKeys } from "../support/both-sides.ts";
import { type Scrape, scrape } from "../support/prometheus-text.ts";
import { runOutputFolder } from "../support/run-output.ts";
import { freshDatabase } from "../support/servers.ts";
import { fillRegistry, type Row, smallProvince } from "../support/small-province.ts";
import { openAt, testBroker } from "../support/test-broker.ts";
import { until } from "../support/until.ts";

const province = "65";
const counties = 25;

type Counted = Readonly<Record<string, number>>;

describe("metrics after a load", function () {
  this.timeout(180_000);
  let broker: Broker;
  let sides: BothSides;
  let registry: Store;
  let ofProvince: Monitor;
  let ofNation: Monitor;
  let wayToExchange: CutOff;

  before(async () => {
    broker = await openAt(await testBroker(), {
      clientId: "metrics",
      requestTimeoutMs: 20_000,
      messageBytesMax: 2_000_000,
    });
    const rows = smallProvince(province, 600);
    plant(rows.student, rows.guardian);
    const source = await freshDatabase("metrics_registry");
    await fillRegistry(source.url, rows);
    registry = openStore(source.url, "registry");
    const exchange = new URL((await freshDatabase("metrics_exchange")).url);
    const nationalUrl = (await freshDatabase("metrics_national")).url;
    wayToExchange = await CutOff.to(exchange.hostname, Number(exchange.port));
    const seenUrl = new URL(exchange);
    seenUrl.host = `127.0.0.1:${wayToExchange.port}`;
    const parts = {
      broker: async () =>
        (await broker.topics([topicName(province, "up", "data")])).size === 1 ? null : "TOPIC_MISSING",
    };
    const shared = { listen: "127.0.0.1:0", log: silentLog, terminal: terminal(), keepMs: 0 };
    ofProvince = await openMonitor({
      ...shared,
      role: "province",
      province,
      store: openStore(seenUrl.href, "exchange-db"),
      statements: provinceFigures,
      parts: [{ name: "broker", ask: parts.broker }],
    });
    ofNation = await openMonitor({
      ...shared,
      role: "national",
      province: null,
      store: openStore(nationalUrl, "national"),
      statements: nationalFigures,
      parts: [{ name: "broker", ask: parts.broker }],
    });
    const watched = ({ log, meter }: Monitor) => ({ log, instruments: { meter, tracer: noTracer } });
    sides = new BothSides({
      province,
      registryUrl: source.url,
      exchangeUrl: exchange.href,
      nationalUrl,
      broker,
      keys: testKeys(province),
      codes: { student: { hukouKindCode: "hukou-kind" } },
      chunkRows: 150,
      batchRows: 50,
      watched: { province: watched(ofProvince), nation: watched(ofNation) },
    });
    await sides.migrate();
    await loadMappingTable(sides.exchange, province, "hukou-kind", [
      { sourceCode: "1", targetCode: "2", note: null },
    ]);
    await sides.startNode();
    await sides.startLink();
  });

  after(async () => await sides?.close());
  after(async () => {
    await ofProvince?.close();
    await ofNation?.close();
  });
  after(async () => await wayToExchange?.close());
  after(async () => await registry?.close());
  after(async () => await broker?.close());

  async function look(monitor: Monitor): Promise<Scrape> {
    const found = await scrape(`${monitor.url}/metrics`);
    const name = monitor === ofProvince ? "province" : "nation";
    writeFileSync(join(runOutputFolder("metrics"), `${name}.prom`), found.text);
    return found;
  }

  /** Rows of the test's own statement: the first column names, the second counts. */
  async function counted(store: Store, sql: string): Promise<Counted> {
    const rows = await store.query<{ name: string; n: string }>(sql);
    return Object.fromEntries(rows.map(({ name, n }) => [name, Number(n)]));
  }

  async function rowsByEntity(store: Store, schema: string): Promise<Counted> {
    const found: [EntityName, number][] = [];
    for (const entity of entityNames) {
      const { table } = entityContract(entity);
      const [row] = await store.query<{ n: string }>(`SELECT count(*) AS n FROM ${schema}.${table}`);
      found.push([entity, Number(row?.n ?? 0)]);
    }
    return Object.fromEntries(found.filter(([, rows]) => rows > 0));
  }

  it("tell of every record what the databases hold: read, and each outcome by entity", async () => {
    expect(await sides.load(await sides.openLoad())).to.equal("done");
    const found = await look(ofProvince);
    expect(nonZero(by(found, "duijie_records_read", "entity"))).to.deep.equal(
      await rowsByEntity(registry, "own"),
    );
    const applied = await rowsByEntity(sides.national, "registry");
    expect(applied["student"]).to.equal(539);
    expect(nonZero(by(found, "duijie_records", "entity", { outcome: "applied" }))).to.deep.equal(applied);
    for (const outcome of ["quarantined", "rejected", "waiting", "superseded"]) {
      const wanted = await counted(
        sides.exchange,
        `SELECT entity AS name, count(*) AS n FROM exchange.exception WHERE outcome = '${outcome}' GROUP BY 1`,
      );
      expect(nonZero(by(found, "duijie_records", "entity", { outcome })), outcome).to.deep.equal(wanted);
    }
    for (const entity of entityNames) {
      const outcomes = found.series("duijie_records").filter(({ labels }) => labels["entity"] === entity);
      const sum = outcomes.reduce((total, { value }) => total + value, 0);
      expect(sum, entity).to.equal(found.value("duijie_records_read", { entity }) ?? 0);
    }
  });

  it("tell of batches, parked records and missing mappings what the exchange-db holds", async () => {
    const found = await look(ofProvince);
    for (const state of ["sealed", "published", "settled"]) {
      const wanted = await counted(
        sides.exchange,
        `SELECT entity AS name, count(*) AS n FROM exchange.batch WHERE state = '${state}' GROUP BY 1`,
      );
      expect(nonZero(by(found, "duijie_batches", "entity", { state })), state).to.deep.equal(wanted);
    }
    const parked = await counted(
      sides.exchange,
      `SELECT entity || '/' || outcome || '/' || code AS name, count(*) AS n FROM exchange.exception
       WHERE outcome <> 'superseded' GROUP BY 1`,
    );
    expect(byLabels(found, "duijie_parked_records", ["entity", "outcome", "code"])).to.deep.equal(parked);
    expect(parked).to.include({
      "student/quarantined/MAPPING_MISSING": 55,
      "student/quarantined/KEY_DUPLICATE": 2,
      "student/quarantined/KEY_MISSING": 3,
      "student/waiting/PARENT_MISSING": 5,
    });
    const gaps = { entity: "student", table: "hukou-kind" };
    expect(found.value("duijie_mapping_gap_codes", gaps)).to.equal(2);
    expect(found.value("duijie_mapping_gap_records", gaps)).to.equal(55);
  });

  it("name the twenty counties with most in quarantine, and sum the others", async () => {
    const found = by(await look(ofProvince), "duijie_quarantined_records", "county");
    const wanted = await counted(
      sides.exchange,
      "SELECT coalesce(county, 'none') AS name, count(*) AS n FROM exchange.exception WHERE outcome = 'quarantined' GROUP BY 1",
    );
    expect(Object.keys(wanted)).to.have.length.above(20);
    expect(topTwenty(wanted)).to.deep.equal(found);
  });

  it("tell how the newest load stands and whether everything is settled", async () => {
    const found = await look(ofProvince);
    expect(by(found, "duijie_load_state", "state")).to.deep.equal({
      running: 0,
      paused: 0,
      held: 0,
      stopped: 0,
      done: 1,
      failed: 0,
      recalling: 0,
      recalled: 0,
    });
    const source = await rowsByEntity(registry, "own");
    expect(nonZero(by(found, "duijie_load_rows_expected", "entity"))).to.deep.equal(source);
    expect(nonZero(by(found, "duijie_load_rows_read", "entity"))).to.deep.equal(source);
    const share = found.value("duijie_load_quarantined_share", { entity: "student" });
    expect(share).to.be.closeTo(60 / (source["student"] ?? 0), 1e-9);
    expect(found.value("duijie_oldest_unsettled_seconds")).to.equal(0);
    expect(found.series("duijie_lag_records")).to.deep.equal([]);
    expect(found.value("duijie_positions_lost")).to.equal(0);
  });

  it("count of a process's own work what came of it in both databases", async () => {
    const found = await look(ofProvince);
    expect(by(found, "duijie_rows_read_total", "entity")).to.deep.equal(await rowsByEntity(registry, "own"));
    const codes = await counted(
      sides.exchange,
      "SELECT entity || '/' || code AS name, count(*) AS n FROM exchange.exception WHERE NOT on_wire GROUP BY 1",
    );
    expect(byLabels(found, "duijie_records_quarantined_total", ["entity", "code"])).to.deep.equal(codes);
    const sent = await counted(
      sides.exchange,
      "SELECT entity AS name, count(*) AS n FROM exchange.batch WHERE wire_count > 0 GROUP BY 1",
    );
    expect(nonZero(by(found, "duijie_batches_published_total", "entity"))).to.deep.equal(sent);
    const receipts = await counted(
      sides.exchange,
      "SELECT 'all' AS name, count(*) AS n FROM exchange.receipt",
    );
    expect(found.value("duijie_batches_settled_total")).to.equal(receipts["all"]);
    for (const stage of ["capture", "seal", "land", "publish"]) {
      const chunks = await counted(
        sides.exchange,
        "SELECT entity AS name, count(*) AS n FROM exchange.chunk GROUP BY 1",
      );
      const labels = { stage, entity: "student" };
      expect(found.value("duijie_stage_seconds_count", labels), stage).to.equal(chunks["student"]);
    }
  });

  it("tell of the nation what it received and applied", async () => {
    const found = await look(ofNation);
    const applied = await rowsByEntity(sides.national, "registry");
    const labels = { province, outcome: "applied" };
    expect(by(found, "duijie_national_records", "entity", labels)).to.deep.equal(applied);
    const refused = await counted(
      sides.exchange,
      "SELECT entity AS name, count(*) AS n FROM exchange.exception WHERE on_wire GROUP BY 1",
    );
    const notApplied = by(found, "duijie_national_records", "entity", { province, outcome: "not_applied" });
    expect(nonZero(notApplied)).to.deep.equal(refused);
    const inbox = await counted(
      sides.national,
      "SELECT entity AS name, count(*) AS n FROM national.inbox WHERE refusal_code IS NULL GROUP BY 1",
    );
    const batches = by(found, "duijie_national_batches", "entity", { province, result: "applied" });
    expect(batches).to.deep.equal(inbox);
    expect(found.value("duijie_national_oldest_unsent_seconds")).to.equal(0);
    expect(found.value("duijie_messages_applied_total", { message_type: "student.batch" })).to.equal(
      inbox["student"],
    );
  });

  it("count a refused message on the side that refused it", async () => {
    const headers = { ce_id: "1", ce_type: "student.batch.v1" };
    const value = Buffer.from("no message of anybody");
    for (const [way, name] of [
      ["up", "data"],
      ["down", "control"],
    ] as const)
      await broker.send([{ topic: topicName(province, way, name), partition: 0, headers, value }]);
    for (const [monitor, store, schema] of [
      [ofProvince, sides.exchange, "exchange"],
      [ofNation, sides.national, "national"],
    ] as const) {
      const refusals = async () =>
        await counted(store, `SELECT code AS name, count(*) AS n FROM ${schema}.refusal GROUP BY 1`);
      await until(`${schema} refused it`, async () => Object.keys(await refusals()).length > 0);
      const found = await look(monitor);
      expect(by(found, "duijie_refused_messages", "code")).to.deep.equal(await refusals());
      expect(by(found, "duijie_messages_refused_total", "code")).to.deep.equal(await refusals());
    }
  });

  it("tell the lag in pupils by county, and since when, while the nation is silent", async () => {
    await sides.node?.stop(5000);
    await registry.query("UPDATE own.student SET phone = '13900000009' WHERE source_key > 'p000200'");
    const load = sides.load(await sides.openLoad());
    // The second load reads what waits and is parked as unchanged; nobody looks at its end before the nation is back.
    load.catch(() => undefined);
    const open = async () =>
      await sides.exchange.query<{ state: string }>(
        "SELECT state FROM exchange.batch WHERE state <> 'settled'",
      );
    await until("all changed pupils are on their way", async () => {
      const [chunks] = await sides.exchange.query<{ left: string }>(
        `SELECT count(*) AS left FROM exchange.chunk WHERE entity = 'student' AND state <> 'landed'`,
      );
      const [begun] = await sides.exchange.query<{ n: string }>(
        `SELECT count(DISTINCT run_id) AS n FROM exchange.chunk WHERE entity = 'student'`,
      );
      const batches = await open();
      return (
        Number(begun?.n) === 2 &&
        Number(chunks?.left) === 0 &&
        batches.length > 0 &&
        batches.every(({ state }) => state === "published")
      );
    });
    const lag = async () =>
      await counted(
        sides.exchange,
        `SELECT coalesce(s.county, 'none') AS name, count(*) AS n FROM staging.student s JOIN exchange.batch b USING (batch_id)
         WHERE b.state <> 'settled' AND s.wire_digest IS NOT NULL GROUP BY 1`,
      );
    const wanted = await lag();
    expect(Object.keys(wanted)).to.have.length(counties);
    const age = async () =>
      (
        await counted(
          sides.exchange,
          "SELECT 'age' AS name, extract(epoch FROM now() - min(sealed_at)) AS n FROM exchange.batch WHERE state <> 'settled'",
        )
      )["age"] ?? 0;
    const before = await age();
    const found = await look(ofProvince);
    const after = await age();
    expect(by(found, "duijie_lag_records", "county", { entity: "student" })).to.deep.equal(topTwenty(wanted));
    expect(found.value("duijie_oldest_unsettled_seconds")).to.be.within(before, after);
    const oldest = found.series("duijie_lag_seconds").map(({ value }) => value);
    expect(Math.max(...oldest)).to.be.within(before, after);
    const pending = Object.values(wanted).reduce((sum, n) => sum + n, 0);
    expect(found.value("duijie_records", { entity: "student", outcome: "pending" })).to.equal(pending);
    await sides.startNode();
    expect(await load).to.equal("done");
    const done = await look(ofProvince);
    expect(done.series("duijie_lag_records")).to.deep.equal([]);
    expect(done.value("duijie_oldest_unsettled_seconds")).to.equal(0);
  });

  it("are the catalogue's and no others, for each role", async () => {
    for (const [monitor, role] of [
      [ofProvince, "province"],
      [ofNation, "national"],
    ] as const) {
      const wanted = metricNames.filter((name) => ["both", role].includes(metrics[name].role));
      const found = await look(monitor);
      expect([...found.declared].toSorted()).to.deep.equal(wanted.toSorted());
      for (const { labels, name } of wanted.map((name) => ({ name, labels: metrics[name].labels })))
        for (const one of found.series(name)) expect(Object.keys(one.labels)).to.have.members([...labels]);
    }
  });

  it("answer with the process alone while the database is away, and again with all when it is back", async () => {
    const health = async (path: string) => await fetch(`${ofProvince.url}/health/${path}`);
    expect((await health("ready")).status).to.equal(200);
    wayToExchange.cut();
    try {
      const found = await look(ofProvince);
      expect(found.value("duijie_database_up")).to.equal(0);
      expect(found.value("duijie_ready", { part: "database" })).to.equal(0);
      expect(found.value("duijie_ready", { part: "broker" })).to.equal(1);
      expect(found.value("duijie_process_resident_memory_bytes")).to.be.above(1e7);
      expect(found.value("duijie_process_cpu_seconds_total")).to.be.above(0.1);
      const claimed = metricNames.filter((name) => metrics[name].from === "sql" && found.shown.has(name));
      expect(claimed).to.deep.equal([]);
      expect((await health("live")).status).to.equal(200);
      const ready = await health("ready");
      expect(ready.status).to.equal(503);
      expect(await ready.json()).to.deep.equal({
        ready: false,
        parts: { database: "STORE_UNREACHABLE", broker: "ok" },
      });
    } finally {
      wayToExchange.mend();
    }
    await until(
      "the database is seen again",
      async () => (await look(ofProvince)).value("duijie_database_up") === 1,
    );
    expect((await look(ofProvince)).value("duijie_records_read", { entity: "student" })).to.be.above(0);
  });

  it("cost little: a scrape is a few statements over batches", async () => {
    const started = performance.now();
    for (let turn = 0; turn < 20; turn++) await look(ofProvince);
    const ms = (performance.now() - started) / 20;
    const found = await look(ofProvince);
    const statements = found.value("duijie_figures_seconds") ?? Number.NaN;
    console.log(
      `      a scrape: ${ms.toFixed(1)} ms, of these SQL ${(statements * 1000).toFixed(1)} ms; ${found.text.length} bytes`,
    );
    expect(found.text.length).to.be.below(200_000);
  });
});

function terminal(): Terminal {
  const nowhere = { write: () => true };
  return new Terminal(createTexts("en"), { out: nowhere, err: nowhere, isTty: false });
}

function openStore(url: string, name: string): Store {
  return new Store({ url, name, connectionsMax: 2, statementTimeoutMs: 10_000 });
}

/** 55 without a mapping (two codes), five orphans, two of one key, three without a key; spread over the counties. */
function plant(students: Row[], guardians: Row[]): void {
  students.forEach((row, index) => {
    row["county"] = `65${String(index % counties).padStart(4, "0")}`;
  });
  for (const row of students.slice(0, 55)) row["hukouKindCode"] = "7";
  for (const row of students.slice(0, 5)) row["hukouKindCode"] = "8";
  for (const row of students.slice(60, 65)) row["classId"] = "nowhere";
  const [copy, ...nameless] = students.slice(70, 74).map((row) => ({ ...row }));
  students.push({ ...copy }, ...nameless.map((row) => ({ ...row, key: null })));
  for (const row of guardians) if (row["studentKey"] === "p000070") row["studentKey"] = "p000071";
}

function by(
  found: Scrape,
  name: string,
  label: string,
  fixed: Readonly<Record<string, string>> = {},
): Counted {
  const series = found
    .series(name)
    .filter(({ labels }) => Object.entries(fixed).every(([one, value]) => labels[one] === value));
  return Object.fromEntries(
    series
      .map(({ labels, value }) => [labels[label] ?? "", value])
      .filter(([, value]) => value !== undefined),
  );
}

function byLabels(found: Scrape, name: string, labels: readonly string[]): Counted {
  return Object.fromEntries(
    found.series(name).map((one) => [labels.map((label) => one.labels[label]).join("/"), one.value]),
  );
}

function nonZero(counts: Counted): Counted {
  return Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0));
}

/** As the product promises it, worked out here: the largest by name, the rest under one. */
function topTwenty(counts: Counted): Counted {
  const sorted = Object.entries(counts).sort(([one, n], [other, m]) => m - n || (one < other ? -1 : 1));
  const rest = sorted.slice(20).reduce((sum, [, n]) => sum + n, 0);
  return Object.fromEntries([...sorted.slice(0, 20), ...(rest > 0 ? [["other", rest] as const] : [])]);
}
