import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { entityContract } from "../../contracts/registry.ts";
import { migrate } from "../../exchange-db/migrate.ts";
import { Store, type StoreClient } from "../../exchange-db/store.ts";
import { nationalMigrations } from "../../national/migrations/index.ts";
import { ReferenceRegistry } from "../../national/reference/reference-registry.ts";
import { type RegistryHarness, registryPortSuite } from "../support/registry-port-suite.ts";
import { freshDatabase } from "../support/servers.ts";
import { countyOf, schoolIdsOf } from "../support/small-province.ts";

const province = "43";
let store: Store | null = null;

after(async () => await store?.close());

registryPortSuite("reference", async (): Promise<RegistryHarness<StoreClient>> => {
  const { url } = await freshDatabase("registry_port");
  await migrate(url, "national", nationalMigrations);
  const opened = new Store({ url, name: "national", connectionsMax: 4, statementTimeoutMs: 30_000 });
  store = opened;
  const county = `${countyOf(province)}000000`;
  await opened.query("INSERT INTO ministry.region (code, name_zh, level) VALUES ($1, '城中区', 'county')", [
    countyOf(province),
  ]);
  for (const id of schoolIdsOf(province)) {
    await opened.query(
      `INSERT INTO ministry.school (school_id, name, school_type_code, region_code, managing_authority_code, province)
       VALUES ($1, $1, '211', $2, $2, $3)`,
      [id, county, province],
    );
  }
  const tables = entityNames.map((entity) => `registry.${entityContract(entity).table}`);
  return {
    port: new ReferenceRegistry(),
    province,
    unit: async (work) => await opened.transaction(work),
    keys: async (entity) => await keysOf(opened, entity),
    value: async (entity, key, field) => await valueOf(opened, entity, key, field),
    empty: async () => {
      await opened.query(`TRUNCATE ${tables.join(", ")}`);
    },
  };
});

async function keysOf(opened: Store, entity: EntityName): Promise<readonly string[]> {
  const rows = await opened.query<{ key: string }>(
    `SELECT source_key AS key FROM registry.${entityContract(entity).table} WHERE NOT is_deleted ORDER BY 1`,
  );
  return rows.map((row) => row.key);
}

async function valueOf(
  opened: Store,
  entity: EntityName,
  key: string,
  field: string,
): Promise<string | null> {
  const { fields, table } = entityContract(entity);
  const found = fields.find((one) => one.name === field);
  if (found === undefined) throw new Error(`no field ${field}`);
  const text =
    found.type === "date"
      ? `to_char(${found.column}, 'YYYYMMDD')`
      : found.type === "yes-no"
        ? `${found.column}::int::text`
        : `${found.column}::text`;
  const rows = await opened.query<{ value: string | null }>(
    `SELECT ${text} AS value FROM registry.${table} WHERE source_key = $1`,
    [key],
  );
  return rows[0]?.value ?? null;
}
