import { logRights, logSchemaSql, topicRights } from "../pipeline/broker/postgres-log-schema.ts";
import type { RoleRights } from "./daemon-rights.ts";

interface RoleScript {
  readonly rights: RoleRights;
  readonly role: string;
  /** That its rows are of; `*` for all. */
  readonly provinces: readonly string[];
  readonly comments: readonly string[];
}

/** SQL for the database's owner, after `duijie migrate`: a role that owns nothing and bypasses nothing, bound to its provinces. */
export function roleScript({ comments, provinces, rights, role }: RoleScript): string {
  const { columns, functions, home, schemas, sequences, tables } = rights;
  return script(comments, [
    ...created(role, `GRANT CONNECT, TEMPORARY ON DATABASE %I TO ${role}`),
    `GRANT USAGE ON SCHEMA ${schemas.join(", ")} TO ${role};`,
    ...Object.entries(tables).map(
      ([table, privileges]) => `GRANT ${privileges.join(", ")} ON ${table} TO ${role};`,
    ),
    ...Object.entries(columns).map(
      ([table, names]) => `GRANT SELECT (${names.join(", ")}) ON ${table} TO ${role};`,
    ),
    ...Object.entries(rights.writtenColumns ?? {}).flatMap(([table, written]) =>
      Object.entries(written).map(
        ([privilege, names]) => `GRANT ${privilege} (${names.join(", ")}) ON ${table} TO ${role};`,
      ),
    ),
    // To take numbers, never to set them back.
    ...sequences.map((name) => `GRANT USAGE, SELECT ON SEQUENCE ${name} TO ${role};`),
    ...functions.map((name) => `GRANT EXECUTE ON FUNCTION ${name} TO ${role};`),
    ...provinces.map(
      (province) =>
        `INSERT INTO ${home}.role_province (role_name, province) VALUES ('${role}', '${province}') ON CONFLICT DO NOTHING;`,
    ),
  ]);
}

/**
 * SQL for the server's administrator, before `duijie migrate`: the role that owns the database with its tables and alone
 * binds others to provinces. What another user created before goes over to it.
 */
export function ownerScript(role: string, schemas: readonly string[], comments: readonly string[]): string {
  return script(comments, [
    ...created(role, `ALTER DATABASE %I OWNER TO ${role}`),
    // As new databases have it since PostgreSQL 15.
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
    "DO $$ DECLARE o record; BEGIN",
    "  FOR o IN",
    "    SELECT 'SCHEMA' AS kind, quote_ident(nspname) AS name FROM pg_namespace WHERE nspname = ANY (own)",
    "    UNION ALL SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass::text",
    "      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (own) AND c.relkind IN ('r', 'p', 'v', 'S')",
    // A sequence of a column goes with its table.
    "      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND c.relkind = 'S')",
    "    UNION ALL SELECT 'FUNCTION', p.oid::regprocedure::text",
    "      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY (own)",
    `  LOOP EXECUTE format('ALTER %s %s OWNER TO ${role}', o.kind, o.name); END LOOP;`,
    "END $$;",
  ]).replaceAll("ANY (own)", `ANY ('{${schemas.join(",")}}')`);
}

/** SQL for the owner of the database that holds a trial's message log: its tables, and both daemons' rights there. */
export function logScript(province: string, nation: string, comments: readonly string[]): string {
  const grants = (role: string, tables: Readonly<Record<string, readonly string[]>>) => [
    ...created(role, `GRANT CONNECT ON DATABASE %I TO ${role}`),
    `GRANT USAGE ON SCHEMA broker TO ${role};`,
    ...Object.entries(tables).map(
      ([table, privileges]) => `GRANT ${privileges.join(", ")} ON ${table} TO ${role};`,
    ),
  ];
  return script(comments, [
    logSchemaSql.trim(),
    ...grants(province, logRights),
    ...grants(nation, { ...logRights, ...topicRights }),
  ]);
}

function created(role: string, onDatabase: string): readonly string[] {
  return [
    "DO $$ BEGIN",
    `  IF to_regrole('${role}') IS NULL THEN CREATE ROLE ${role} LOGIN; END IF;`,
    `  EXECUTE format('${onDatabase}', current_database());`,
    "END $$;",
  ];
}

function script(comments: readonly string[], lines: readonly string[]): string {
  return `${[...comments.map((line) => `-- ${line}`), ...lines].join("\n")}\n`;
}
