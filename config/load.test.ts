import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect } from "chai";
import { DuijieError } from "../contracts/errors.ts";
import { FindingsError } from "../contracts/finding.ts";
import { createTexts } from "../contracts/texts.ts";
import { describeError } from "./describe-error.ts";
import { loadConfig, loadNationalConfig, loadProvinceConfig } from "./load.ts";
import { mappingTargets } from "./mapping-targets.ts";
import { redactConfig } from "./redact.ts";
import { missingRequiredFields } from "./required-fields.ts";
import { engineNames } from "./schema.ts";

const canary = "c4n4ry-p4ssw0rd";
const env = {
  EXCHANGE: `postgres://duijie:${canary}@db.example:5433/exchange?sslpassword=${canary}`,
  REGISTRY: "postgres://reader@registry.example/xueji",
  NATIONAL: "postgres://nation@db.example/national",
  PASSWORD: canary,
};

const head = `role: province
province: "34"
exchangeDb:
  url: { env: EXCHANGE }
kafka:
  brokers: ["localhost:9092"]
keys:
  signing: { id: k, privateKeyFile: ./keys/34.key }
  nation: [{ id: n, publicKeyFile: /etc/nation.pub }]
registry:
  engine: postgres
  url: { env: REGISTRY }
`;
const student = `  entities:
    student:
      table: xs
      key: [xs_id]
      fields:
        name: xm
`;
const valid = head + student;
/** The lines up to `registry.url`. */
const headLines = head.split("\n").length - 1;

describe("configuration", () => {
  let folder: string;
  let file: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "duijie-config-"));
    file = join(folder, "node.yaml");
  });
  after(() => rmSync(folder, { recursive: true }));

  function load(text: string | Buffer, variables: Record<string, string> = env) {
    writeFileSync(file, text);
    return loadConfig(file, variables);
  }

  function failure(text: string | Buffer, variables: Record<string, string> = env): FindingsError {
    try {
      load(text, variables);
    } catch (error) {
      if (error instanceof FindingsError) return error;
      throw error;
    }
    throw new Error("it was accepted");
  }

  /** `line key path` of each fault. */
  function faults(text: string | Buffer): readonly string[] {
    const error = failure(text);
    expect(error.code).to.equal("CONFIG_INVALID");
    return error.findings.map(({ key, params }) =>
      [params["line"], key.replace("config.finding.", ""), params["path"]]
        .filter((part) => part !== undefined)
        .join(" "),
    );
  }

  it("is loaded with defaults, absolute paths and secrets, frozen to the bottom", () => {
    const config = load(valid);
    expect(config).to.deep.include({ role: "province", province: "34", file, folder });
    expect(config.keys.signing.privateKeyFile).to.equal(join(folder, "keys", "34.key"));
    expect(config.kafka).to.include({ client: "rdkafka", replicationFactor: 1, messageBytesMax: 1_000_000 });
    if (config.role !== "province") throw new Error(config.role);
    expect(config.load).to.include({ chunkRows: 8000, batchRows: 4000, quarantineShareMax: 0.02 });
    expect(config.registry.connection).to.include({ charset: "auto" });
    expect(config.exchangeDb.url.reveal()).to.equal(env.EXCHANGE);
    expect(config.registry.entities.student?.fields).to.deep.equal([
      { field: "name", from: { column: "xm" }, convert: [] },
    ]);
    for (const part of [config, config.kafka, config.registry.entities.student?.fields[0]]) {
      expect(part).to.satisfy(Object.isFrozen);
    }
  });

  it("takes a database in place of Kafka, its password by reference", () => {
    const { kafka } = load(
      valid.replace(
        'brokers: ["localhost:9092"]',
        "client: postgres\n  url: postgres://log@localhost/broker\n  password: { env: EXCHANGE }",
      ),
    );
    expect(kafka).to.deep.include({ client: "postgres", brokers: [] });
    expect(new URL(kafka.url?.reveal() ?? "").username).to.equal("log");
    expect(new URL(kafka.url?.reveal() ?? "").password).to.not.equal("");
  });

  it("takes fields in short and in long form, queries, scope and mapping files", () => {
    const config = load(`${head}  limits: { rowsPerSecond: 500 }
  tls: { ca: { file: ./node.yaml } }
  entities:
    student:
      query: SELECT 1
      key: [a, b]
      county: xzqhm
      phase: xd
      fields:
        name: xm
        birthDate: { column: csrq, convert: [trim, { date: YYYY-MM-DD }] }
        hukouKindCode: { column: hk, codes: hukou }
        nationalityCode: { constant: CHN }
scope: { counties: ["340104"], phases: ["2"] }
mappings:
  hukou: ./hukou.csv
  school: { file: ./school.csv, charset: gb18030 }
`);
    if (config.role !== "province") throw new Error(config.role);
    expect(config.registry.limits).to.deep.equal({
      rowsPerSecond: 500,
      concurrentReads: 2,
      pageRows: 2000,
      protect: { enabled: true, slowAbove: 1.2, slowestShare: 0.02, probeMs: 50 },
    });
    expect(config.registry.entities.student).to.deep.equal({
      entity: "student",
      from: { query: "SELECT 1" },
      key: ["a", "b"],
      county: "xzqhm",
      phase: "xd",
      fields: [
        { field: "name", from: { column: "xm" }, convert: [] },
        { field: "birthDate", from: { column: "csrq" }, convert: ["trim", { date: "YYYY-MM-DD" }] },
        { field: "hukouKindCode", from: { column: "hk" }, convert: [], codes: "hukou" },
        { field: "nationalityCode", from: { constant: "CHN" }, convert: [] },
      ],
    });
    expect(config.mappings).to.deep.equal({
      hukou: { file: join(folder, "hukou.csv"), charset: "utf8" },
      school: { file: join(folder, "school.csv"), charset: "gb18030" },
    });
    expect([...mappingTargets(config)]).to.deep.equal([["hukou", "hukou-kind"]]);
    expect(config.scope).to.deep.equal({ counties: ["340104"], phases: ["2"] });
  });

  it("names a file that is not there", () => {
    expect(() => loadConfig(join(folder, "none.yaml"), env))
      .to.throw(DuijieError)
      .that.deep.includes({ code: "CONFIG_NOT_FOUND", params: { file: join(folder, "none.yaml") } });
  });

  const at = (offset: number): number => headLines + offset;
  const field = (text: string): string => valid.replace("        name: xm\n", `        ${text}\n`);
  const cases: readonly (readonly [title: string, text: string | Buffer, expected: readonly string[]])[] = [
    ["bytes that are not UTF-8", Buffer.from([0x72, 0xc5, 0xa9, 0xff]), ["1 encoding"]],
    ["broken YAML", valid.replace("brokers: [", "brokers: [["), ["7 yaml"]],
    ["nothing at all", "", ["1 type.object "]],
    ["no role", valid.replace("role: province\n", ""), ["1 missing role"]],
    ["an unknown role", valid.replace("role: province", "role: city"), ["1 notAllowed role"]],
    [
      "a mistyped key",
      valid.replace("  brokers:", "  broker:"),
      ["5 missing kafka.brokers", "6 unknownKey kafka.broker"],
    ],
    ["a number where text belongs", valid.replace('"34"', "34"), ["2 type.string province"]],
    ["a province of three digits", valid.replace('"34"', '"340"'), ["2 wrongForm province"]],
    ["a province that does not exist", valid.replace('"34"', '"99"'), ["2 unknownProvince province"]],
    ["a broker without port", valid.replace("localhost:9092", "localhost"), ["6 wrongForm kafka.brokers[0]"]],
    [
      "a log in PostgreSQL without its URL, and what goes with Kafka alone",
      valid.replace("kafka:", "kafka:\n  client: postgres"),
      ["5 missing kafka.url"],
    ],
    [
      "Kafka's keys beside a log in PostgreSQL",
      valid.replace("kafka:", "kafka:\n  client: postgres\n  tls: {}\n  url: { env: EXCHANGE }"),
      ["7 otherClient kafka.tls", "9 otherClient kafka.brokers"],
    ],
    [
      "a URL beside Kafka",
      valid.replace("kafka:", "kafka:\n  url: { env: EXCHANGE }"),
      ["6 otherClient kafka.url"],
    ],
    [
      "a password in the URL of the log",
      valid.replace(
        'brokers: ["localhost:9092"]',
        "client: postgres\n  url: postgres://a:b@localhost/broker",
      ),
      ["7 plainSecret kafka.url"],
    ],
    [
      "an unknown client",
      valid.replace("kafka:", "kafka:\n  client: kafka-node"),
      ["6 notAllowed kafka.client"],
    ],
    [
      "a limit out of range",
      `${valid}load: { chunkRows: 1, quarantineShareMax: 2 }\n`,
      [`${at(7)} outOfRange load.chunkRows`, `${at(7)} outOfRange load.quarantineShareMax`],
    ],
    [
      "an unknown profile",
      `${valid}load: { profile: national-1999 }\n`,
      [`${at(7)} notAllowed load.profile`],
    ],
    ["an unknown engine", valid.replace("postgres\n", "foxpro\n"), ["11 notAllowed registry.engine"]],
    ["neither URL nor host", valid.replace("  url: { env: REGISTRY }\n", ""), ["10 wrongChoice registry"]],
    ["a key twice", valid.replace("      key:", "      table: y\n      key:"), [`${at(4)} duplicateKey`]],
    ["a field twice", field("name: xm\n        name: xm2"), [`${at(7)} duplicateKey`]],
    [
      "an unknown entity",
      valid.replace("student:", "pupil:"),
      [`${at(2)} unknownKey registry.entities.pupil`],
    ],
    ["an unknown field", field("nmae: xm"), [`${at(6)} unknownField registry.entities.student.fields.nmae`]],
    [
      "neither table nor query",
      valid.replace("      table: xs\n", ""),
      [`${at(2)} tableOrQuery registry.entities.student`],
    ],
    [
      "both table and query",
      valid.replace("      key:", "      query: SELECT 1\n      key:"),
      [`${at(2)} tableOrQuery registry.entities.student`],
    ],
    [
      "a query of a folder",
      valid
        .replace("postgres\n", "csv\n")
        .replace("  url: { env: REGISTRY }\n", "  folder: ./files\n")
        .replace("table: xs", "query: SELECT 1"),
      [`${at(3)} sourceKind registry.entities.student.query`],
    ],
    [
      "a file of a database",
      valid.replace("table: xs", "file: xs.csv"),
      [`${at(3)} sourceKind registry.entities.student.file`],
    ],
    [
      "both column and constant",
      field("name: { column: xm, constant: x }"),
      [`${at(6)} columnOrConstant registry.entities.student.fields.name`],
    ],
    [
      "an unknown conversion",
      field("name: { column: xm, convert: [lower] }"),
      [`${at(6)} notAllowed registry.entities.student.fields.name.convert[0]`],
    ],
    [
      "a pattern that is no date",
      field("birthDate: { column: xm, convert: [{ date: YY-MM-DD }] }"),
      [`${at(6)} wrongForm registry.entities.student.fields.birthDate.convert[0].date`],
    ],
    [
      "a conversion that does not fit the field",
      field("name: { column: xm, convert: [{ date: YYYY-MM-DD }, { nameToCode: true }] }"),
      [
        `${at(6)} conversionMisplaced registry.entities.student.fields.name.convert[0]`,
        `${at(6)} conversionMisplaced registry.entities.student.fields.name.convert[1]`,
      ],
    ],
    [
      "a mapping table's name in capitals",
      field("genderCode: { column: xb, codes: Sex }"),
      [`${at(6)} wrongForm registry.entities.student.fields.genderCode.codes`],
    ],
    [
      "a mapping table for what is no code",
      field("name: { column: xm, codes: names }"),
      [`${at(6)} codesMisplaced registry.entities.student.fields.name.codes`],
    ],
    [
      "one table for two kinds of codes",
      field("genderCode: { column: xb, codes: t }\n        healthCode: { column: jk, codes: t }"),
      [`${at(7)} tableOfTwoKinds registry.entities.student.fields.healthCode.codes`],
    ],
    [
      "names and a mapping table together",
      field("genderCode: { column: xb, codes: t, convert: [{ nameToCode: true }] }"),
      [`${at(6)} namesAndCodes registry.entities.student.fields.genderCode.codes`],
    ],
    [
      "a constant that is no national code",
      field('genderCode: { constant: "7" }'),
      [`${at(6)} constantUnknown registry.entities.student.fields.genderCode.constant`],
    ],
    [
      "a scope that can't be applied to pupils",
      `${valid}scope: { counties: ["340104"] }\n`,
      [`${at(2)} scopeColumn registry.entities.student.county`],
    ],
    [
      "a password in a URL",
      valid.replace("{ env: REGISTRY }", `postgres://a:${canary}@b/c`),
      ["12 plainSecret registry.url"],
    ],
    [
      "a password in plain text",
      valid.replace("engine:", `password: ${canary}\n  engine:`),
      ["11 plainSecret registry.password"],
    ],
    [
      "a URL of another database",
      valid.replace("{ env: EXCHANGE }", "mysql://a/b"),
      ["4 url exchangeDb.url"],
    ],
    [
      "a list as a secret",
      valid.replace("{ env: EXCHANGE }", `[${canary}]`),
      ["4 type.object exchangeDb.url"],
    ],
    [
      "a secret with two places",
      valid.replace("{ env: EXCHANGE }", "{ env: A, file: b }"),
      ["4 outOfRange exchangeDb.url"],
    ],
  ];
  for (const [title, text, expected] of cases) {
    it(`tells of ${title} where it stands`, () => {
      expect(faults(text)).to.deep.equal(expected);
    });
  }

  it("lists all faults at once, with what is allowed and what was meant", () => {
    const error = failure(
      valid
        .replace("client", "x")
        .replace("brokers", "broker")
        .replace("name: xm", "xbm: xb")
        .replace("engine: postgres", "engine: postgre"),
    );
    const zh = describeError(error, createTexts("zh"));
    const en = describeError(error, createTexts("en"));
    expect(en.details.join("\n")).to.include("did you mean brokers");
    expect(en.details.join("\n")).to.include(`There are: ${engineNames().join(", ")}`);
    expect(zh.details).to.have.length(error.findings.length);
    for (const line of zh.details) expect(line).to.match(/^第 \d+ 行.*\p{Script=Han}/u);
  });

  it("suggests a field for its mistyped name and for the national system's column", () => {
    const suggestions = ["nmae", "brithDate", "xbm", "zzz"].map(
      (name) => failure(field(`${name}: x`)).findings[0]?.params["suggestion"],
    );
    expect(suggestions).to.deep.equal(["name", "birthDate", "genderCode", undefined]);
  });

  it("names every variable and file that is missing, before anything else fails", () => {
    const text = valid.replace("{ env: REGISTRY }", "{ file: ./none.txt }");
    const error = failure(text, { EXCHANGE: "" });
    expect(error.code).to.equal("SECRET_MISSING");
    expect(
      error.findings.map(({ params }) => [params["line"], params["variable"] ?? params["file"]]),
    ).to.deep.equal([
      [4, "EXCHANGE"],
      [12, join(folder, "none.txt")],
    ]);
  });

  it("puts a password that stands apart into the URL", () => {
    const secretFile = join(folder, "password.txt");
    writeFileSync(secretFile, "p@ss:w/rd\n");
    const text = valid.replace(
      "  url: { env: EXCHANGE }",
      "  url: postgres://duijie@db.example/exchange\n  password: { file: ./password.txt }",
    );
    const config = load(text);
    if (config.role !== "province") throw new Error(config.role);
    const url = new URL(config.exchangeDb.url.reveal());
    expect(decodeURIComponent(url.password)).to.equal("p@ss:w/rd");
    expect(url.host).to.equal("db.example");
  });

  it("shows no secret, however it is printed, nor in a finding", () => {
    const config = load(
      valid
        .replace(
          "kafka:\n",
          "kafka:\n  sasl: { mechanism: plain, username: u, password: { env: PASSWORD } }\n",
        )
        .replace("  url: { env: REGISTRY }", "  url: { env: REGISTRY }\n  password: { env: PASSWORD }"),
    );
    const shown = redactConfig(config);
    const errors = cases.map(([, text]) => describeError(failure(text), createTexts("en")));
    for (const text of [
      JSON.stringify(shown),
      JSON.stringify(config),
      inspect(config, { depth: 20 }),
      inspect(errors, { depth: 9 }),
    ]) {
      expect(text).not.to.include(canary);
    }
    expect(shown).to.have.nested.property(
      "exchangeDb.url",
      "postgres://duijie:***@db.example:5433/exchange (env EXCHANGE)",
    );
    expect(shown).to.have.nested.property("kafka.sasl.password", "[secret: env PASSWORD]");
  });

  it("takes names for every code table but regions, whatever a table is called", () => {
    const convert = "convert: [{ nameToCode: true }]";
    const school = valid.replace("student:", "school:");
    const config = load(school.replace("name: xm", `regionEconomyCode: { column: jj, ${convert} }`));
    expect(config.role).to.equal("province");
    expect(faults(school.replace("name: xm", `regionCode: { column: qh, ${convert} }`))).to.have.length(1);
  });

  it("keeps the roles apart", () => {
    writeFileSync(file, valid);
    expect(loadProvinceConfig(file, env).province).to.equal("34");
    expect(() => loadNationalConfig(file, env))
      .to.throw(FindingsError)
      .that.includes({ code: "CONFIG_INVALID" });
  });

  it("of the nation knows the provinces and their keys", () => {
    const national = `role: national
database: { url: { env: NATIONAL } }
kafka: { brokers: ["localhost:9092"] }
keys:
  signing: { id: nation-1, privateKeyFile: nation.key }
  provinces:
    "34": [{ id: a, publicKeyFile: a.pub }, { id: b, publicKeyFile: b.pub }]
`;
    const config = load(national);
    if (config.role !== "national") throw new Error(config.role);
    expect(config.keys.provinces).to.deep.equal({
      "34": [
        { id: "a", publicKeyFile: join(folder, "a.pub") },
        { id: "b", publicKeyFile: join(folder, "b.pub") },
      ],
    });
    expect(config.apply).to.include({ profile: "national-2013" });
    expect(faults(national.replace('"34"', '"99"'))).to.deep.equal(["7 unknownProvince keys.provinces.99"]);
    expect(faults(national.replace('"34"', "anhui"))[0]).to.equal("7 wrongName keys.provinces.anhui");
  });

  it("of which required fields lack a column is known before a load", () => {
    const config = load(valid);
    if (config.role !== "province") throw new Error(config.role);
    const missing = missingRequiredFields(config);
    expect(missing).to.deep.include({ entity: "student", field: "birthDate", profile: "national-2013" });
    expect(missing).not.to.deep.include({ entity: "student", field: "name", profile: "national-2013" });
    expect(new Set(missing.map(({ entity }) => entity))).to.deep.equal(new Set(["student"]));
  });

  describe("of a schedule", () => {
    const schedule = (lines: string) => `${valid}schedule:\n${lines}`;
    /** Of the schedule's first key. */
    const line = valid.split("\n").length + 1;

    it("has defaults, and a window without days is for every day", () => {
      const config = load(schedule('  cron: "0 22 * * *"\n  windows: [{ from: "22:00", to: "06:00" }]\n'));
      expect(config).to.have.deep.property("schedule", {
        timeZone: "Asia/Shanghai",
        cron: "0 22 * * *",
        windows: [{ days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from: "22:00", to: "06:00" }],
        blackoutDays: [],
        catchUp: "once",
        deadlineHours: 24,
        retryMinutes: 5,
        graceSeconds: 30,
        silentSeconds: 300,
      });
      expect(load(valid)).not.to.have.property("schedule");
    });

    it("is refused where it could never run as it says", () => {
      const cases: readonly (readonly [string, string])[] = [
        ["  timeZone: Asia/Peking\n  cron: 0 22 * * *\n", `${line} unknownTimeZone schedule.timeZone`],
        ["  cron: every night\n", `${line} cronMalformed schedule.cron`],
        ["  cron: 0 22 * * * * 2027\n", `${line} cronMalformed schedule.cron`],
        ["  cron: 0 0 30 2 *\n", `${line} cronNever schedule.cron`],
        [
          "  cron: 0 18 * * *\n  windows: [{ from: '22:00', to: '06:00' }, { days: [sat], from: '19:00', to: '24:00' }]\n",
          `${line + 1} windowsNeverDue schedule.windows`,
        ],
        [
          "  cron: 0 18 * * *\n  windows: [{ from: '25:00', to: '06:00' }]\n",
          `${line + 1} wrongForm schedule.windows[0].from`,
        ],
        [
          "  cron: 0 18 * * *\n  blackoutDays: [{ from: '2027-02-30', reason: x }]\n",
          `${line + 1} unknownDay schedule.blackoutDays[0]`,
        ],
        [
          "  cron: 0 18 * * *\n  blackoutDays: [{ from: '2027-06-09', to: '2027-06-07', reason: x }]\n",
          `${line + 1} daysReversed schedule.blackoutDays[0]`,
        ],
        ["  cron: 0 18 * * *\n  deadlineHours: 0\n", `${line + 1} outOfRange schedule.deadlineHours`],
      ];
      for (const [lines, fault] of cases) expect(faults(schedule(lines))).to.deep.equal([fault]);
    });
  });
});
