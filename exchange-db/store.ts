import pg from "pg";
import { DuijieError } from "../contracts/errors.ts";

export type StoreClient = pg.PoolClient;

export interface StoreOptions {
  readonly url: string;
  /** `exchange-db`, `national`: names the database in errors. */
  readonly name: string;
  readonly connectionsMax: number;
  readonly statementTimeoutMs: number;
}

/** Longer than the server's own limit by this: where both see the fault, the server's word comes first. */
const answerGraceMs = 5000;

/** Our own databases (exchange-db, national): a pool, transactions, and drivers' errors made ours at this edge. */
export class Store {
  readonly name: string;
  readonly #pool: pg.Pool;
  readonly #where: { readonly store: string; readonly host: string };

  constructor(options: StoreOptions) {
    this.name = options.name;
    this.#where = { store: options.name, host: hostOf(options.url) };
    this.#pool = new pg.Pool({
      connectionString: options.url,
      max: options.connectionsMax,
      application_name: "duijie",
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 30_000,
      statement_timeout: options.statementTimeoutMs,
      // The server's limit is no help where its answer never comes: a pulled cable, a firewall that forgot the connection.
      query_timeout: options.statementTimeoutMs + answerGraceMs,
      // Nor may a client that the server can't reach any more keep its locks: whoever takes over waits for them.
      idle_in_transaction_session_timeout: options.statementTimeoutMs,
      keepAlive: true,
      // A chunk of pupils in a temporary table is larger than the server's default, and would go through a file.
      options: "-c temp_buffers=32MB",
    });
    // An idle connection that breaks is replaced by the pool; the next query meets the fault, if it lasts.
    this.#pool.on("error", () => undefined);
  }

  async query<R extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<R[]> {
    try {
      return (await this.#pool.query<R>(sql, [...values])).rows;
    } catch (error) {
      throw this.named(error);
    }
  }

  /** One transaction on a client of its own; any throw rolls back. A broken client never returns to the pool. */
  async transaction<T>(work: (client: StoreClient) => Promise<T>): Promise<T> {
    return await this.withClient(async (client) => {
      await client.query("BEGIN");
      try {
        const result = await work(client);
        await client.query("COMMIT");
        return result;
      } catch (error) {
        // A connection that answers no more is closed instead: then the server rolls back.
        if (!isUnreachable(this.named(error))) await client.query("ROLLBACK");
        throw error;
      }
    });
  }

  async withClient<T>(work: (client: StoreClient) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    let broken: Error | undefined;
    const onError = (error: Error) => {
      broken = error;
    };
    client.on("error", onError);
    try {
      return await work(client);
    } catch (error) {
      const named = this.named(error);
      if (isUnreachable(named)) broken ??= named;
      throw named;
    } finally {
      client.off("error", onError);
      client.release(broken);
    }
  }

  async #connect(): Promise<StoreClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw this.named(error);
    }
  }

  /** A driver's error as ours: SQLSTATE and table only, for its message may hold values of a row. */
  named(error: unknown): unknown {
    if (error instanceof DuijieError) return error;
    if (error instanceof pg.DatabaseError) {
      const params = { ...this.#where, sqlState: error.code ?? "", table: error.table ?? "" };
      return new DuijieError(codeOfSqlState(error.code ?? ""), params, error);
    }
    if (error instanceof Error && isConnectionFault(error)) {
      return new DuijieError("STORE_UNREACHABLE", this.#where, error);
    }
    return error;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

function isUnreachable(error: unknown): error is DuijieError {
  return error instanceof DuijieError && error.code === "STORE_UNREACHABLE";
}

function codeOfSqlState(
  state: string,
): "STORE_CONFLICT" | "STORE_UNREACHABLE" | "STORE_REFUSED" | "SCHEMA_MISSING" | "INVARIANT_BROKEN" {
  if (state === "23505" || state === "40001" || state === "40P01" || state === "55P03" || state === "57014")
    return "STORE_CONFLICT";
  if (state.startsWith("08") || state.startsWith("57P") || state.startsWith("53")) return "STORE_UNREACHABLE";
  // The server ended a session whose client stood still in a transaction.
  if (state === "25P03" || state === "25P04") return "STORE_UNREACHABLE";
  if (state.startsWith("28") || state === "42501" || state === "3D000") return "STORE_REFUSED";
  if (state === "42P01" || state === "3F000" || state === "42703") return "SCHEMA_MISSING";
  return "INVARIANT_BROKEN";
}

const connectionFaults = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** pg reports a lost or late connection as a plain Error, told apart only by its text or the socket's code. */
function isConnectionFault(error: Error & { code?: unknown }): boolean {
  if (typeof error.code === "string" && connectionFaults.has(error.code)) return true;
  if (error instanceof AggregateError)
    return error.errors.some((one) => one instanceof Error && isConnectionFault(one));
  return /connection (terminated|timeout|ended|closed)|timeout exceeded when trying to connect|query read timeout|not queryable|Client has encountered/i.test(
    error.message,
  );
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return "";
  }
}
