import pg from "pg";
import { rounded } from "./figures.ts";

/** What one kind of statement cost. */
export interface StatementFigure {
  readonly database: string;
  readonly calls: number;
  readonly microsPerRow: number;
  readonly millisPerCall: number;
  /** Its beginning, with parameters left out. */
  readonly text: string;
}

/** The server has to be started with it. */
export const statementSettings = {
  shared_preload_libraries: "pg_stat_statements",
  "pg_stat_statements.track_planning": "on",
  track_io_timing: "on",
} as const;

export async function resetStatements(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
    await client.query("SELECT pg_stat_statements_reset()");
  });
}

const shown = 40;
const textMax = 160;

/** The dearest statements since `resetStatements`, over all databases. Time passed, not CPU: waits for disk are inside. */
export async function dearestStatements(url: string, rows: number): Promise<readonly StatementFigure[]> {
  return await withClient(url, async (client) => {
    const found = await client.query<{ database: string; calls: number; millis: number; text: string }>(
      `SELECT d.datname AS database, s.calls::int AS calls, s.total_exec_time + s.total_plan_time AS millis,
         left(regexp_replace(s.query, '\\s+', ' ', 'g'), ${textMax}) AS text
       FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid ORDER BY millis DESC LIMIT ${shown}`,
    );
    return found.rows.map(({ calls, database, millis, text }) => ({
      database,
      calls,
      microsPerRow: rounded((millis * 1000) / rows, 2),
      millisPerCall: rounded(millis / calls, 2),
      text,
    }));
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "duijie bench" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
