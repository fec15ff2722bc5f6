import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { entityNames } from "../../contracts/entity.ts";
import { entityContract } from "../../contracts/registry.ts";
import type { EntityEntry, RegistryEntities } from "../../embedded/demo/registry-config.ts";
import type { TruthFile } from "../../embedded/demo/truth.ts";

type Line = Readonly<Record<string, string | number | null>>;

/**
 * The end that a right load would leave, written by hand: no stage of the product runs. What the generator expects goes
 * straight into the national tables, the registry's own text into staging, the counts into the ledger.
 */
export async function writeLoadByHand(options: {
  readonly folder: string;
  readonly registryUrl: string;
  readonly exchangeUrl: string;
  readonly nationalUrl: string;
  readonly truth: TruthFile;
  readonly entities: RegistryEntities;
}): Promise<void> {
  const { folder, truth } = options;
  const [registry, exchange, nation] = await Promise.all(
    [options.registryUrl, options.exchangeUrl, options.nationalUrl].map(connect),
  );
  if (registry === undefined || exchange === undefined || nation === undefined)
    throw new Error("three clients");
  try {
    await exchange.query(
      "INSERT INTO exchange.run (province, kind, state, mapping_version, profile) VALUES ($1, 'load', 'done', 1, 'national-2013')",
      [truth.province],
    );
    for (const [at, entity] of entityNames.entries()) {
      const { table } = entityContract(entity);
      const expected = lines(join(folder, "expected", `${entity}.ndjson`));
      await insert(
        nation,
        `registry.${table}`,
        expected.map((line) => nationalRow(line, truth.province)),
      );
      const source = options.entities[entity];
      if (source === undefined) throw new Error(`no source for ${entity}`);
      await insert(exchange, `staging.${table}`, await stagingRows(registry, source, truth.province));
      await writeLedger(
        exchange,
        at + 1,
        entity,
        truth,
        lines(join(folder, "expected", `${entity}.exceptions.ndjson`)),
      );
    }
  } finally {
    await Promise.all([registry.end(), exchange.end(), nation.end()]);
  }
}

export async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

function lines(path: string): Line[] {
  const text = readFileSync(path, "utf8").trimEnd();
  return text === "" ? [] : text.split("\n").map((line): Line => JSON.parse(line));
}

async function insert(client: pg.Client, table: string, rows: readonly Line[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).join(", ");
  if (columns === "") return;
  await client.query(
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1)`,
    [JSON.stringify(rows)],
  );
}

function nationalRow({ key = null, ...fields }: Line, province: string): Line {
  const columns = Object.entries(fields).map(([field, value]) => [snake(field), value]);
  return { province, source_key: key, version: 1, batch_id: 1, ...Object.fromEntries(columns) };
}

/** Rows whose key is there once, with the text of each configured column. */
async function stagingRows(registry: pg.Client, source: EntityEntry, province: string): Promise<Line[]> {
  const fields = Object.entries(source.fields).flatMap(([field, entry]) => {
    if (typeof entry === "string") return [{ field, column: entry }];
    return "column" in entry ? [{ field, column: entry.column }] : [];
  });
  const key = source.key.map((column) => `${column}::text`).join(" || '|' || ");
  const from = source.query === undefined ? source.table : `(${source.query}) AS source`;
  const columns = fields.map(({ field, column }) => `${column}::text AS ${snake(field)}`).join(", ");
  const { rows } = await registry.query<Record<string, string | null>>(
    `SELECT * FROM (SELECT ${key} AS source_key, count(*) OVER (PARTITION BY ${key}) AS twins, ${columns} FROM ${from}) AS keyed
     WHERE source_key IS NOT NULL AND twins = 1`,
  );
  return rows.map(({ twins: _twins, ...row }, at) => ({
    province,
    batch_id: 1,
    batch_ordinal: at,
    segment: 0,
    source_hash: "",
    contract_version: 1,
    mapping_version: 1,
    origin: "chunk",
    op: "upsert",
    ...row,
  }));
}

async function writeLedger(
  exchange: pg.Client,
  batchId: number,
  entity: (typeof entityNames)[number],
  truth: TruthFile,
  exceptions: readonly Line[],
): Promise<void> {
  const { province } = truth;
  const { read, applied } = truth.entities[entity];
  const rows = exceptions.flatMap(({ rows: count, ...row }) =>
    Array.from({ length: Number(count) }, () => row),
  );
  const answered = rows.filter((row) => row["outcome"] !== "quarantined").length;
  await exchange.query(
    `INSERT INTO exchange.landing (run_id, province, entity, segment, origin, read_count, unchanged_count, trace_id)
     SELECT run_id, $1, $2, 0, 'chunk', $3, 0, '' FROM exchange.run`,
    [province, entity, read],
  );
  await exchange.query(
    `INSERT INTO exchange.batch (batch_id, landing_id, run_id, province, entity, contract_version, mapping_version, record_count, wire_count, state, trace_id)
     SELECT $1, landing_id, run_id, $2, $3, 1, 1, $4, $5, 'settled', '' FROM exchange.landing WHERE entity = $3`,
    [batchId, province, entity, read, applied + answered],
  );
  await insert(
    exchange,
    "exchange.exception",
    rows.map((row, at) => ({
      batch_id: batchId,
      ordinal: at,
      run_id: 1,
      province,
      entity,
      source_key: row["key"] ?? null,
      on_wire: row["outcome"] === "quarantined" ? 0 : 1,
      outcome: row["outcome"] ?? null,
      code: row["code"] ?? null,
      findings: "[]",
    })),
  );
}

function snake(field: string): string {
  return (
    entityNames.flatMap((entity) => entityContract(entity).fields).find((one) => one.name === field)
      ?.column ?? ""
  );
}
