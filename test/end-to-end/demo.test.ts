import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import pg from "pg";
import { packageRoot } from "../../contracts/package-root.ts";
import { demoFolder } from "../../embedded/demo/demo-servers.ts";
import { skipWithoutMariadb } from "../support/mysql-server.ts";
import { keepCanaries, runOutputFolder } from "../support/run-output.ts";

/** Where tests are told to do without Kafka, the demo is too. */
const brokerOption = process.env["DUIJIE_TEST_BROKER"] === "postgres" ? ["--broker", "postgres"] : [];
const outcomes = ["unchanged", "pending", "applied", "waiting", "superseded", "withdrawn"] as const;

describe("npm run demo", function () {
  this.timeout(600_000);

  it("loads a province, checks it independently, keeps its servers when asked to, and demo:stop ends them", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "duijie-demo-")), "out.json");
    const code = await npmRun(
      "demo",
      {},
      "--",
      "--students",
      "2000",
      "--seed",
      "7",
      "--json",
      file,
      "--keep",
      ...brokerOption,
    );
    try {
      expect([0, 3]).to.include(code);
      keepCanaries(join(demoFolder, "province"), "demo");
      cpSync(join(demoFolder, "logs"), join(runOutputFolder("demo"), "logs"), { recursive: true });
      const out: unknown = JSON.parse(readFileSync(file, "utf8"));
      for (const entity of ["region", "school", "campus", "grade", "class", "student", "guardian"]) {
        const line = part(out, entity);
        const parked = [
          ...Object.values(part(line, "quarantined")),
          ...Object.values(part(line, "rejected")),
        ];
        const sum = [...outcomes.map((outcome) => line[outcome]), ...parked].reduce<number>(
          (total, one) => total + Number(one),
          0,
        );
        expect(sum, entity).to.equal(line["read"]);
        expect(part(line, "check")["differences"], entity).to.equal(0);
      }
      const url = String(part(out, "urls")["national"]);
      expect(await pupilsAt(url)).to.equal(part(part(out, "student"), "check")["rows"]);
      expectedFromTables = expectedDigests();
    } finally {
      expect(await npmRun("demo:stop", {})).to.equal(0);
    }
    const url = String(part(JSON.parse(readFileSync(file, "utf8")), "urls")["national"]);
    expect(await pupilsAt(url).catch(() => "gone")).to.equal("gone");
  });

  it("loads the same province from GB18030 files, with no difference to what it expected of tables", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "duijie-demo-")), "out.json");
    const args = ["--students", "500", "--seed", "7", "--source", "csv-gb18030", "--json", file];
    expect(await npmRun("demo", {}, "--", ...args, ...brokerOption)).to.equal(0);
    keepCanaries(join(demoFolder, "province"), "demo-files");
    cpSync(join(demoFolder, "logs"), join(runOutputFolder("demo-files"), "logs"), { recursive: true });
    const out: unknown = JSON.parse(readFileSync(file, "utf8"));
    expect(part(out, "check")).to.include({ differences: 0 });
    expect(Number(part(out, "student")["read"])).to.equal(500);
    expect(readFileSync(join(demoFolder, "province.yaml"), "utf8")).to.match(
      /engine: csv[\s\S]*charset: gb18030/,
    );
  });

  it("ends in the same expected files where the registry is on MariaDB", async function () {
    await skipWithoutMariadb(this);
    const file = join(mkdtempSync(join(tmpdir(), "duijie-demo-")), "out.json");
    const args = ["--students", "2000", "--seed", "7", "--engine", "mysql", "--json", file];
    expect(await npmRun("demo", {}, "--", ...args, ...brokerOption)).to.equal(0);
    keepCanaries(join(demoFolder, "province"), "demo-mysql");
    cpSync(join(demoFolder, "logs"), join(runOutputFolder("demo-mysql"), "logs"), { recursive: true });
    expect(expectedFromTables).to.have.length.greaterThan(7);
    expect(expectedDigests()).to.deep.equal(expectedFromTables);
    const out: unknown = JSON.parse(readFileSync(file, "utf8"));
    expect(part(out, "check")["differences"]).to.equal(0);
    expect(readFileSync(join(demoFolder, "province.yaml"), "utf8")).to.match(/engine: mysql/);
  });

  it("ends in the same expected files where a vendor writes by SQL, with a verdict for each row as the ledger has it", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "duijie-demo-")), "out.json");
    const args = ["--students", "2000", "--seed", "7", "--source", "vendor", "--json", file, "--keep"];
    const code = await npmRun("demo", {}, "--", ...args, ...brokerOption);
    try {
      expect([0, 3]).to.include(code);
      keepCanaries(join(demoFolder, "province"), "demo-vendor");
      cpSync(join(demoFolder, "logs"), join(runOutputFolder("demo-vendor"), "logs"), { recursive: true });
      expect(expectedFromTables).to.have.length.greaterThan(7);
      expect(expectedDigests()).to.deep.equal(expectedFromTables);
      const out: unknown = JSON.parse(readFileSync(file, "utf8"));
      expect(part(out, "check")["differences"]).to.equal(0);
      const verdicts = await verdictsAt(String(part(out, "urls")["exchange"]));
      for (const entity of ["region", "school", "campus", "grade", "class", "student", "guardian"]) {
        const line = part(out, entity);
        const parked = (outcome: string) =>
          Object.values(part(line, outcome)).reduce<number>((sum, one) => sum + Number(one), 0);
        const counted = {
          applied: line["applied"],
          quarantined: parked("quarantined"),
          rejected: parked("rejected"),
          waiting: line["waiting"],
        };
        const above = Object.fromEntries(Object.entries(counted).filter(([, count]) => count !== 0));
        expect(verdicts.get(entity), entity).to.deep.equal(above);
      }
    } finally {
      expect(await npmRun("demo:stop", {})).to.equal(0);
    }
  });

  it("runs where there is neither Java nor Maven, and says what takes Kafka's place", async () => {
    const size = ["--students", "500", "--seed", "7", "--lang", "en"];
    const code = await npmRun("demo", { JAVA_HOME: "/nonexistent" }, "--", ...size);
    const said = readFileSync(join(runOutputFolder("demo"), "demo-without-java.txt"), "utf8");
    expect(code, said).to.equal(0);
    expect(said)
      .to.include("No Kafka here: messages go through a log in PostgreSQL instead")
      .and.include(" 0 differences");
  });
});

let expectedFromTables: readonly string[] = [];

/** Name and digest of each file that says what has to come out. */
function expectedDigests(): readonly string[] {
  const folder = join(demoFolder, "province");
  const expected = readdirSync(join(folder, "expected")).toSorted();
  return ["truth.json", ...expected.map((name) => join("expected", name))].map((name) => {
    const bytes = readFileSync(join(folder, name));
    return `${name} ${createHash("sha256").update(bytes).digest("hex")}`;
  });
}

/** Rows of the vendor's load, by entity and outcome. */
async function verdictsAt(url: string): Promise<ReadonlyMap<string, Record<string, number>>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ entity: string; outcomes: Record<string, number> }>(
      "SELECT entity, jsonb_object_agg(outcome, records) AS outcomes FROM staging.load_summary GROUP BY entity",
    );
    return new Map(rows.map(({ entity, outcomes }) => [entity, outcomes]));
  } finally {
    await client.end();
  }
}

async function npmRun(
  script: string,
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<number | null> {
  const child = spawn("npm", ["run", "--silent", script, ...args], {
    cwd: packageRoot,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const parts: Buffer[] = [];
  child.stdout.on("data", (data: Buffer) => parts.push(data));
  child.stderr.on("data", (data: Buffer) => parts.push(data));
  await once(child, "close");
  const file = `${script.replace(":", "-")}${"JAVA_HOME" in env ? "-without-java" : ""}.txt`;
  writeFileSync(join(runOutputFolder("demo"), file), Buffer.concat(parts));
  return child.exitCode;
}

async function pupilsAt(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM registry.student WHERE NOT is_deleted",
    );
    return rows[0]?.n ?? 0;
  } finally {
    await client.end();
  }
}

function part(value: unknown, name: string): Record<string, unknown> {
  const found =
    typeof value === "object" && value !== null
      ? Object.entries(value).find(([key]) => key === name)?.[1]
      : undefined;
  if (typeof found === "object" && found !== null) return { ...found };
  throw new Error(`no part ${name}`);
}
