import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import pg from "pg";
import { entityNames } from "../../contracts/entity.ts";
import type { ErrorCode } from "../../contracts/errors.ts";
import { entityContract } from "../../contracts/registry.ts";
import { createKeyPair } from "../../pipeline/signing.ts";
import { badInputs } from "./bad-inputs.ts";
import type { Content } from "./province-folder.ts";
import { sendWrong } from "./runbook-messages.ts";
import { type HandStep, province, pupils, type RunbookWorld, spareSchool } from "./runbook-world.ts";
import { freshDatabase, testPostgres } from "./servers.ts";
import { fillRegistry, schoolIdsOf, smallProvince } from "./small-province.ts";
import { VendorRole } from "./vendor-role.ts";

type World = RunbookWorld;

/** How a test makes a fault, and what a person does where the page's cure has a step by hand. */
export interface RunbookCase {
  readonly code: ErrorCode;
  readonly provoke?: (world: World) => void | Promise<void>;
  readonly hand?: (world: World) => readonly HandStep[];
}

const nothing = () => undefined;
const nowhere = "postgres://duijie@127.0.0.1:1/none";

/** The change of a bad input, as a person made it in duijie.yaml; mended by writing the right file. */
function badConfig(code: ErrorCode, name: string, stepsBefore: readonly HandStep[] = []): RunbookCase {
  const bad = badInputs.find((one) => one.name === name);
  if (bad === undefined || bad.code !== code) throw new Error(`no such bad input: ${name}`);
  return {
    code,
    provoke: (world) => world.configure(bad.change),
    hand: (world) => [...stepsBefore, () => world.configure()],
  };
}

/** In order: the first makes the nation run, the others need it. */
export const setUpCases: readonly RunbookCase[] = [
  { code: "TOPIC_MISSING", hand: (world) => [async () => await world.startNation()] },
  { code: "USAGE_INVALID" },
  {
    code: "CONFIG_NOT_FOUND",
    provoke: (world) => {
      world.env["DUIJIE_CONFIG"] = "/nowhere/duijie.yaml";
    },
  },
  badConfig("CONFIG_INVALID", "an unknown key"),
  {
    code: "SECRET_MISSING",
    provoke: (world) => {
      world.env["DUIJIE_EXCHANGE_URL"] = "";
    },
  },
  {
    code: "KEY_FILE_INVALID",
    provoke: (world) => chmodSync(join(world.folder, "keys", `${province}.key`), 0o644),
  },
  {
    code: "FILE_UNREADABLE",
    provoke: (world) => rmSync(join(world.folder, "sex.csv")),
    hand: (world) => [() => world.reset()],
  },
  {
    code: "FILE_EXISTS",
    provoke: async (world) => await world.type("duijie init --province 34 --folder my # → 0", []),
  },
  {
    code: "MAPPING_FILE_INVALID",
    provoke: (world) => world.writeFile("sex.csv", "source_code,target_code\n1,99\n"),
    hand: (world) => [() => world.reset()],
  },
  {
    code: "SCHOOL_FILE_INVALID",
    provoke: (world) =>
      world.writeFile("schools.csv", world.schoolFile().replace(schoolIdsOf(province)[0], "12")),
    hand: (world) => [() => world.writeFile("schools.csv", world.schoolFile())],
  },
];

/** Due each night, on no day of this century. */
const neverOpen = {
  cron: "0 1 * * *",
  blackoutDays: [{ from: "2001-01-01", to: "2099-12-31", reason: "test" }],
};

export const serverCases: readonly RunbookCase[] = [
  {
    code: "SCHEDULE_MISSING",
    hand: (world) => [() => world.configure((content) => ({ ...content, schedule: { cron: "0 1 * * *" } }))],
  },
  {
    code: "OUTSIDE_WINDOW",
    provoke: (world) => world.configure((content) => ({ ...content, schedule: neverOpen })),
  },
  {
    code: "SOURCE_UNREACHABLE",
    provoke: (world) => {
      world.env["REGISTRY_URL"] = nowhere;
    },
    hand: () => [nothing],
  },
  { code: "SOURCE_REFUSED", provoke: readerWithoutRights },
  badConfig("SOURCE_CHANGED", "a column that is missing, asked by check"),
  {
    code: "SOURCE_CHARSET_WRONG",
    provoke: registryWithoutCharset,
    hand: (world) => [
      () =>
        world.configure((content) => ({
          ...content,
          registry: { ...(content["registry"] as Content), charset: "utf8" },
        })),
    ],
  },
  {
    code: "STORE_UNREACHABLE",
    provoke: (world) => {
      world.env["DUIJIE_EXCHANGE_URL"] = nowhere;
    },
    hand: () => [nothing],
  },
  { code: "STORE_REFUSED", provoke: daemonWithoutRights },
  {
    code: "ROLE_UNBOUND",
    provoke: async (world) => {
      await world.sql(
        "EXCHANGE_OWNER",
        `DELETE FROM exchange.role_province WHERE role_name = '${world.own("duijie_exchange")}'`,
      );
      world.env["DUIJIE_EXCHANGE_URL"] = world.as("EXCHANGE_OWNER", "duijie_exchange");
    },
  },
  {
    code: "ROW_SECURITY_MISSING",
    provoke: async (world) => {
      await world.sql("EXCHANGE_OWNER", "ALTER TABLE exchange.batch DISABLE ROW LEVEL SECURITY");
    },
  },
  {
    code: "SCHEMA_MISSING",
    provoke: async (world) => {
      world.env["DUIJIE_EXCHANGE_URL"] = (await freshDatabase("runbook_empty")).url;
    },
  },
  badConfig("BROKER_UNREACHABLE", "a broker that can't be reached, asked by check", [nothing]),
];

/** What is wrong with the pupils' file, made from the right one. */
const fileFaults: readonly (readonly [ErrorCode, (text: string) => string])[] = [
  ["SOURCE_FILE_EMPTY", () => ""],
  ["SOURCE_HEADER_MISSING", (text) => text.replace(/^.*\n/, "")],
  ["SOURCE_HEADER_DOUBLED", (text) => text.replaceAll("\n", ",name\n")],
  ["SOURCE_ROW_RAGGED", (text) => text.replace(/\n$/, ",more\n")],
  ["SOURCE_QUOTE_OPEN", (text) => text.replace(/\n(?=[^\n]*\n$)/, '\n"')],
  ["SOURCE_QUOTE_STRAY", (text) => text.replace("\np", '\np"')],
  ["SOURCE_BYTE_NUL", (text) => text.replace("\np", "\np\0")],
];

export const fileCases: readonly RunbookCase[] = fileFaults.map(([code, spoiled]) => ({
  code,
  provoke: (world) => writeRegistryFiles(world, spoiled),
  hand: (world) => [() => writeRegistryFiles(world, (text) => text)],
}));

export const loadCases: readonly RunbookCase[] = [
  {
    code: "NATION_SILENT",
    provoke: async (world) => {
      await world.stopNation();
      world.configure(impatient);
    },
    hand: (world) => [
      async () => {
        world.configure();
        await world.startNation();
      },
    ],
  },
  {
    code: "SIGNATURE_INVALID",
    provoke: (world) => {
      const { privatePem, publicPem } = createKeyPair();
      writeFileSync(join(world.folder, "keys", "new.key"), privatePem, { mode: 0o600 });
      writeFileSync(join(world.folder, "keys", "new.pub"), publicPem);
      world.configure((content) => withNewKey(impatient(content)));
    },
    hand: (world) => [
      nothing,
      () => world.configureNation([{ id: `${province}-2`, publicKeyFile: "../keys/new.pub" }]),
      async () => {
        world.configure(withNewKey);
        await world.startNation();
      },
    ],
  },
  {
    code: "PROVINCE_FOREIGN",
    provoke: async (world) =>
      await sendWrong(world, "900001", gzipSync("{}"), (headers) => ({
        ...headers,
        ce_source: "/provinces/37",
      })),
    hand: () => [nothing],
  },
  {
    code: "MESSAGE_MALFORMED",
    provoke: async (world) => await sendWrong(world, "900002", Buffer.from("no gzip")),
    hand: () => [nothing],
  },
  { code: "LOAD_NOT_FOUND" },
  {
    code: "LOAD_STATE_WRONG",
    provoke: async (world) => {
      await world.sql(
        "EXCHANGE_OWNER",
        `INSERT INTO exchange.run (province, kind, state, mapping_version, profile, entities)
         VALUES ('${province}', 'load', 'running', 0, 'national-2013', '["student"]')`,
      );
    },
  },
  { code: "RECALL_RUNNING", provoke: recallElsewhere, hand: () => [async () => await endRecall()] },
  {
    code: "POSITION_LOST",
    provoke: async (world) => {
      await world.sql(
        "EXCHANGE_OWNER",
        `UPDATE exchange.consumer_position SET next_offset = 100000 WHERE topic = '${world.values["topic"]}'`,
      );
    },
    hand: () => [nothing],
  },
  {
    code: "INVARIANT_BROKEN",
    provoke: async (world) => {
      await world.sql(
        "NATIONAL_OWNER",
        "UPDATE registry.student SET phone = '13900000009' WHERE source_key = 'p000001'",
      );
    },
  },
  {
    code: "RECALL_PRIOR_GONE",
    provoke: async (world) => {
      await pupil(world, 2, "phone = '13900000008'");
      await world.type("duijie load run # → 0", []);
      await world.sql("EXCHANGE_OWNER", "DELETE FROM staging.student_prior");
    },
    hand: (world) => [async () => await pupil(world, 2, "phone = '13900000001'")],
  },
];

/** What is wrong in the registry, all at once, and how each is put right. */
export interface RecordCase {
  readonly code: ErrorCode;
  readonly spoil: string;
  readonly mend: string | ((world: World) => void);
}

const one = (key: string, change: string) => `UPDATE own.student SET ${change} WHERE source_key = '${key}'`;
const copy = (table: string, like: string, values: Readonly<Record<string, string>>) =>
  `INSERT INTO own.${table} SELECT (jsonb_populate_record(t, '${JSON.stringify(values)}')).* FROM own.${table} t WHERE source_key = '${like}'`;
const [school] = schoolIdsOf(province);

export const recordCases: readonly RecordCase[] = [
  {
    code: "RECORD_MALFORMED",
    spoil: one("p000010", "name = name || chr(1)"),
    mend: one("p000010", "name = '学童10'"),
  },
  {
    code: "KEY_MISSING",
    spoil: one("p000011", "source_key = NULL"),
    mend: "UPDATE own.student SET source_key = 'p000011' WHERE source_key IS NULL",
  },
  {
    code: "KEY_DUPLICATE",
    spoil: one("p000013", "source_key = 'p000012'"),
    mend: "UPDATE own.student SET source_key = 'p000013' WHERE name = '学童13'",
  },
  {
    code: "MAPPING_MISSING",
    spoil: one("p000014", "gender_code = 'X'"),
    mend: (world) => world.writeFile("sex.csv", "source_code,target_code\n1,1\n2,2\nX,1\n"),
  },
  {
    code: "CONTRACT_VIOLATION",
    spoil: one("p000015", "name = NULL"),
    mend: one("p000015", "name = '学童15'"),
  },
  {
    code: "PARENT_MISSING",
    spoil: one("p000016", "class_id = 'cnone'"),
    mend: one("p000016", `class_id = 'c${school}'`),
  },
  {
    code: "REGION_UNKNOWN",
    spoil: copy("region", "r1", { source_key: "r2", code: "330198", code12: "330198000000" }),
    mend: "UPDATE own.region SET code = '330105', code12 = '330105000000' WHERE source_key = 'r2'",
  },
  {
    code: "SCHOOL_UNKNOWN",
    spoil: copy("school", `s${school}`, { source_key: "s9", school_id: `21${province}000009` }),
    mend: `UPDATE own.school SET school_id = '${spareSchool}' WHERE source_key = 's9'`,
  },
  {
    code: "IDENTIFIER_TAKEN",
    spoil: copy("school_grade", `g${school}`, { source_key: "g9" }),
    mend: "UPDATE own.school_grade SET grade_id = 'g9' WHERE source_key = 'g9'",
  },
];

export const shareCase: RunbookCase = {
  code: "QUARANTINE_SHARE_EXCEEDED",
  provoke: async (world) => {
    world.configure((content) => ({
      ...content,
      load: { ...(content["load"] as Content), quarantineRowsMin: 10 },
    }));
    await world.sql("REGISTRY_OWNER", "UPDATE own.student SET name = NULL WHERE source_key < 'p000010'");
  },
  hand: (world) => [
    async () => {
      await world.sql(
        "REGISTRY_OWNER",
        "UPDATE own.student SET name = '学童' || substr(source_key, 2)::int WHERE name IS NULL",
      );
    },
  ],
};

let vendor: VendorRole | null = null;

/** A load that calls itself complete and holds a few of the pupils only. */
async function deliverPart(world: World): Promise<void> {
  vendor = await VendorRole.create(world.urls.exchange, province, "runbook");
  world.values["load"] = await vendor.deliver({ student: smallProvince(province, 5).student }, true);
  world.configure((content) => ({ ...content, registry: { engine: "vendor" } }));
}

export async function endVendor(): Promise<void> {
  await vendor?.end();
  vendor = null;
}

export const vendorCase: RunbookCase = {
  code: "DELETION_SHARE_EXCEEDED",
  provoke: deliverPart,
  hand: () => [
    async () => {
      await vendor?.deliver({ student: smallProvince(province, pupils).student }, true);
    },
  ],
};

/** Every code that the test runs. */
export const runCodes: readonly ErrorCode[] = [
  ...setUpCases,
  ...serverCases,
  ...fileCases,
  ...loadCases,
  ...recordCases,
  shareCase,
  vendorCase,
].map(({ code }) => code);

let recalling: pg.Client | null = null;

/** Another process holds what a recall holds. */
async function recallElsewhere(world: World): Promise<void> {
  const [run] = await world.sql(
    "EXCHANGE_OWNER",
    "SELECT max(run_id)::text AS id FROM exchange.run WHERE kind = 'load' AND state = 'done'",
  );
  const id = run?.["id"];
  world.values["number"] = typeof id === "string" ? id : "";
  recalling = new pg.Client({ connectionString: world.urls.exchange });
  await recalling.connect();
  await recalling.query("SELECT pg_advisory_lock(hashtext($1))", [`duijie.recall.${province}`]);
}

export async function endRecall(): Promise<void> {
  await recalling?.end();
  recalling = null;
}

async function pupil(world: World, index: number, change: string): Promise<void> {
  await world.sql("REGISTRY_OWNER", one(`p${String(index).padStart(6, "0")}`, change));
}

/** Waits for no nation that will not answer. */
function impatient(content: Content): Content {
  return { ...content, link: { ...(content["link"] as Content), welcomeSeconds: 2 } };
}

function withNewKey(content: Content): Content {
  const signing = { id: `${province}-2`, privateKeyFile: "./keys/new.key" };
  return { ...content, keys: { ...(content["keys"] as Content), signing } };
}

async function readerWithoutRights(world: World): Promise<void> {
  const role = world.own("duijie_reader");
  await world.sql(
    "REGISTRY_OWNER",
    `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT USAGE ON SCHEMA own TO ${role};
     GRANT SELECT ON ALL TABLES IN SCHEMA own TO ${role}; REVOKE SELECT ON own.student FROM ${role};
     GRANT SELECT (source_key, own_county) ON own.student TO ${role}`,
  );
  world.env["REGISTRY_URL"] = world.as("REGISTRY_OWNER", "duijie_reader");
}

async function daemonWithoutRights(world: World): Promise<void> {
  const role = world.own("duijie_exchange");
  await world.sql(
    "EXCHANGE_OWNER",
    `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT USAGE ON SCHEMA exchange, staging, mapping TO ${role};
     GRANT SELECT ON ALL TABLES IN SCHEMA exchange, staging, mapping TO ${role}`,
  );
  world.env["DUIJIE_EXCHANGE_URL"] = world.as("EXCHANGE_OWNER", "duijie_exchange");
}

const asciiName = `runbook_ascii_${process.pid}`;

async function registryWithoutCharset(world: World): Promise<void> {
  const server = await testPostgres();
  await administer(
    server.adminUrl,
    `CREATE DATABASE ${asciiName} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
  );
  await fillRegistry(server.url(asciiName), smallProvince(province, 2));
  world.env["REGISTRY_URL"] = server.url(asciiName);
}

export async function dropRegistryWithoutCharset(): Promise<void> {
  await administer((await testPostgres()).adminUrl, `DROP DATABASE IF EXISTS ${asciiName} WITH (FORCE)`);
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The registry as files; the pupils' file as `spoiled` has it. */
function writeRegistryFiles(world: World, spoiled: (text: string) => string): void {
  mkdirSync(join(world.folder, "registry"), { recursive: true });
  const rows = smallProvince(province, 2);
  for (const entity of entityNames) {
    const { fields, table } = entityContract(entity);
    const header = ["source_key", "own_county", ...fields.map((field) => field.column)];
    const lines = rows[entity].map((row) => [
      row["key"] ?? "",
      "county",
      ...fields.map((field) => row[field.name] ?? ""),
    ]);
    const text = `${[header, ...lines].map((line) => line.join(",")).join("\n")}\n`;
    world.writeFile(join("registry", `${table}.csv`), entity === "student" ? spoiled(text) : text);
  }
  world.configure(asFiles);
}

function asFiles(content: Content): Content {
  const registry = content["registry"] as Content;
  const entities = Object.entries(registry["entities"] as Content).map(([entity, value]) => {
    const { table: _gone, ...rest } = value as Content;
    const own = entityNames.find((name) => name === entity) ?? "region";
    return [entity, { ...rest, file: `${entityContract(own).table}.csv` }] as const;
  });
  return {
    ...content,
    registry: {
      engine: "csv",
      folder: "./registry",
      charset: "utf8",
      entities: Object.fromEntries(entities),
    },
  };
}
