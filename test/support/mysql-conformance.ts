import mysql from "mysql2/promise";
import { addressOf } from "../../connectors/mysql/options.ts";
import { MysqlScratch } from "../../connectors/mysql/scratch.ts";
import type { TestMysql } from "./mysql-server.ts";

const password = "reads-only";
const rest = {
  charset: "auto",
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 20_000,
  concurrentReads: 2,
  tls: false,
} as const;

export type MysqlHarness = MysqlScratch;

/** The product's own scratch schema, with a read-only account that is new as well. */
export async function openMysqlHarness(name: string, { adminUrl }: TestMysql): Promise<MysqlHarness> {
  const schema = `${name}_${process.pid}`;
  const account = `'reader_${schema}'@'%'`;
  await asAdmin(adminUrl, [`CREATE USER ${account} IDENTIFIED BY '${password}'`]);
  const { host, port } = addressOf({ ...rest, url: adminUrl });
  const scratch = await MysqlScratch.open({
    ownerUrl: adminUrl,
    schema,
    // A schema that every account may be in: the scratch schema does not exist yet.
    reader: { ...rest, host, port, database: "information_schema", user: `reader_${schema}`, password },
    expirePassword: async (isExpired) => {
      const change = isExpired ? "PASSWORD EXPIRE" : `IDENTIFIED BY '${password}'`;
      await asAdmin(adminUrl, [`ALTER USER ${account} ${change}`]);
    },
  });
  const closeScratch = scratch.close.bind(scratch);
  return Object.assign(scratch, {
    close: async () => {
      await closeScratch();
      await asAdmin(adminUrl, [`DROP USER ${account}`]);
    },
  });
}

async function asAdmin(url: string, statements: readonly string[]): Promise<void> {
  const admin = await mysql.createConnection({ uri: url });
  try {
    for (const statement of statements) await admin.query(statement);
  } finally {
    await admin.end();
  }
}
