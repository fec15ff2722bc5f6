import type mysql from "mysql2/promise";
import type { CollationName, Feature, Lack } from "../conformance/harness.ts";
import type { SourceEntity } from "../connector.ts";
import { createMysqlConnector } from "./mysql-connector.ts";
import { addressOf } from "./options.ts";
import type { MysqlScratchPlace } from "./scratch.ts";
import { collations } from "./scratch-types.ts";

/** What MySQL has not, and what this schema, on this server, by this owner can't show. */
export async function scratchLacks(
  owner: mysql.Connection,
  place: MysqlScratchPlace,
  { account, server }: { readonly account: string; readonly server: string },
): Promise<ReadonlyMap<Feature, Lack>> {
  const lacks = new Map<Feature, Lack>([["infinite-dates", { where: "engine", reason: "mysql-dates-end" }]]);
  const here = (features: readonly Feature[], reason: string) => {
    for (const feature of features) lacks.set(feature, { where: "here", reason });
  };
  const isMariaDb = server.startsWith("MariaDB");
  here(await missingCollations(owner), "collation-missing");
  if (isMariaDb && lacks.has("pinyin")) lacks.set("pinyin", { where: "engine", reason: "mariadb-pinyin" });
  if (!(await hasUuid(owner, place.schema)))
    lacks.set("uuid", { where: isMariaDb ? "here" : "engine", reason: "mysql-uuid" });
  if (!(await mayEndSessions(owner))) here(["sessions", "cancel"], "may-end-no-session");
  if (await readsAll(owner, place, account)) here(["table-rights", "column-rights"], "reader-owns-all");
  if (await hasTls(owner)) here(["tls"], "server-has-tls");
  if (!(await asksForPassword(place))) here(["logins"], "no-password-asked");
  if (place.expirePassword === undefined) here(["password-expiry"], "server-is-yours");
  return lacks;
}

type Rows = mysql.RowDataPacket[];

async function missingCollations(owner: mysql.Connection): Promise<readonly CollationName[]> {
  const [rows] = await owner.query<Rows>("SHOW COLLATION");
  const known = new Set(rows.map((row) => String(row["Collation"])));
  const names: readonly (keyof typeof collations)[] = [
    "binary",
    "pinyin",
    "case-insensitive",
    "swedish",
    "phonebook",
    "turkish",
  ];
  return names.filter((name) => !known.has(collations[name]));
}

/** Tried: which versions have the type is no matter of one product. */
async function hasUuid(owner: mysql.Connection, schema: string): Promise<boolean> {
  try {
    await owner.query(`CREATE TABLE ${schema}.duijie_probe (id UUID)`);
    await owner.query(`DROP TABLE ${schema}.duijie_probe`);
    return true;
  } catch {
    return false;
  }
}

async function mayEndSessions(owner: mysql.Connection): Promise<boolean> {
  const [rows] = await owner.query<Rows>("SHOW GRANTS");
  const grants = rows.flatMap((row) => Object.values(row).map(String));
  return grants.some((grant) =>
    /^GRANT (?:ALL PRIVILEGES|.*\b(?:SUPER|CONNECTION[ _]ADMIN)\b).* ON \*\.\*/.test(grant),
  );
}

/** Whether the reading account reads a table that nobody granted it. */
async function readsAll(
  owner: mysql.Connection,
  { reader, schema }: MysqlScratchPlace,
  account: string,
): Promise<boolean> {
  const [rows] = await owner.query<Rows>("SELECT CURRENT_USER() AS account");
  if (account.replaceAll("'", "") === rows[0]?.["account"]) return true;
  const table = `${schema}.duijie_probe`;
  await owner.query(`CREATE TABLE ${table} (id INT)`);
  const source: SourceEntity = {
    entity: "student",
    from: { relation: table },
    key: ["id"],
    columns: [{ field: "id", column: "id" }],
  };
  const connector = createMysqlConnector({ ...reader, concurrentReads: 1 });
  try {
    const findings = await connector.check([source], AbortSignal.timeout(60_000));
    return !findings.some(({ subject, code }) => subject === "right" && code === "SOURCE_REFUSED");
  } finally {
    await connector.close();
    await owner.query(`DROP TABLE ${table}`);
  }
}

/** MySQL 8.4 has the variable no more, and TLS always. */
async function hasTls(owner: mysql.Connection): Promise<boolean> {
  const [rows] = await owner.query<Rows>("SHOW GLOBAL VARIABLES LIKE 'have_ssl'");
  return String(rows[0]?.["Value"] ?? "YES") === "YES";
}

async function asksForPassword({ reader }: MysqlScratchPlace): Promise<boolean> {
  const { url: _url, ...parts } = reader;
  const wrong = { ...parts, ...addressOf(reader), password: "surely-not-this", concurrentReads: 1 };
  const connector = createMysqlConnector(wrong);
  try {
    const findings = await connector.check([], AbortSignal.timeout(60_000));
    return findings.some(({ ok, code }) => !ok && code === "SOURCE_REFUSED");
  } finally {
    await connector.close();
  }
}
