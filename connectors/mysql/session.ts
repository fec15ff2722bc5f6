import { connect as connectSocket, type Socket } from "node:net";
import mysql from "mysql2";
import { DuijieError } from "../../contracts/errors.ts";
import type { ReadPace } from "../read-pace.ts";
import { inTransaction } from "../session-pool.ts";
import type { MysqlAddress, MysqlOptions } from "./options.ts";
import { RowFlow } from "./row-flow.ts";
import { readServerFacts, type ServerFacts, timeLimit, transactionStart } from "./server-facts.ts";
import { isServerError } from "./source-error.ts";

/** A row as the server stored it: bytes, null where NULL. */
export type RawRow = readonly (Buffer | null)[];

/** A column of a result as the protocol describes it. */
export interface FieldDescription {
  readonly name: string;
  readonly type: number;
  readonly collationId: number;
  readonly length: number;
  readonly decimals: number;
  readonly flags: number;
  /** MariaDB's own types, such as `uuid`; else empty. */
  readonly extendedType: string;
}

/**
 * Everything that changes how a value is written, sorted or compared, set before each transaction: values and hashes
 * must not depend on a server's settings, and a pooler between us and the server may forget those of a session.
 * `character_set_results` NULL: the server sends bytes as they are stored, and never a `?` for what it can't convert.
 * The zone is an offset, for the tables of named zones are often not loaded. The server ends a connection whose client
 * does not take its rows within `net_write_timeout`; a reader that is held back by a limit is no lost client.
 */
const sessionSettings = [
  "character_set_client = 'utf8mb4'",
  "character_set_results = NULL",
  "collation_connection = 'utf8mb4_general_ci'",
  "sql_mode = ''",
  "time_zone = '+08:00'",
  "sql_auto_is_null = 0",
  "net_write_timeout = 86400",
].join(", ");

/** One connection to the registry, used by one reader at a time. */
export class Session {
  readonly facts: ServerFacts;
  readonly pace: ReadPace;
  readonly #connection: mysql.Connection;
  readonly #socket: Socket;
  readonly #kill: (threadId: number) => void;
  /** The longest wait for an answer. The server's own limit is no help where the answer never comes. */
  readonly #answerMs: number;
  #isUsable = true;
  #isAsking = false;
  #limitMs = 0;
  #flow: RowFlow | undefined;

  private constructor(opened: OpenConnection, facts: ServerFacts, pace: ReadPace, answerMs: number) {
    this.#connection = opened.connection;
    this.#socket = opened.socket;
    this.#kill = opened.kill;
    this.#answerMs = answerMs;
    this.facts = facts;
    this.pace = pace;
    // A statement that is streamed learns of a lost connection by this event alone.
    opened.connection.on("error", (error: Error) => {
      this.#isUsable = false;
      this.#flow?.fail(error);
    });
    opened.connection.on("end", () => {
      this.#isUsable = false;
    });
  }

  static async open(
    address: MysqlAddress,
    options: MysqlOptions,
    pace: ReadPace,
    signal: AbortSignal,
    answerMs: number,
  ): Promise<Session> {
    const opened = openConnection(address, options);
    const stop = () => opened.socket.destroy();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await untilConnected(opened.connection);
      const facts = await readServerFacts((sql) => allRows(opened, sql, answerMs));
      return new Session(opened, facts, pace, answerMs);
    } catch (error) {
      stop();
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  get isUsable(): boolean {
    return this.#isUsable;
  }

  /**
   * Runs `work` in one read-only transaction over one snapshot. An abort cancels what the server does and breaks the
   * connection, and so does any error: a connection in doubt is never used again.
   */
  transaction<T>(
    statementTimeoutMs: number,
    signal: AbortSignal,
    work: () => AsyncGenerator<T>,
  ): AsyncGenerator<T> {
    const steps = {
      begin: async () => await this.#begin(statementTimeoutMs),
      commit: async () => {
        await this.rows("COMMIT");
      },
      destroy: () => this.destroy(),
    };
    return inTransaction(steps, signal, work);
  }

  async #begin(statementTimeoutMs: number): Promise<void> {
    this.#limitMs = statementTimeoutMs;
    const limit = timeLimit(this.facts, statementTimeoutMs);
    await this.rows(`SET ${[sessionSettings, ...limit].join(", ")}`);
    await this.rows("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    await this.rows(transactionStart(this.facts));
  }

  /** All rows of a statement that returns few. */
  async rows(sql: string): Promise<RawRow[]> {
    return (await this.#ask(sql)).rows;
  }

  /** Columns of a statement's result. */
  async fields(sql: string): Promise<readonly FieldDescription[]> {
    return (await this.#ask(sql)).fields;
  }

  async #ask(sql: string): Promise<Answer> {
    this.#isAsking = true;
    try {
      return await answerOf(this.#connection, sql, this.#answerMs, () => this.destroy());
    } catch (error) {
      // A refused statement leaves the connection as it was; a lost one is not used again.
      if (!isServerError(error)) this.#isUsable = false;
      throw error;
    } finally {
      this.#isAsking = false;
    }
  }

  /** Rows as they come, page by page; the socket waits while the consumer does. */
  async *stream(sql: string, pageRows: number, stallMs: number): AsyncGenerator<readonly RawRow[]> {
    // A slow consumer is no fault of the server's: the statement has no time limit, each wait for bytes has.
    await this.#withoutLimit();
    const connection = this.#connection;
    const flow = new RowFlow(
      pageRows,
      () => connection.pause(),
      () => connection.resume(),
    );
    this.#flow = flow;
    this.#isAsking = true;
    const query = connection.query({ sql, rowsAsArray: true, typeCast: false });
    query.on("result", (row: unknown) => flow.push(rawRow(row)));
    query.on("error", (error: Error) => flow.fail(error));
    query.on("end", () => flow.finish());
    for (;;) {
      const page = await this.#nextInTime(flow, stallMs);
      if (page === null) break;
      yield page;
    }
    this.#flow = undefined;
    this.#isAsking = false;
  }

  async #withoutLimit(): Promise<void> {
    const limit = timeLimit(this.facts, 0);
    if (this.#limitMs === 0 || limit.length === 0) return;
    await this.rows(`SET ${limit.join(", ")}`);
    this.#limitMs = 0;
  }

  async #nextInTime(flow: RowFlow, stallMs: number): Promise<readonly RawRow[] | null> {
    const timer = setTimeout(() => this.destroy("timeout"), stallMs);
    try {
      return await flow.next();
    } finally {
      clearTimeout(timer);
    }
  }

  async end(): Promise<void> {
    this.#isUsable = false;
    await new Promise<void>((resolve) => this.#connection.end(() => resolve()));
    this.#socket.destroy();
  }

  /** Breaks the connection now. A statement that still runs is cancelled, for the server notices a lost client late. */
  destroy(reason: "timeout" | "connection-lost" = "connection-lost"): void {
    const wasUsable = this.#isUsable;
    this.#isUsable = false;
    if (wasUsable && this.#isAsking) this.#kill(this.#connection.threadId ?? 0);
    this.#socket.destroy();
    this.#connection.destroy();
    this.#flow?.fail(new Error(reason));
  }
}

interface Answer {
  readonly rows: RawRow[];
  readonly fields: readonly FieldDescription[];
}

interface OpenConnection {
  readonly connection: mysql.Connection;
  readonly socket: Socket;
  /** Ends a session of this user from another connection. Best effort: the lost socket ends the statement later anyway. */
  readonly kill: (threadId: number) => void;
}

function openConnection(address: MysqlAddress, options: MysqlOptions): OpenConnection {
  // The socket is ours, so that it can be broken at once, also below TLS.
  const socket = connectSocket({ host: address.host, port: address.port, noDelay: true, keepAlive: true });
  // Node verifies a certificate against this name where it is told no other. The driver tells it none for an address,
  // and any certificate for `localhost` would then do.
  Object.assign(socket, { _host: address.host });
  const connection = mysql.createConnection(connectionOptions(address, options, socket));
  // Before the session exists an error on the connection has no other listener, and would end the process.
  connection.on("error", () => undefined);
  return { connection, socket, kill: (threadId) => killSession(address, options, threadId) };
}

function connectionOptions(
  address: MysqlAddress,
  options: MysqlOptions,
  socket: Socket,
): mysql.ConnectionOptions {
  const { tls } = options;
  const verified = { rejectUnauthorized: true, verifyIdentity: true };
  return {
    ...address,
    stream: () => socket,
    charset: "utf8mb4_general_ci",
    connectTimeout: options.connectTimeoutMs,
    multipleStatements: false,
    // No server may ask this process for a file.
    flags: ["-LOCAL_FILES"],
    ...(tls === false ? {} : { ssl: tls === true ? verified : { ...tls, ...verified } }),
  };
}

function untilConnected(connection: mysql.Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.once("connect", () => resolve());
    connection.once("error", reject);
  });
}

async function allRows(opened: OpenConnection, sql: string, answerMs: number): Promise<readonly RawRow[]> {
  return (await answerOf(opened.connection, sql, answerMs, () => opened.socket.destroy())).rows;
}

function answerOf(
  connection: mysql.Connection,
  sql: string,
  answerMs: number,
  giveUp: () => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      giveUp();
      // A broken connection does not answer those who wait, where it was broken by us.
      reject(new Error("timeout"));
    }, answerMs);
    connection.query({ sql, rowsAsArray: true, typeCast: false }, (error, rows, fields) => {
      clearTimeout(timer);
      if (isLate) return;
      if (error !== null) reject(error);
      else
        resolve({ rows: Array.isArray(rows) ? rows.map(rawRow) : [], fields: (fields ?? []).map(described) });
    });
  });
}

/** By `typeCast: false` the driver gives bytes; whatever else it should give is not taken for a row. */
function rawRow(row: unknown): RawRow {
  if (Array.isArray(row)) return row;
  throw new DuijieError("INVARIANT_BROKEN", { invariant: "mysql-row" });
}

function described(field: mysql.FieldPacket): FieldDescription {
  const extended = "extendedTypeName" in field ? field.extendedTypeName : undefined;
  return {
    name: field.name,
    type: field.columnType ?? field.type ?? 0,
    collationId: field.characterSet ?? 0,
    length: field.columnLength ?? 0,
    decimals: field.decimals ?? 0,
    flags: typeof field.flags === "number" ? field.flags : 0,
    extendedType: typeof extended === "string" ? extended : "",
  };
}

function killSession(address: MysqlAddress, options: MysqlOptions, threadId: number): void {
  if (threadId === 0) return;
  const { connection, socket } = openConnection(address, options);
  const over = () => socket.destroy();
  socket.setTimeout(5_000, over);
  socket.unref();
  connection.on("error", over);
  connection.query(`KILL ${Math.trunc(threadId)}`, over);
}
