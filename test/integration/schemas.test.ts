import { expect } from "chai";
import {
  loadTableSql,
  registryTableSql,
  stagingPriorTableSql,
  stagingTableSql,
} from "../../contracts/ddl.ts";
import { entityNames } from "../../contracts/entity.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { migrate, requireMigrated } from "../../exchange-db/migrate.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";
import { Store } from "../../exchange-db/store.ts";
import { nationalMigrations } from "../../national/migrations/index.ts";
import { freshDatabase } from "../support/servers.ts";

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly fallback: string | null;
  readonly collation: string | null;
  readonly comment: string | null;
}

/** Of the vendors' loads, not of an entity. */
const aboutLoads = /^staging\.(?:vendor_load|load_(?:verdict|deletion|summary))$/;

describe("our databases", function () {
  this.timeout(60_000);
  let exchange: Store;
  let national: Store;
  let contracted: Store;
  const urls: Record<string, string> = {};

  before(async () => {
    const open = async (name: string) => {
      const { url } = await freshDatabase(`schemas_${name}`);
      urls[name] = url;
      return new Store({ url, name, connectionsMax: 2, statementTimeoutMs: 30_000 });
    };
    exchange = await open("exchange");
    national = await open("national");
    contracted = await open("contracted");
    await migrate(urls["exchange"] ?? "", "exchange", exchangeMigrations);
    await migrate(urls["national"] ?? "", "national", nationalMigrations);
    await contracted.query("CREATE SCHEMA staging");
    await contracted.query("CREATE SCHEMA registry");
    for (const entity of entityNames) {
      const tables = [stagingTableSql, stagingPriorTableSql, loadTableSql, registryTableSql];
      for (const table of tables) await contracted.query(table(entity));
    }
  });

  after(async () => await exchange?.close());
  after(async () => await national?.close());
  after(async () => await contracted?.close());

  it("have the staging tables that the contracts say: types, collations, defaults, comments", async () => {
    const wanted = await columnsOf(contracted, ["staging"]);
    expect(wanted.length).to.be.greaterThan(300);
    const found = await columnsOf(exchange, ["staging"]);
    expect(found.filter(({ table }) => !aboutLoads.test(table))).to.deep.equal(wanted);
    const indexes = await indexesOf(exchange, "staging");
    expect(indexes.filter((index) => !/ ON staging\.vendor_load /.test(JSON.stringify(index)))).to.deep.equal(
      await indexesOf(contracted, "staging"),
    );
  });

  it("have the registry tables that the contracts say", async () => {
    const wanted = await columnsOf(contracted, ["registry"]);
    expect(wanted.length).to.be.greaterThan(150);
    expect(await columnsOf(national, ["registry"])).to.deep.equal(wanted);
    expect(await indexesOf(national, "registry")).to.deep.equal(await indexesOf(contracted, "registry"));
  });

  it("say in Chinese what each table and column is", async () => {
    const ours = [
      ...(await columnsOf(exchange, ["exchange", "staging", "mapping"])),
      ...(await columnsOf(national, ["national", "ministry", "registry"])),
    ].filter((column) => !column.table.endsWith(".migration"));
    const silent = ours.filter((column) => !/[\u4e00-\u9fff]/.test(column.comment ?? ""));
    expect(silent.map((column) => `${column.table}.${column.column}`)).to.deep.equal([]);
    for (const store of [exchange, national]) {
      const tables = await store.query<{ name: string; comment: string | null }>(
        `SELECT c.oid::regclass::text AS name, obj_description(c.oid) AS comment FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('exchange', 'staging', 'mapping', 'national', 'ministry', 'registry') AND c.relkind IN ('r', 'v')
           AND c.relname <> 'migration'`,
      );
      expect(tables.length).to.be.greaterThan(10);
      expect(tables.filter(({ comment }) => !/[\u4e00-\u9fff]/.test(comment ?? ""))).to.deep.equal([]);
    }
  });

  it("are left alone by a second migration", async () => {
    expect(await migrate(urls["exchange"] ?? "", "exchange", exchangeMigrations)).to.deep.equal([]);
    await requireMigrated(exchange, "exchange", exchangeMigrations);
  });

  it("are refused by an older program", async () => {
    await national.query(
      `INSERT INTO national.migration (timestamp, name) VALUES (9999999999999, 'FromTheFuture')`,
    );
    const found = await refusal(async () => await requireMigrated(national, "national", nationalMigrations));
    expect(found).to.equal("SCHEMA_AHEAD");
    const second = await refusal(
      async () => await migrate(urls["national"] ?? "", "national", nationalMigrations),
    );
    expect(second).to.equal("SCHEMA_AHEAD");
  });

  it("are refused while they lack a migration", async () => {
    expect(
      await refusal(async () => await requireMigrated(contracted, "exchange", exchangeMigrations)),
    ).to.equal("SCHEMA_MISSING");
  });
});

async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "nothing";
  } catch (error) {
    return error instanceof DuijieError ? error.code : String(error);
  }
}

async function columnsOf(store: Store, schemas: readonly string[]): Promise<Column[]> {
  return await store.query<Column & Record<string, unknown>>(
    `SELECT c.oid::regclass::text AS "table", a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull AS "isRequired", pg_get_expr(d.adbin, d.adrelid) AS fallback, l.collname AS collation,
       col_description(c.oid, a.attnum) AS comment
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     LEFT JOIN pg_collation l ON l.oid = a.attcollation
     WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY 1, a.attnum`,
    [schemas],
  );
}

async function indexesOf(store: Store, schema: string): Promise<unknown[]> {
  return await store.query("SELECT indexdef FROM pg_indexes WHERE schemaname = $1 ORDER BY 1", [schema]);
}
