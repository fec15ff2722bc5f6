import { readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { loadTable } from "../../contracts/ddl.ts";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { entityContract } from "../../contracts/registry.ts";
import type { EntityEntry, FieldEntry, RegistryEntities } from "./registry-config.ts";

export interface VendorDelivery {
  /** The vendor's own system. */
  readonly registryUrl: string;
  /** The exchange-db, as its owner. */
  readonly exchangeUrl: string;
  /** `grants/vendor.sql`, as `duijie grants` wrote it. */
  readonly grantsFile: string;
  readonly province: string;
  readonly entities: RegistryEntities;
  readonly signal: AbortSignal;
}

const role = "duijie_vendor";
const password = "vendor";

/**
 * What a vendor does: under the rights of its role and nothing else it opens a load, writes all that its system has,
 * and closes the load with counts. Gives the number of the load.
 */
export async function deliverAsVendor(delivery: VendorDelivery): Promise<string> {
  await grant(delivery);
  const url = new URL(delivery.exchangeUrl);
  url.username = role;
  url.password = password;
  return await withClients([delivery.registryUrl, url.href], async ([registry, exchange]) => {
    if (registry === undefined || exchange === undefined) throw new RangeError("two clients");
    const opened = await exchange.query<{ id: string }>("SELECT staging.open_load($1, 'demo') AS id", [
      delivery.province,
    ]);
    const load = opened.rows[0]?.id ?? "";
    const counts: Partial<Record<EntityName, number>> = {};
    for (const entity of entityNames) {
      delivery.signal.throwIfAborted();
      const entry = delivery.entities[entity];
      if (entry !== undefined)
        counts[entity] = await copy(registry, exchange, { ...delivery, entity, entry, load });
    }
    await exchange.query("SELECT staging.close_load($1, $2, true)", [load, JSON.stringify(counts)]);
    return load;
  });
}

/** What the exchange-db's owner does once. */
async function grant({ exchangeUrl, grantsFile }: VendorDelivery): Promise<void> {
  await withClients([exchangeUrl], async ([owner]) => {
    await owner?.query(readFileSync(grantsFile, "utf8"));
    await owner?.query(`ALTER ROLE ${role} PASSWORD '${password}'`);
  });
}

interface EntityCopy {
  readonly province: string;
  readonly load: string;
  readonly entity: EntityName;
  readonly entry: EntityEntry;
}

/** Through a temporary table, for tables under row security take no COPY. Gives the rows. */
async function copy(
  registry: pg.Client,
  exchange: pg.Client,
  { entity, entry, load, province }: EntityCopy,
): Promise<number> {
  const fields = fedColumns(entity, entry);
  const columns = ["source_key", "county", "phase", ...fields.map(({ column }) => column)];
  const given = [
    keyOf(entry),
    named(entry.county),
    named(entry.phase),
    ...fields.map(({ from }) => quoted(from)),
  ];
  const relation = entry.query === undefined ? (entry.table ?? "") : `(${entry.query}) AS source`;
  const mine = `mine_${entity}`;
  await exchange.query(
    `CREATE TEMPORARY TABLE ${mine} (${columns.map((column) => `${column} text`).join(", ")})`,
  );
  await pipeline(
    registry.query(copyTo(`COPY (SELECT ${given.join(", ")} FROM ${relation}) TO STDOUT`)),
    exchange.query(copyFrom(`COPY ${mine} FROM STDIN`)),
  );
  const list = columns.join(", ");
  const inserted = await exchange.query(
    `INSERT INTO ${loadTable(entity)} (province, load_id, ${list}) SELECT $1, $2, ${list} FROM ${mine}`,
    [province, load],
  );
  await exchange.query(`DROP TABLE ${mine}`);
  return inserted.rowCount ?? 0;
}

/** The columns of the contract that the vendor's system feeds. */
function fedColumns(entity: EntityName, entry: EntityEntry): { column: string; from: string }[] {
  return entityContract(entity).fields.flatMap(({ column, name }) => {
    const from = columnOf(entry.fields[name]);
    return from === null ? [] : [{ column, from }];
  });
}

function columnOf(entry: FieldEntry | undefined): string | null {
  if (entry === undefined || typeof entry === "string") return entry ?? null;
  return "column" in entry ? entry.column : null;
}

/** Several columns in one, joined by `|` with `\\` before a `|` or `\\` of their own; NULL where one is. */
function keyOf({ key }: EntityEntry): string {
  const [first = ""] = key;
  if (key.length === 1) return quoted(first);
  return key
    .map((column) => `replace(replace(${quoted(column)}::text, '\\', '\\\\'), '|', '\\|')`)
    .join(" || '|' || ");
}

function named(column: string | undefined): string {
  return column === undefined ? "NULL" : quoted(column);
}

function quoted(column: string): string {
  return pg.escapeIdentifier(column);
}

/** What the province writes into its configuration: only fields that are not in national codes and forms. */
export function vendorEntities(entities: RegistryEntities): object {
  return Object.fromEntries(
    Object.entries(entities).map(([entity, { fields }]) => [entity, { fields: ownFields(fields) }]),
  );
}

function ownFields(fields: EntityEntry["fields"]): object {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([field, entry]) => {
      if (typeof entry === "string") return [];
      const { column: _ours, ...rest } = "column" in entry ? entry : { ...entry, column: "" };
      return [[field, rest]];
    }),
  );
}

async function withClients<T>(
  urls: readonly string[],
  work: (clients: pg.Client[]) => Promise<T>,
): Promise<T> {
  const clients = urls.map(
    (connectionString) => new pg.Client({ connectionString, application_name: "duijie demo vendor" }),
  );
  // Met by the statement under way; without a listener it would end the process.
  for (const client of clients) client.on("error", () => undefined);
  try {
    for (const client of clients) await client.connect();
    return await work(clients);
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}
