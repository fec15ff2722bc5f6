import pg from "pg";
import { roleScript } from "../../cli/role-scripts.ts";
import { vendorRights } from "../../cli/vendor-rights.ts";
import { loadTable } from "../../contracts/ddl.ts";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { entityContract } from "../../contracts/registry.ts";
import type { Row } from "./small-province.ts";

export type LoadRows = Partial<Record<EntityName, readonly Row[]>>;

/** A vendor as it stands outside: a role with the rights of its script and nothing else, that writes by SQL. */
export class VendorRole {
  readonly name: string;
  readonly url: string;
  readonly client: pg.Client;
  readonly #adminUrl: string;
  readonly #province: string;

  static async create(exchangeUrl: string, province: string, suffix: string): Promise<VendorRole> {
    const vendor = new VendorRole(exchangeUrl, province, `vendor_${suffix}_${process.pid}`);
    const script = roleScript({
      rights: vendorRights(),
      role: vendor.name,
      provinces: [province],
      comments: [],
    });
    await asAdmin(exchangeUrl, `${script}; ALTER ROLE ${vendor.name} PASSWORD 'secret'`);
    await vendor.client.connect();
    return vendor;
  }

  private constructor(exchangeUrl: string, province: string, name: string) {
    const url = new URL(exchangeUrl);
    url.username = name;
    url.password = "secret";
    this.#adminUrl = exchangeUrl;
    this.#province = province;
    this.name = name;
    this.url = url.href;
    this.client = new pg.Client({ connectionString: url.href });
  }

  async open(): Promise<string> {
    const { rows } = await this.client.query<{ id: string }>(
      "SELECT staging.open_load($1, 'test vendor') AS id",
      [this.#province],
    );
    return rows[0]?.id ?? "";
  }

  async write(load: string, rows: LoadRows): Promise<void> {
    for (const entity of entityNames) await this.#write(load, entity, rows[entity] ?? []);
  }

  async close(load: string, counts: object, isComplete = false): Promise<void> {
    await this.client.query("SELECT staging.close_load($1, $2, $3)", [
      load,
      JSON.stringify(counts),
      isComplete,
    ]);
  }

  /** Opened, filled and closed with the right counts. */
  async deliver(rows: LoadRows, isComplete = false): Promise<string> {
    const load = await this.open();
    await this.write(load, rows);
    const counts = Object.fromEntries(Object.entries(rows).map(([entity, list]) => [entity, list.length]));
    await this.close(load, counts, isComplete);
    return load;
  }

  async query(sql: string, values: readonly unknown[] = []): Promise<Record<string, string | null>[]> {
    return (await this.client.query<Record<string, string | null>>(sql, [...values])).rows;
  }

  async #write(load: string, entity: EntityName, rows: readonly Row[]): Promise<void> {
    const { fields } = entityContract(entity);
    const columns = ["source_key", "county", ...fields.map((field) => field.column)];
    const values = rows.map((row) => [
      row["key"] ?? null,
      row["county"] ?? "county",
      ...fields.map(({ name }) => row[name] ?? null),
    ]);
    await this.client.query(
      `INSERT INTO ${loadTable(entity)} (province, load_id, ${columns.join(", ")})
       SELECT $1, $2, ${columns.map((_, at) => `r ->> ${at}`).join(", ")} FROM jsonb_array_elements($3::jsonb) AS r`,
      [this.#province, load, JSON.stringify(values)],
    );
  }

  /** Ends the session and drops the role with all its rights. */
  async end(): Promise<void> {
    await this.client.end();
    await asAdmin(
      this.#adminUrl,
      `DELETE FROM exchange.role_province WHERE role_name = '${this.name}'; DROP OWNED BY ${this.name}; DROP ROLE ${this.name}`,
    );
  }
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
