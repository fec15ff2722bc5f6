import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { entityNames } from "../../contracts/entity.ts";
import type { ErrorCode } from "../../contracts/errors.ts";
import { entityContract } from "../../contracts/registry.ts";
import { badInputs } from "./bad-inputs.ts";
import type { Content } from "./province-folder.ts";
import { type HandStep, province, type RunbookCase, type RunbookWorld } from "./runbook-world.ts";
import { freshDatabase, testPostgres } from "./servers.ts";
import { fillRegistry, schoolIdsOf, smallProvince } from "./small-province.ts";

type World = RunbookWorld;

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
  writeExport(world, "registry", spoiled);
  world.configure(asFiles);
}

export function writeExport(world: World, folder: string, spoiled: (text: string) => string): void {
  mkdirSync(join(world.folder, folder), { recursive: true });
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
    world.writeFile(join(folder, `${table}.csv`), entity === "student" ? spoiled(text) : text);
  }
}

export function asFiles(content: Content): Content {
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
