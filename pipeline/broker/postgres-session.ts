import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { ErrorParams } from "../../contracts/errors.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { endsWithin, withDeadline } from "./deadline.ts";
import { isAnswer, mayConnectLater, postgresError } from "./postgres-errors.ts";

export interface SessionOptions {
  readonly url: string;
  readonly clientId: string;
  /** Around every call, connecting included. */
  readonly timeoutMs: number;
  /** How long connecting is tried again while the server is away. */
  readonly patienceMs: number;
  /** Begins each connection. */
  readonly first?: string;
  /** Payloads of NOTIFY. */
  readonly notified?: (payload: string) => void;
}

export type Row = Readonly<Record<string, unknown>>;
/** One statement on the session's connection. */
export type Ask = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

const retryMs = { first: 50, most: 500 };

interface Connection {
  readonly client: pg.Client;
  readonly socket: Socket;
}

/**
 * One connection to the log's database, opened when it is needed, for one piece of work at a time, with a deadline around every call. A call that failed in another way than by
 * the server's answer ends the connection; the next call opens a new one.
 */
export class PostgresSession {
  readonly #options: SessionOptions;
  readonly #params: ErrorParams;
  #open: Promise<Connection> | null = null;
  #tail: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#params = { client: "postgres", brokers: placeOf(options.url) };
  }

  /** Work of several statements that stand and fall alone. The deadline counts the wait for earlier work too. */
  async run<T>(what: string, work: (ask: Ask) => Promise<T>): Promise<T> {
    const late = () => this.#error("deadline", what);
    let isLate = false;
    const turn = this.#tail.then(async () => {
      if (isLate) throw late();
      return await this.#runNow(what, work);
    });
    this.#tail = turn.catch(() => undefined);
    try {
      return await withDeadline(turn, this.#options.timeoutMs, late);
    } catch (error) {
      isLate = true;
      throw error;
    }
  }

  async query(what: string, sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return await this.run(what, async (ask) => await ask(sql, values));
  }

  async transaction<T>(what: string, work: (ask: Ask) => Promise<T>): Promise<T> {
    return await this.run(what, async (ask) => {
      await ask("BEGIN");
      try {
        const result = await work(ask);
        await ask("COMMIT");
        return result;
      } catch (error) {
        if (isAnswer(error)) await ask("ROLLBACK");
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await endsWithin(this.#tail, this.#options.timeoutMs);
    const open = this.#open;
    this.#open = null;
    if (open !== null) await endsWithin(open.then(end), this.#options.timeoutMs);
  }

  async #runNow<T>(what: string, work: (ask: Ask) => Promise<T>): Promise<T> {
    const late = () => this.#error("deadline", what);
    if (this.#isClosed) throw this.#error("closed", what);
    // Several tries to connect share it with the work itself.
    const deadlineAt = performance.now() + this.#options.timeoutMs;
    this.#open ??= this.#connect(deadlineAt);
    const open = this.#open;
    try {
      const working = open.then(async ({ client }) => await work(askOf(client)));
      return await withDeadline(working, this.#options.timeoutMs, late);
    } catch (error) {
      if (!isAnswer(error) || isLate(error)) this.#drop(open);
      throw postgresError(error, { ...this.#params, what });
    }
  }

  #drop(open: Promise<Connection>): void {
    if (this.#open === open) this.#open = null;
    void endsWithin(open.then(end), 5_000);
  }

  async #connect(deadlineAt: number): Promise<Connection> {
    const giveUpAt = Math.min(deadlineAt, performance.now() + this.#options.patienceMs);
    for (let pauseMs = retryMs.first; ; pauseMs = Math.min(pauseMs * 2, retryMs.most)) {
      try {
        return await this.#connectOnce();
      } catch (error) {
        const isOver = performance.now() + pauseMs >= giveUpAt || this.#isClosed;
        if (isOver || !mayConnectLater(error)) throw error;
        await delay(pauseMs);
      }
    }
  }

  async #connectOnce(): Promise<Connection> {
    const { clientId, first, notified, timeoutMs, url } = this.#options;
    // Ours, to be ended whatever state the driver is in.
    const socket = new Socket();
    const client = new pg.Client({
      connectionString: url,
      application_name: clientId,
      connectionTimeoutMillis: timeoutMs,
      statement_timeout: timeoutMs,
      // A process that stands still inside a transaction must not hold a partition's row for ever.
      idle_in_transaction_session_timeout: timeoutMs,
      keepAlive: true,
      stream: () => socket,
    });
    const connection = { client, socket };
    client.on("notification", ({ payload }) => notified?.(payload ?? ""));
    try {
      // A connection that breaks while nobody asks: the next call opens a new one.
      client.on("error", () => this.#forget(connection));
      await client.connect();
      if (first !== undefined) await client.query(first);
      return connection;
    } catch (error) {
      void end(connection);
      throw error;
    }
  }

  #forget(broken: Connection): void {
    const open = this.#open;
    if (open === null) return;
    void open.then(
      (connection) => {
        if (connection !== broken) return;
        this.#drop(open);
        // Whoever waits for news would wait in vain.
        this.#options.notified?.("");
      },
      () => undefined,
    );
  }

  #error(reason: string, what: string): DuijieError {
    return new DuijieError("BROKER_UNREACHABLE", { ...this.#params, what, reason });
  }
}

function isLate(error: unknown): boolean {
  return error instanceof DuijieError && error.params["reason"] === "deadline";
}

function askOf(client: pg.Client): Ask {
  return async (sql, values = []) => (await client.query<Record<string, unknown>>(sql, [...values])).rows;
}

/** A hung server answers no farewell: then the socket ends it. */
async function end({ client, socket }: Connection): Promise<void> {
  await endsWithin(client.end(), 1_000);
  socket.destroy();
}

/** `host:port/database`: a URL without user and password, for people. */
export function placeOf(url: string): string {
  if (!URL.canParse(url)) return "";
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
