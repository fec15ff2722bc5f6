import { DuijieError } from "../../contracts/errors.ts";
import type { Texts } from "../../contracts/texts.ts";
import type { Store } from "../../exchange-db/store.ts";
import { asked, type CheckLine, okLine } from "./check-line.ts";

export interface RowSecurityCheck {
  readonly store: Store;
  readonly part: string;
  /** The schema of the bindings. */
  readonly home: "exchange" | "national";
  readonly schemas: readonly string[];
  /** That the node serves; `*`: all. */
  readonly province: string;
}

/** Whether rows of a province are kept apart from others', and whether this node's role is bound to its own. */
export async function checkRowSecurity(check: RowSecurityCheck, texts: Texts): Promise<readonly CheckLine[]> {
  const { part } = check;
  const tables = await asked(texts, part, texts("cli.check.rowSecurity"), async () => {
    return texts("cli.check.protected", { tables: await protectedTables(check) });
  });
  const binding = await asked(texts, part, texts("cli.check.binding"), async () => await boundRole(check));
  return [tables, warned(binding, await isUnbound(check), texts)];
}

async function protectedTables({ store, home, schemas }: RowSecurityCheck): Promise<number> {
  const rows = await store.query<{ name: string; isProtected: boolean }>(
    `SELECT c.oid::regclass::text AS name, CASE c.relkind WHEN 'v' THEN coalesce(c.reloptions @> '{security_barrier=true}', false)
       ELSE c.relrowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid) END AS "isProtected"
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'province' AND NOT a.attisdropped
     WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'v') ORDER BY 1`,
    [schemas],
  );
  const open = rows.filter((row) => !row.isProtected).map((row) => row.name);
  if (open.length > 0)
    throw new DuijieError("ROW_SECURITY_MISSING", {
      store: store.name,
      schema: home,
      table: open.join(", "),
    });
  return rows.length;
}

/** Superusers, owners and roles with BYPASSRLS are bound by no policy. */
async function isUnbound({ store, home }: RowSecurityCheck): Promise<boolean> {
  const rows = await store.query<{ active: boolean }>(
    "SELECT row_security_active(($1 || '.role_province')::regclass) AS active",
    [home],
  );
  return rows[0]?.active === false;
}

async function boundRole(check: RowSecurityCheck): Promise<string> {
  const { store, home, province } = check;
  const rows = await store.query<{ role: string; provinces: string[] }>(
    `SELECT current_user AS role, ${home}.provinces() AS provinces`,
  );
  const { role = "", provinces = [] } = rows[0] ?? {};
  if (provinces.includes(province) || provinces.includes("*")) return `${role}: ${provinces.join(", ")}`;
  if (await isUnbound(check)) return role;
  throw new DuijieError("ROLE_UNBOUND", { store: store.name, role, province });
}

function warned(line: CheckLine, isWarning: boolean, texts: Texts): CheckLine {
  if (!line.ok || !isWarning) return line;
  return okLine(line.part, line.subject, line.found, texts("cli.check.roleUnbound"));
}
