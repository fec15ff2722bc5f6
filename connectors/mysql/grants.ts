import { DuijieError } from "../../contracts/errors.ts";
import type { SourceEntity } from "../connector.ts";
import type { Say } from "../engine.ts";
import { usedColumns } from "../used-columns.ts";
import { quoted, relationParts } from "./names.ts";

/**
 * SQL that the registry's owner runs: an account that can read the configured columns and nothing else. Columns are
 * granted one by one, so that fields which the national contract does not ask for stay out of reach.
 */
export function readOnlyGrants(sources: readonly SourceEntity[], role: string, say: Say): string {
  const account = `${text(role)}@'%'`;
  const lines = [
    ...comment(say("grants.head", { role })),
    ...comment(say("grants.mysqlPassword", { role })),
    `CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY '<password>';`,
    ...sources.flatMap((source) => ["", ...sourceGrants(source, account, say)]),
  ];
  return `${lines.join("\n")}\n`;
}

function sourceGrants(source: SourceEntity, account: string, say: Say): readonly string[] {
  if ("query" in source.from) return comment(say("grants.query", { entity: source.entity }));
  const table = relationParts(source.from.relation).map(quoted).join(".");
  const columns = usedColumns(source).map(quoted).join(", ");
  return [...comment(source.entity), `GRANT SELECT (${columns}) ON ${table} TO ${account};`];
}

/** Doubled quotes are right under every sql_mode; a backslash is an escape under some of them only, so no name has one. */
function text(value: string): string {
  if (value.includes("\\")) throw new DuijieError("CONFIG_INVALID", { setting: "role" });
  return `'${value.replaceAll("'", "''")}'`;
}

function comment(words: string): readonly string[] {
  return words.split(/\r\n|\r|\n/).map((line) => `-- ${line}`);
}
