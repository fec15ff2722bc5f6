import type { RawRow } from "./session.ts";

/** What the server said when the session began. */
export interface ServerFacts {
  /** As the server writes it, such as `10.11.19-MariaDB` or `8.0.41`. */
  readonly version: string;
  readonly flavour: "mysql" | "mariadb";
  /** 8.0.41 is 80041, 10.11.19 is 101119. */
  readonly versionNumber: number;
  readonly user: string;
  readonly charset: string;
  /** A transaction can be declared read-only. */
  readonly hasReadOnly: boolean;
  /** What limits a statement's time there. */
  readonly limitedBy: "max_statement_time" | "max_execution_time" | "ob_query_timeout";
}

type Ask = (sql: string) => Promise<readonly RawRow[]>;

export async function readServerFacts(ask: Ask): Promise<ServerFacts> {
  const rows = await ask("SELECT VERSION(), @@version_comment, CURRENT_USER(), @@character_set_database");
  const [version = "", comment = "", user = "", charset = ""] = (rows[0] ?? []).map(
    (bytes) => bytes?.toString("utf8") ?? "",
  );
  return { ...factsOf(version, comment), user, charset };
}

/** Relatives say whom they imitate in their version: `8.0.11-TiDB-v7.5.0`, `5.7.25-OceanBase-v4.2.1`. */
export function factsOf(version: string, comment: string): Omit<ServerFacts, "user" | "charset"> {
  const words = `${version} ${comment}`;
  const isMariaDb = /mariadb/i.test(words);
  // Behind a proxy MariaDB may still write the prefix that old replicas wanted.
  const [, major, minor, patch] = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return {
    version,
    flavour: isMariaDb ? "mariadb" : "mysql",
    versionNumber: Number(major ?? 0) * 10_000 + Number(minor ?? 0) * 100 + Number(patch ?? 0),
    hasReadOnly: !/tidb/i.test(words),
    limitedBy: isMariaDb
      ? "max_statement_time"
      : /oceanbase/i.test(words)
        ? "ob_query_timeout"
        : "max_execution_time",
  };
}

/** Assignments of SET that limit a statement to so many milliseconds; 0 is no limit. */
export function timeLimit({ limitedBy }: ServerFacts, limitMs: number): readonly string[] {
  if (limitedBy === "max_statement_time") return [`max_statement_time = ${limitMs / 1000}`];
  if (limitedBy === "max_execution_time") return [`max_execution_time = ${Math.trunc(limitMs)}`];
  // Microseconds, and without a word for "none": a day.
  const micros = (limitMs === 0 ? 86_400_000 : Math.trunc(limitMs)) * 1000;
  return [`ob_query_timeout = ${micros}`, `ob_trx_timeout = ${Math.max(micros, 86_400_000_000)}`];
}

export function transactionStart({ hasReadOnly }: ServerFacts): string {
  return `START TRANSACTION WITH CONSISTENT SNAPSHOT${hasReadOnly ? ", READ ONLY" : ""}`;
}
