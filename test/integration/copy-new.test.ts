import { expect } from "chai";
import pg from "pg";
import { exchangeRights } from "../../cli/daemon-rights.ts";
import { roleScript } from "../../cli/role-scripts.ts";
import { copyNew } from "../../exchange-db/copy-new.ts";
import { migrate } from "../../exchange-db/migrate.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";
import { freshDatabase } from "../support/servers.ts";

const columns = ["province", "source_key", "batch_id", "batch_ordinal", "segment", "source_hash"];
const others = ["contract_version", "mapping_version", "origin", "op"];

/** PostgreSQL refuses COPY to roles that row-level security holds for; a load must work for both. */
describe("rows that are new", () => {
  const role = `copy_new_${process.pid}`;
  const pools: pg.Pool[] = [];
  let url: string;

  before(async () => {
    url = (await freshDatabase("copy_new")).url;
    await migrate(url, "exchange", exchangeMigrations);
    const admin = open(url);
    const script = roleScript({ rights: exchangeRights(), role, provinces: ["34"], comments: [] });
    await admin.query(`${script}; ALTER ROLE ${role} PASSWORD 'secret'`);
  });

  after(async () => {
    await Promise.all(pools.map(async (pool) => await pool.end()));
    const last = new pg.Client({ connectionString: url });
    await last.connect();
    await last.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await last.end();
  });

  function open(connectionString: string): pg.Pool {
    const pool = new pg.Pool({ connectionString, max: 1 });
    pools.push(pool);
    return pool;
  }

  function lines(province: string, keys: readonly string[]): () => Iterable<Buffer> {
    const line = (key: string) => `${province}\t${key}\t1\t0\t1\th\t1\t1\tchunk\tupsert\n`;
    return () => [Buffer.from(keys.map(line).join(""))];
  }

  async function keysOf(table: string): Promise<string[]> {
    const { rows } = await open(url).query<{ key: string }>(
      `SELECT source_key AS key FROM ${table} ORDER BY source_key`,
    );
    return rows.map(({ key }) => key);
  }

  for (const [who, table] of [
    ["a role that sees every row", "staging.student"],
    ["a role that row-level security holds for", "staging.student_guardian"],
  ] as const) {
    it(`are all there for ${who}; where one was there before, nothing is`, async () => {
      const own = new URL(url);
      if (who.includes("security")) [own.username, own.password] = [role, "secret"];
      const client = await open(own.href).connect();
      const copy = async (province: string, keys: readonly string[]) =>
        await copyNew(client, table, [...columns, ...others], lines(province, keys));
      const secured = await client.query<{ is: boolean }>("SELECT row_security_active($1) AS is", [table]);
      expect(secured.rows[0]?.is).to.equal(who.includes("security"));
      for (const [keys, isNew] of [
        [["a", "b"], true],
        [["c", "b"], false],
        [["d"], true],
      ] as const) {
        await client.query("BEGIN");
        expect(await copy("34", keys)).to.equal(isNew);
        await client.query("COMMIT");
      }
      expect(await keysOf(table)).to.deep.equal(["a", "b", "d"]);
      client.release();
    });
  }

  it("of another province are refused to a role", async () => {
    const own = new URL(url);
    [own.username, own.password] = [role, "secret"];
    const client = await open(own.href).connect();
    await client.query("BEGIN");
    const error: unknown = await copyNew(
      client,
      "staging.school_class",
      [...columns, ...others],
      lines("11", ["x"]),
    ).catch((found: unknown) => found);
    await client.query("ROLLBACK");
    client.release();
    expect(error).to.be.instanceOf(pg.DatabaseError).with.property("code", "42501");
  });
});
