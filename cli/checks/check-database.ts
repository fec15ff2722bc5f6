import { DuijieError } from "../../contracts/errors.ts";
import type { Texts } from "../../contracts/texts.ts";
import { type migrate, requireMigrated } from "../../exchange-db/migrate.ts";
import type { Store } from "../../exchange-db/store.ts";
import type { RoleRights } from "../daemon-rights.ts";
import { asked, type CheckLine } from "./check-line.ts";
import { checkRowSecurity } from "./check-row-security.ts";

const oldestVersion = 140_000;
const namedRightsMax = 6;

export interface DatabaseCheck {
  readonly store: Store;
  readonly part: "exchange-db" | "national";
  /** Schema of the list of migrations. */
  readonly schema: "exchange" | "national";
  readonly migrations: Parameters<typeof migrate>[2];
  readonly rights: RoleRights;
  /** That the role has to be bound to; `*`: to all. */
  readonly province: string;
}

/** Server, charset, tables and rights of one of our own databases. Where it can't be asked there is one answer only. */
export async function checkDatabase(check: DatabaseCheck, texts: Texts): Promise<readonly CheckLine[]> {
  const { part, store } = check;
  const server = await asked(texts, part, "server", async () => await serverVersion(store));
  if (!server.ok) return [server];
  const charset = await asked(texts, part, "charset", async () => await serverEncoding(store));
  const schema = await asked(texts, part, "schema", async () => {
    await requireMigrated(store, check.schema, check.migrations);
    return String(check.migrations.length);
  });
  if (!schema.ok) return [server, charset, schema];
  const rights = await asked(texts, part, "right", async () => await roleRights(store, check.rights));
  const { home, schemas } = check.rights;
  const { province } = check;
  // Without its rights a role can't be asked for more.
  const rows = rights.ok ? await checkRowSecurity({ store, part, home, schemas, province }, texts) : [];
  return [server, charset, schema, rights, ...rows];
}

async function serverVersion(store: Store): Promise<string> {
  const rows = await store.query<{ version: string; number: string }>(
    "SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number",
  );
  const version = rows[0]?.version ?? "";
  if (Number(rows[0]?.number) < oldestVersion) {
    throw new DuijieError("STORE_REFUSED", { store: store.name, version, oldest: "14" });
  }
  return `PostgreSQL ${version}`;
}

/** Any other encoding would refuse characters of names, one pupil at a time. */
async function serverEncoding(store: Store): Promise<string> {
  const rows = await store.query<{ encoding: string }>(
    "SELECT current_setting('server_encoding') AS encoding",
  );
  const encoding = rows[0]?.encoding ?? "";
  if (encoding !== "UTF8")
    throw new DuijieError("STORE_REFUSED", { store: store.name, encoding, expected: "UTF8" });
  return encoding;
}

/** What the daemon's role lacks of its rights, each by name. */
async function roleRights(store: Store, rights: RoleRights): Promise<string> {
  const tables = Object.entries(rights.tables).flatMap(([name, privileges]) =>
    privileges.map((privilege) => ({ name, privilege })),
  );
  const sequences = rights.sequences.flatMap((name) =>
    ["USAGE", "SELECT"].map((privilege) => ({ name, privilege })),
  );
  const rows = await store.query<{ role: string; missing: string | null }>(
    `SELECT current_user AS role, (SELECT string_agg(privilege || ' ' || name, ', ' ORDER BY name, privilege) FROM (
       SELECT s AS name, 'USAGE' AS privilege FROM unnest($1::text[]) s WHERE NOT has_schema_privilege(s, 'USAGE')
       UNION ALL SELECT t.name, t.privilege FROM jsonb_to_recordset($2::jsonb) AS t(name text, privilege text)
         WHERE has_schema_privilege(split_part(t.name, '.', 1), 'USAGE') AND NOT has_table_privilege(t.name, t.privilege)
       UNION ALL SELECT q.name, q.privilege FROM jsonb_to_recordset($3::jsonb) AS q(name text, privilege text)
         WHERE has_schema_privilege(split_part(q.name, '.', 1), 'USAGE') AND NOT has_sequence_privilege(q.name, q.privilege)
       UNION ALL SELECT f, 'EXECUTE' FROM unnest($4::text[]) f
         WHERE to_regprocedure(f) IS NULL OR NOT has_function_privilege(f, 'EXECUTE')
       UNION ALL SELECT current_database(), 'TEMPORARY' WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')
     ) lacking) AS missing`,
    [rights.schemas, JSON.stringify(tables), JSON.stringify(sequences), rights.functions],
  );
  const missing = rows[0]?.missing?.split(", ") ?? [];
  if (missing.length === 0) return rows[0]?.role ?? "";
  // Where one right is missing, mostly all are: nobody needs to read them one by one.
  const some = missing.slice(0, namedRightsMax).join(", ");
  throw new DuijieError("STORE_REFUSED", { store: store.name, missing: some, rights: missing.length });
}
