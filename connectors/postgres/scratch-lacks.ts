import type pg from "pg";
import type { CollationName, Feature, Lack } from "../conformance/harness.ts";
import { createPostgresConnector } from "./postgres-connector.ts";
import type { PostgresScratchPlace } from "./scratch.ts";

/** What this schema, on this server, by this owner can't show. PostgreSQL itself lacks nothing of the suite. */
export async function scratchLacks(
  owner: pg.Client,
  role: string,
  place: PostgresScratchPlace,
  collations: ReadonlySet<CollationName>,
): Promise<ReadonlyMap<Feature, Lack>> {
  const lacks = new Map<Feature, Lack>();
  const add = (features: readonly Feature[], reason: string) => {
    for (const feature of features) lacks.set(feature, { where: "here", reason });
  };
  const { mayEnd, readsAll, hasTls } = await ownerFacts(owner, role);
  add([...collations], "collation-missing");
  if (!mayEnd) add(["sessions", "cancel"], "may-end-no-session");
  if (readsAll) add(["table-rights", "column-rights"], "reader-owns-all");
  if (hasTls) add(["tls"], "server-has-tls");
  if (!(await asksForPassword(place))) add(["logins"], "no-password-asked");
  if (owner.host.startsWith("/")) add(["network"], "no-tcp");
  if (place.server === undefined) add(["gb-database", "password-expiry"], "server-is-yours");
  return lacks;
}

async function ownerFacts(owner: pg.Client, role: string) {
  const { rows } = await owner.query<{ mayEnd: boolean; readsAll: boolean; hasTls: boolean }>(
    `SELECT me.rolsuper OR pg_has_role(reader.rolname, 'MEMBER')
            OR pg_has_role('pg_signal_backend', 'MEMBER') AND NOT reader.rolsuper AS "mayEnd",
        reader.rolsuper OR pg_has_role(reader.rolname, me.rolname, 'USAGE') AS "readsAll",
        current_setting('ssl')::boolean AS "hasTls"
       FROM pg_roles AS me, pg_roles AS reader WHERE me.rolname = current_user AND reader.rolname = $1`,
    [role],
  );
  return rows[0] ?? { mayEnd: false, readsAll: true, hasTls: true };
}

/** A server that trusts everybody, or knows us by a certificate, refuses no wrong password. */
async function asksForPassword({ reader }: PostgresScratchPlace): Promise<boolean> {
  const { url, ...rest } = reader;
  const wrong = { ...rest, password: "surely-not-this", concurrentReads: 1 };
  const parsed = url === undefined ? undefined : new URL(url);
  if (parsed !== undefined) parsed.password = "surely-not-this";
  const connector = createPostgresConnector(parsed === undefined ? wrong : { ...wrong, url: parsed.href });
  try {
    const findings = await connector.check([], AbortSignal.timeout(60_000));
    return findings.some(({ ok, code }) => !ok && code === "SOURCE_REFUSED");
  } finally {
    await connector.close();
  }
}
