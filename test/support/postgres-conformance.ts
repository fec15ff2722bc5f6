import pg from "pg";
import { PostgresScratch } from "../../connectors/postgres/scratch.ts";
import { testPostgres } from "./servers.ts";

const password = "reads-only";

/** Settings that would change how values are written, set for the reading role: a connector must not mind. */
const hostileSettings = [
  "datestyle = 'German, DMY'",
  "timezone = 'America/New_York'",
  "intervalstyle = 'sql_standard'",
  "extra_float_digits = -5",
  "bytea_output = 'escape'",
  "default_transaction_read_only = on",
];

export type PostgresHarness = PostgresScratch;

/** The product's own scratch schema, in a database and with a read-only role that are new as well. */
export async function openPostgresHarness(
  name: string,
  encoding: "UTF8" | "SQL_ASCII" = "UTF8",
): Promise<PostgresHarness> {
  const server = await testPostgres();
  const database = `${name}_${encoding.toLowerCase()}_${process.pid}`;
  const role = `reader_of_${database}`;
  await asAdmin(async (admin) => {
    await admin.query(
      `CREATE DATABASE ${database} ENCODING '${encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
    for (const setting of hostileSettings) await admin.query(`ALTER ROLE ${role} SET ${setting}`);
  });
  const { hostname, port } = new URL(server.url(database));
  const scratch = await PostgresScratch.open({
    ownerUrl: server.url(database),
    schema: "xj",
    reader: {
      host: hostname,
      port: Number(port),
      database,
      user: role,
      password,
      charset: encoding === "UTF8" ? "auto" : "gb18030",
      statementTimeoutMs: 20_000,
      connectTimeoutMs: 5_000,
      tls: false,
      concurrentReads: 2,
    },
    server: {
      gbDatabase: async () => await openPostgresHarness(database, "SQL_ASCII"),
      expirePassword: async (isExpired) =>
        await asAdmin(async (admin) => {
          await admin.query(`ALTER ROLE ${role} VALID UNTIL '${isExpired ? "2001-01-01" : "infinity"}'`);
        }),
    },
  });
  return withDatabase(scratch, database, role);
}

/** Closing the scratch schema drops what was made for it, too. */
function withDatabase(scratch: PostgresScratch, database: string, role: string): PostgresHarness {
  const closeScratch = scratch.close.bind(scratch);
  return Object.assign(scratch, {
    close: async () => {
      // Tests put more into the schema than the suite does; it goes with its database.
      await closeScratch().catch(() => undefined);
      await asAdmin(async (admin) => {
        await admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
        await admin.query(`DROP ROLE ${role}`);
      });
    },
  });
}

async function asAdmin(work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: (await testPostgres()).adminUrl });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
