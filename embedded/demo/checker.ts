import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { type CheckedDatabase, databaseAsTables } from "./checker-databases.ts";
import { type CheckedFiles, filesAsTables } from "./checker-files.ts";
import { checkNation, type EntityCheck } from "./checker-nation.ts";
import {
  checkExceptions,
  checkLedger,
  note,
  type OutcomeCheck,
  type TruthEntity,
} from "./checker-outcomes.ts";
import { type CheckedEntity, checkedEntities, countOf, isRecord, tables } from "./checker-rows.ts";
import { checkStaging, type RegistryEntity, type StagingCheck } from "./checker-staging.ts";

export interface CheckOptions {
  /** The registry; where that is files, a database that the checker may read them into. */
  readonly registryUrl: string;
  readonly files?: CheckedFiles;
  /** The registry, where that is another database than PostgreSQL; its tables are copied into one of `registryUrl`. */
  readonly database?: CheckedDatabase;
  readonly exchangeUrl: string;
  readonly nationalUrl: string;
  /** What the generator wrote: truth.json, registry.json, expected/. */
  readonly folder: string;
}

export interface CheckResult {
  /** The nation, field by field. */
  readonly entities: Readonly<Record<CheckedEntity, EntityCheck>>;
  /** Staging against the registry, row by row. */
  readonly staging: Readonly<Record<CheckedEntity, StagingCheck>>;
  /** Records that ended otherwise than applied, key by key. */
  readonly exceptions: Readonly<Record<CheckedEntity, OutcomeCheck>>;
  readonly ledger: OutcomeCheck;
  /** Rows of another province. */
  readonly foreign: OutcomeCheck;
  readonly differences: number;
}

/**
 * Compares registry, exchange-db and national registry with the truth, by SQL alone. It imports no room of the product:
 * what both believe wrongly would otherwise look right.
 */
export async function checkLoad(options: CheckOptions): Promise<CheckResult> {
  const truth = readTruth(join(options.folder, "truth.json"));
  const sources = readSources(join(options.folder, "registry.json"));
  const clients = [options.registryUrl, options.exchangeUrl, options.nationalUrl].map(
    (connectionString) => new pg.Client({ connectionString, application_name: "duijie checker" }),
  );
  const [registry, exchange, nation] = clients;
  if (registry === undefined || exchange === undefined || nation === undefined)
    throw new RangeError("three clients");
  try {
    await Promise.all(clients.map((client) => client.connect()));
    const { province } = truth;
    const relations = await relationsOf(registry, options, sources);
    const each = <T>(check: (entity: CheckedEntity) => Promise<T>) => inTurn(check);
    // Two databases at a time: nation and exchange-db have a process each.
    const [entities, staging] = await Promise.all([
      each((entity) => checkNation(nation, entity, province, options.folder)),
      each((entity) => checkStaging(registry, exchange, entity, province, relations[entity])),
    ]);
    const exceptions = await each((entity) =>
      checkExceptions(exchange, entity, province, options.folder, truth.entities[entity]),
    );
    const rows = await each((entity) => Promise.resolve(staging[entity].registryRows));
    const ledger = await checkLedger(exchange, province, truth.entities, rows);
    const foreign = await checkForeign(exchange, nation, province);
    const all = [...[entities, staging, exceptions].flatMap((part) => Object.values(part)), ledger, foreign];
    const differences = all.reduce((sum, part) => sum + part.differences, 0);
    return { entities, staging, exceptions, ledger, foreign, differences };
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}

/** In the registry's own PostgreSQL, or copied there. */
async function relationsOf(client: pg.Client, options: CheckOptions, sources: Sources): Promise<Sources> {
  const { database, files } = options;
  if (files !== undefined) return await filesAsTables(client, files, sources);
  return database === undefined ? sources : await databaseAsTables(client, database, sources);
}

async function checkForeign(exchange: pg.Client, nation: pg.Client, province: string): Promise<OutcomeCheck> {
  const found: OutcomeCheck = { differences: 0, findings: [] };
  for (const entity of checkedEntities) {
    for (const [client, schema] of [
      [exchange, "staging"],
      [nation, "registry"],
    ] as const) {
      const table = `${schema}.${tables[entity]}`;
      const rows = await countOf(client, `SELECT count(*) FROM ${table} WHERE province <> $1`, [province]);
      if (rows !== 0) note(found, `${table}: ${rows} rows of another province`);
    }
  }
  return found;
}

async function inTurn<T>(check: (entity: CheckedEntity) => Promise<T>): Promise<Record<CheckedEntity, T>> {
  return {
    region: await check("region"),
    school: await check("school"),
    campus: await check("campus"),
    grade: await check("grade"),
    class: await check("class"),
    student: await check("student"),
    guardian: await check("guardian"),
  };
}

interface TruthRead {
  readonly province: string;
  readonly entities: Readonly<Record<CheckedEntity, TruthEntity>>;
}

function readTruth(path: string): TruthRead {
  const value: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!isTruth(value)) throw new TypeError(`${path} is no truth file`);
  return value;
}

function isTruth(value: unknown): value is TruthRead {
  if (!isRecord(value) || typeof value["province"] !== "string") return false;
  const entities = value["entities"];
  return isRecord(entities) && checkedEntities.every((entity) => isTruthEntity(entities[entity]));
}

function isTruthEntity(value: unknown): boolean {
  if (!isRecord(value) || typeof value["read"] !== "number" || typeof value["applied"] !== "number")
    return false;
  return ["quarantined", "rejected", "waiting"].every((outcome) => isRecord(value[outcome]));
}

type Sources = Readonly<Record<CheckedEntity, RegistryEntity>>;

function readSources(path: string): Sources {
  const value: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!isSources(value)) throw new TypeError(`${path} does not describe a registry`);
  return value;
}

function isSources(value: unknown): value is Sources {
  if (!isRecord(value)) return false;
  return checkedEntities.every((entity) => {
    const source = value[entity];
    if (!isRecord(source) || !Array.isArray(source["key"]) || !isRecord(source["fields"])) return false;
    return ["table", "query", "file"].some((kind) => typeof source[kind] === "string");
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      "registry-url": { type: "string" },
      "mysql-url": { type: "string" },
      files: { type: "string" },
      charset: { type: "string", default: "utf8" },
      "exchange-url": { type: "string" },
      "national-url": { type: "string" },
      folder: { type: "string" },
      json: { type: "string" },
    },
  });
  const required = (name: "registry-url" | "exchange-url" | "national-url" | "folder"): string => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`--${name} is missing`);
    return value;
  };
  const result = await checkLoad({
    registryUrl: required("registry-url"),
    exchangeUrl: required("exchange-url"),
    nationalUrl: required("national-url"),
    folder: required("folder"),
    ...(values.files === undefined
      ? {}
      : { files: { folder: values.files, charset: values.charset === "gb18030" ? "gb18030" : "utf8" } }),
    ...(values["mysql-url"] === undefined ? {} : { database: { engine: "mysql", url: values["mysql-url"] } }),
  });
  const text = `${JSON.stringify(result, null, 2)}\n`;
  if (values.json === undefined) process.stdout.write(text);
  else writeFileSync(values.json, text);
  process.exitCode = result.differences === 0 ? 0 : 1;
}

if (process.argv[1] === import.meta.filename) await main();
