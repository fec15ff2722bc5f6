import pg from "pg";
import type { SourceEntity } from "../connector.ts";
import type { Say } from "../engine.ts";
import { relationParts, usedColumns } from "./source-shape.ts";

/**
 * SQL that the registry's owner runs: a role that can read the configured columns and nothing else. Columns are
 * granted one by one, so that fields which the national contract does not ask for stay out of reach.
 */
export function readOnlyGrants(sources: readonly SourceEntity[], role: string, say: Say): string {
  const grantee = pg.escapeIdentifier(role);
  const lines = [
    ...comment(say("grants.head", { role })),
    `CREATE ROLE ${grantee} LOGIN;`,
    ...comment(say("grants.password", { role })),
    `ALTER ROLE ${grantee} SET default_transaction_read_only = on;`,
    "DO $$ BEGIN",
    `  EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), ${pg.escapeLiteral(role)});`,
    "END $$;",
    ...schemasOf(sources).map(
      (schema) => `GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(schema)} TO ${grantee};`,
    ),
    ...sources.flatMap((source) => ["", ...sourceGrants(source, grantee, say)]),
  ];
  return `${lines.join("\n")}\n`;
}

function sourceGrants(source: SourceEntity, grantee: string, say: Say): readonly string[] {
  if ("query" in source.from) return comment(say("grants.query", { entity: source.entity }));
  const table = relationParts(source.from.relation)
    .map((part) => pg.escapeIdentifier(part))
    .join(".");
  const columns = usedColumns(source)
    .map((column) => pg.escapeIdentifier(column))
    .join(", ");
  return [...comment(source.entity), `GRANT SELECT (${columns}) ON ${table} TO ${grantee};`];
}

/** Schemas by name; a table without one is found by the search path, whose schemas everybody may use unless that was revoked. */
function schemasOf(sources: readonly SourceEntity[]): readonly string[] {
  const schemas = sources.flatMap(({ from }) => {
    const parts = "relation" in from ? relationParts(from.relation) : [];
    return parts.length === 2 && parts[0] !== undefined ? [parts[0]] : [];
  });
  return [...new Set(schemas)].toSorted();
}

function comment(text: string): readonly string[] {
  // A comment also ends at a carriage return.
  return text.split(/\r\n|\r|\n/).map((line) => `-- ${line}`);
}
