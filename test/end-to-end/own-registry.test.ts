import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type pg from "pg";
import { parseDocument } from "yaml";
import { entityNames } from "../../contracts/entity.ts";
import { secondShape } from "../../embedded/demo/second-registry.ts";
import { builtKafkaClient } from "../../embedded/kafka-client.ts";
import { printedJson } from "../support/duijie-process.ts";
import { freshDatabase } from "../support/servers.ts";
import { logUrl, testBroker } from "../support/test-broker.ts";
import { lookInto, TwoNodes } from "../support/two-nodes.ts";
import { until } from "../support/until.ts";

const province = "61";
/** A code of the registry that the operator forgot at first. */
const forgotten = "13";

interface LedgerLine {
  readonly entity: string;
  readonly read: number;
  readonly unchanged: number;
  readonly applied: number;
  readonly quarantined: number;
  readonly waiting: number;
}
interface LoadJson {
  readonly runId: string;
  readonly end: string;
  readonly ledger: readonly LedgerLine[];
  readonly reconciliation: readonly { readonly entity: string; readonly isEqual: boolean | null }[];
}
interface CheckJson {
  readonly ok: boolean;
  readonly lines: readonly {
    readonly ok: boolean;
    readonly code: string | null;
    readonly remedy: string | null;
  }[];
}
interface PlanJson {
  readonly entities: readonly {
    readonly entity: string;
    readonly rows: number;
    readonly counties: readonly { readonly county: string; readonly rows: number }[] | null;
    readonly missingTables: readonly string[];
  }[];
}
interface DryRunJson {
  readonly entities: readonly {
    readonly entity: string;
    readonly read: number;
    readonly wouldPark: number;
  }[];
}
interface GapsJson {
  readonly gaps: readonly {
    readonly entity: string;
    readonly field: string;
    readonly table: string;
    readonly sourceCode: string;
    readonly records: number;
  }[];
}
interface ReplayJson {
  readonly lines: readonly {
    readonly entity: string;
    readonly looked: number;
    readonly released: number;
    readonly kept: number;
    readonly followed: number;
  }[];
}

describe("a registry that the demo did not make, loaded by documented commands alone", function () {
  this.timeout(300_000);
  let nodes: TwoNodes;
  let registry: pg.Client;
  let exchange: pg.Client;
  let national: pg.Client;
  let county: string;
  /** Pupils with the forgotten code and nothing else wrong. */
  let affected: number;

  before(async () => {
    const database = async (role: string) => (await freshDatabase(`own_${role}`)).url;
    const urls = {
      registry: await database("registry"),
      exchange: await database("exchange"),
      national: await database("national"),
    };
    nodes = new TwoNodes({
      name: "own-registry",
      province,
      urls,
      brokers: await testBroker(),
      // Enough for two counties, so that one can be the pilot.
      students: 9000,
      shape: secondShape,
      configs: { province: "my/duijie.yaml", national: "nation/duijie.yaml" },
    });
    await nodes.generate();
    registry = await lookInto(urls.registry);
    exchange = await lookInto(urls.exchange);
    national = await lookInto(urls.national);
  });

  after(async () => {
    for (const client of [registry, exchange, national]) await client?.end();
  });
  after(async () => await nodes?.close());

  /** What a person does in an editor; comments stay. */
  function edit(file: string, changes: readonly (readonly [path: string, value: unknown])[]): void {
    const path = join(nodes.folder, file);
    const document = parseDocument(readFileSync(path, "utf8"));
    for (const [place, value] of changes) {
      if (value === undefined) document.deleteIn(place.split("."));
      else document.setIn(place.split("."), value);
    }
    writeFileSync(path, document.toString());
  }

  async function numberOf(client: pg.Client, sql: string, values: readonly unknown[] = []): Promise<number> {
    const { rows } = await client.query<{ n: string }>(`SELECT (${sql}) AS n`, [...values]);
    return Number(rows[0]?.n);
  }

  /** How much the nation has seen, repetitions too. */
  async function received(): Promise<number> {
    return await numberOf(national, "SELECT count(*) + coalesce(sum(repeats), 0) FROM national.inbox");
  }

  /** Of the load that is open. */
  async function landed(): Promise<number> {
    return await numberOf(
      exchange,
      `SELECT count(*) FROM exchange.chunk JOIN exchange.run r USING (run_id)
       WHERE chunk.state = 'landed' AND r.state IN ('running', 'paused')`,
    );
  }

  it("init: writes configuration, keys and GRANT scripts of both nodes, which exchange their public keys", async () => {
    const place = await testBroker();
    const brokers = logUrl(place) === undefined ? place : ["postgres"];
    const common = [
      "--province",
      province,
      "--lang",
      "en",
      ...brokers.flatMap((broker) => ["--broker", broker]),
    ];
    await nodes.anyone("init", "--role", "national", "--folder", "nation", ...common);
    await nodes.anyone("init", "--folder", "my", ...common);
    const copy = (from: string, to: string) => copyFileSync(join(nodes.folder, from), join(nodes.folder, to));
    copy(`my/keys/${province}.pub`, `nation/keys/${province}.pub`);
    copy("nation/keys/nation.pub", "my/keys/nation.pub");
    const scripts = readdirSync(join(nodes.folder, "my", "grants"));
    expect(scripts).to.include.members([
      "exchange-daemon.sql",
      "exchange-owner.sql",
      "registry-readonly.sql",
    ]);
  });

  it("the configuration is fitted to the registry: tables, queries, keys, fields, mapping files", async () => {
    const entities: unknown = JSON.parse(readFileSync(join(nodes.generated, "registry.json"), "utf8"));
    const files = readdirSync(join(nodes.generated, "mappings"));
    const mappings = files.map((file) => [file.replace(/\.csv$/, ""), `../generated/mappings/${file}`]);
    const client = logUrl(nodes.options.brokers) === undefined ? builtKafkaClient() : "postgres";
    edit("my/duijie.yaml", [
      ["kafka.client", client],
      ["registry.entities", entities],
      ["registry.limits", { concurrentReads: 2, protect: { enabled: false } }],
      ["mappings", Object.fromEntries(mappings)],
      ["load.chunkRows", 1000],
      ["load.batchRows", 500],
      ["load.workers", 1],
      ["log", { level: "debug", file: join(nodes.logFolder, "province.log") }],
    ]);
    edit("nation/duijie.yaml", [
      ["kafka.client", client],
      ["log", { level: "debug", file: join(nodes.logFolder, "national.log") }],
    ]);
    const { stdout } = await nodes.province("config", "show");
    expect(stdout).to.include("edu.pupil_base").and.not.include(nodes.options.urls.exchange);
    await nodes.province("grants");
    forget();
  });

  /** The operator's file before somebody noticed. */
  function forget(): void {
    const file = join(nodes.generated, "mappings", "entry-mode.csv");
    copyFileSync(file, `${file}.whole`);
    const lines = readFileSync(file, "utf8").split("\n");
    writeFileSync(file, lines.filter((line) => !line.startsWith(`${forgotten},`)).join("\n"));
  }

  it("check: says what is missing, with its cure", async () => {
    const found = printedJson(await nodes.province("check", "--json", 2)) as CheckJson;
    expect(found.ok).to.equal(false);
    const faults = found.lines.filter((line) => !line.ok);
    expect(faults.map((line) => line.code)).to.include.members(["SCHEMA_MISSING", "TOPIC_MISSING"]);
    expect(faults.filter((line) => line.remedy === null)).to.deep.equal([]);
  });

  it("migrate, import, map import: afterwards the check finds nothing wrong on either side", async () => {
    await nodes.nation("migrate");
    await nodes.nation("national", "import", "schools", join(nodes.generated, "ministry-schools.csv"));
    const ofNation = printedJson(await nodes.nation("check", "--json")) as CheckJson;
    expect(ofNation.ok).to.equal(true);
    await nodes.startNation();
    await nodes.province("migrate");
    await nodes.province("map", "import");
    const ofProvince = printedJson(await nodes.province("check", "--json")) as CheckJson;
    expect(ofProvince.ok).to.equal(true);
  });

  it("load plan: knows every row before one is read", async () => {
    const plan = printedJson(await nodes.province("load", "plan", "--json")) as PlanJson;
    for (const entity of entityNames) {
      const line = plan.entities.find((one) => one.entity === entity);
      expect(line?.rows, entity).to.equal(nodes.truth.entities[entity].read);
      expect(line?.missingTables, entity).to.deep.equal([]);
    }
    const counties = plan.entities.find((one) => one.entity === "student")?.counties ?? [];
    expect(counties.length).to.be.greaterThan(1);
    county = counties.toSorted((one, other) => one.rows - other.rows)[0]?.county ?? "";
  });

  it("load run --dry-run: finds what a load would park, the forgotten code too, and leaves no trace", async () => {
    const args = ["load", "run", "--dry-run", "--out", "dry", "--json"];
    const dry = printedJson(await nodes.province(...args, 3)) as DryRunJson;
    const withCode = await numberOf(registry, "SELECT count(*) FROM edu.pupil_register WHERE mode = $1", [
      forgotten,
    ]);
    expect(withCode).to.be.greaterThan(10);
    for (const { entity, read, wouldPark } of dry.entities) {
      const truth = nodes.truth.entities[entity as keyof typeof nodes.truth.entities];
      const known = Object.values(truth.quarantined).reduce((sum, count) => sum + count, 0);
      expect(read, entity).to.equal(truth.read);
      if (entity === "student") affected = wouldPark - known;
      else expect(wouldPark, entity).to.equal(known);
    }
    // A pupil with the code may have been parked for something else anyway.
    expect(affected).to.be.within(withCode - 5, withCode);
    expect(readdirSync(join(nodes.folder, "dry", "student", county))).to.have.length.greaterThan(0);
    expect(await numberOf(exchange, "SELECT count(*) FROM exchange.run")).to.equal(0);
    expect(await received()).to.equal(0);
  });

  it("load run --county: a pilot loads this county's pupils and no others", async () => {
    const args = ["load", "run", "--county", county, "--accept-quarantine", "--json"];
    const pilot = printedJson(await nodes.province(...args, 0, 3)) as LoadJson;
    const { rows: keys } = await national.query<{ key: string }>(
      "SELECT source_key AS key FROM registry.student",
    );
    const { rows: own } = await registry.query<{ key: string }>(
      "SELECT pid::text AS key FROM edu.pupil_register WHERE district::text = $1",
      [county],
    );
    expect(keys.length).to.be.greaterThan(50);
    expect(keys.length).to.equal(pilot.ledger.find((line) => line.entity === "student")?.applied);
    expect(own.map(({ key }) => key)).to.include.members(keys.map(({ key }) => key));
  });

  it("load run: pauses when another process says so, goes on when it is resumed, and applies the rest", async () => {
    edit("my/duijie.yaml", [["registry.limits.rowsPerSecond", 3000]]);
    const loader = nodes.start("province", "load", "run", "--accept-quarantine", "--json");
    await until("the load has landed something", async () => (await landed()) > 2, 60_000);
    await nodes.province("load", "pause");
    await until("what was begun is landed", async () => {
      return (await numberOf(exchange, "SELECT count(*) FROM exchange.chunk WHERE state = 'leased'")) === 0;
    });
    const before = await landed();
    const { run } = printedJson(await nodes.province("load", "status", "--json")) as {
      run: { state: string };
    };
    expect(run.state).to.equal("paused");
    expect(loader.isRunning).to.equal(true);
    expect(await landed(), "after all the time that the status took").to.equal(before);
    edit("my/duijie.yaml", [["registry.limits.rowsPerSecond", undefined]]);
    await nodes.province("load", "resume");
    const end = await loader.ended;
    expect(end.code, end.stderr).to.equal(3);
    const load = printedJson(end) as LoadJson;
    expect(load.end).to.equal("done");
    expect(load.reconciliation.map((line) => line.isEqual)).to.deep.equal(entityNames.map(() => true));
    expect(load.ledger.find((line) => line.entity === "student")?.unchanged).to.be.greaterThan(50);
  });

  it("quarantine list: names the forgotten code with the pupils that it stops", async () => {
    const { gaps } = printedJson(await nodes.province("quarantine", "list", "--gaps", "--json")) as GapsJson;
    const gap = gaps.find((one) => one.sourceCode === forgotten && one.table === "entry-mode");
    const place = { entity: "student", field: "enrolmentModeCode" };
    expect(gap).to.deep.include({ ...place, records: affected });
  });

  it("map import, quarantine replay: release exactly those pupils, and then their guardians", async () => {
    const file = join(nodes.generated, "mappings", "entry-mode.csv");
    copyFileSync(`${file}.whole`, file);
    await nodes.province("map", "import", "entry-mode");
    const before = await numberOf(national, "SELECT count(*) FROM registry.student");
    const args = ["quarantine", "replay", "--field", "enrolmentModeCode", "--value", forgotten, "--json"];
    const { lines } = printedJson(await nodes.province(...args, 3)) as ReplayJson;
    const student = lines.find((line) => line.entity === "student");
    expect(student).to.deep.include({ looked: affected, released: affected, kept: 0 });
    expect(await numberOf(national, "SELECT count(*) FROM registry.student")).to.equal(before + affected);
    expect(lines.filter(({ entity, released }) => entity !== "student" && released > 0)).to.deep.equal([]);
    const guardian = lines.find((line) => line.entity === "guardian");
    expect(guardian?.followed).to.be.within(affected, 2 * affected);
  });

  it("ends with what the nation must hold, field by field", async () => {
    const found = await nodes.check();
    expect(found.differences, JSON.stringify(found)).to.equal(0);
    expect(found.entities.student.rows).to.be.greaterThan(8800);
    expect(found.entities.guardian.rows).to.be.greaterThan(17_500);
  });

  it("load stop: ends a load for good; the next one sends nothing, since nothing changed", async () => {
    const before = await received();
    edit("my/duijie.yaml", [["registry.limits.rowsPerSecond", 3000]]);
    const loader = nodes.start("province", "load", "run", "--accept-quarantine", "--json");
    await until("the load has landed something", async () => (await landed()) > 2, 60_000);
    await nodes.province("load", "stop");
    const end = await loader.ended;
    expect(end.code, end.stderr).to.equal(1);
    expect((printedJson(end) as LoadJson).end).to.equal("stopped");

    edit("my/duijie.yaml", [["registry.limits.rowsPerSecond", undefined]]);
    const rerun = printedJson(await nodes.province("load", "run", "--json", 0, 3)) as LoadJson;
    expect(rerun.end).to.equal("done");
    for (const line of rerun.ledger) {
      expect(line.read, line.entity).to.equal(nodes.truth.entities[line.entity as "student"].read);
      expect(line.unchanged, line.entity).to.equal(line.read);
    }
    expect(await received()).to.equal(before);
    expect((await nodes.check()).differences).to.equal(0);
  });
});
