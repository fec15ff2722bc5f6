import { Socket } from "node:net";
import pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { DuijieError } from "../../contracts/errors.ts";
import type { ReadPace } from "../read-pace.ts";
import { inTransaction } from "../session-pool.ts";
import { type CopyCharset, type CopyRow, CopyRowReader } from "./copy-rows.ts";

/** What the server said when the session began. */
export interface ServerFacts {
  readonly version: string;
  readonly versionNumber: number;
  readonly encoding: string;
  readonly user: string;
  readonly isSuperuser: boolean;
}

/**
 * Everything that changes how a value is written or sorted, set in each transaction: values and hashes must not
 * depend on a role's settings, and a pooler between us and the server may forget those of a session. Asia/Shanghai
 * because a registry means that wall clock by a timestamp with zone; `extra_float_digits` 3 is exact in all versions.
 */
const transactionSettings = [
  "SET LOCAL datestyle = 'ISO, YMD'",
  "SET LOCAL timezone = 'Asia/Shanghai'",
  "SET LOCAL intervalstyle = 'iso_8601'",
  "SET LOCAL extra_float_digits = 3",
  "SET LOCAL bytea_output = 'hex'",
  "SET LOCAL lc_monetary = 'C'",
  "SET LOCAL standard_conforming_strings = on",
].join("; ");

/** Every column as the server's own text: no type parser of the driver, so no JavaScript date or number. */
const textTypes = { getTypeParser: () => (value: string | Buffer) => value.toString() };

export interface CopyRequest {
  readonly statement: string;
  readonly fieldCount: number;
  readonly charset: CopyCharset;
  /** The longest wait for the next bytes. */
  readonly stallMs: number;
}

/** One connection to the registry, used by one reader at a time. */
export class Session {
  readonly facts: ServerFacts;
  readonly pace: ReadPace;
  readonly #client: pg.Client;
  readonly #socket: Socket;
  /** The longest wait for an answer. The server's own limit is no help where the answer never comes. */
  readonly #answerMs: number;
  #isUsable = true;

  private constructor(
    client: pg.Client,
    socket: Socket,
    answerMs: number,
    facts: ServerFacts,
    pace: ReadPace,
  ) {
    this.#client = client;
    this.#socket = socket;
    this.#answerMs = answerMs;
    this.facts = facts;
    this.pace = pace;
    client.on("error", () => {
      this.#isUsable = false;
    });
  }

  static async open(
    config: pg.ClientConfig,
    pace: ReadPace,
    signal: AbortSignal,
    answerMs: number,
  ): Promise<Session> {
    // The socket is ours, so that it can be broken at once, also below TLS.
    const socket = new Socket();
    const client = new pg.Client({ ...config, types: textTypes, stream: () => socket });
    // Before the session exists an error on the client has no other listener, and would end the process.
    client.on("error", () => undefined);
    const stop = () => socket.destroy();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await client.connect();
      return new Session(client, socket, answerMs, await serverFacts(client, answerMs), pace);
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
   * Runs `work` in one read-only transaction. An abort cancels what the server does and breaks the connection, and
   * so does any error: a connection in doubt is never used again.
   */
  transaction<T>(
    statementTimeoutMs: number,
    signal: AbortSignal,
    work: () => AsyncGenerator<T>,
  ): AsyncGenerator<T> {
    const limit = `SET LOCAL statement_timeout = ${Math.trunc(statementTimeoutMs)}`;
    const steps = {
      begin: async () => await this.#say(`BEGIN READ ONLY; ${transactionSettings}; ${limit}`),
      commit: async () => await this.#say("COMMIT"),
      destroy: () => this.destroy(),
    };
    return inTransaction(steps, signal, work);
  }

  /** Rows of a statement with parameters, each column as text. */
  async rows(text: string, values: readonly unknown[] = []): Promise<(string | null)[][]> {
    const result = await this.#client.query<(string | null)[]>(this.#prepared(text, values));
    return result.rows;
  }

  /** Types of a statement's columns. */
  async fields(text: string): Promise<readonly { name: string; typeId: number; typeModifier: number }[]> {
    const result = await this.#client.query<(string | null)[]>(this.#prepared(text, []));
    return result.fields.map((field) => ({
      name: field.name,
      typeId: field.dataTypeID,
      typeModifier: field.dataTypeModifier,
    }));
  }

  /** Rows of `COPY … TO STDOUT`, as they come; the socket waits while the consumer does. */
  async *copy(request: CopyRequest): AsyncGenerator<CopyRow[]> {
    const reader = new CopyRowReader(request.fieldCount, request.charset);
    // A slow consumer is no fault of the server's: the statement has no time limit, each wait for bytes has.
    await this.#say("SET LOCAL statement_timeout = 0");
    const stream = this.#client.query(copyTo(request.statement));
    // The connection can break while nobody reads the stream; its next read then says so.
    stream.on("error", () => undefined);
    const chunks = stream[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.#nextInTime(chunks, request.stallMs);
      if (next.done === true) break;
      if (!Buffer.isBuffer(next.value))
        throw new DuijieError("INVARIANT_BROKEN", { invariant: "copy-bytes" });
      yield reader.push(next.value);
    }
    await this.#say("SELECT 1");
    if (stream.rowCount !== reader.rowCount) {
      throw new DuijieError("INVARIANT_BROKEN", {
        invariant: "copy-rows",
        sent: stream.rowCount,
        read: reader.rowCount,
      });
    }
  }

  /** Not for COPY: there it would limit the whole of it, and a slow consumer with it. */
  async #say(text: string): Promise<void> {
    await this.#client.query(inTime(text, this.#answerMs));
  }

  /** The extended protocol also without parameters: it takes one statement only, so a configured query can't smuggle in a second. */
  #prepared(text: string, values: readonly unknown[]) {
    const extended = { rowMode: "array" as const, queryMode: "extended" as const };
    return { ...inTime(text, this.#answerMs), ...extended, values: [...values] };
  }

  async #nextInTime(chunks: AsyncIterator<unknown>, stallMs: number): Promise<IteratorResult<unknown>> {
    const timer = setTimeout(() => this.destroy(), stallMs);
    try {
      return await chunks.next();
    } finally {
      clearTimeout(timer);
    }
  }

  async end(): Promise<void> {
    this.#isUsable = false;
    await this.#client.end();
  }

  /** Breaks the connection now. A statement that still runs is cancelled, for the server notices a lost client late. */
  destroy(): void {
    if (!this.#isUsable) return;
    this.#isUsable = false;
    cancelRequest(this.#client);
    this.#socket.destroy();
  }
}

/** pg's own limit of a query; its types leave it out. */
function inTime(text: string, answerMs: number) {
  return { text, query_timeout: answerMs };
}

async function serverFacts(client: pg.Client, answerMs: number): Promise<ServerFacts> {
  const text = `SELECT current_setting('server_version'), current_setting('server_version_num'),
                  current_setting('server_encoding'), current_user, current_setting('is_superuser')`;
  const question = { ...inTime(text, answerMs), rowMode: "array" as const };
  const result = await client.query<(string | null)[]>(question);
  const [version, versionNumber, encoding, user, isSuperuser] = result.rows[0] ?? [];
  return {
    version: version ?? "",
    versionNumber: Number(versionNumber),
    encoding: encoding ?? "",
    user: user ?? "",
    isSuperuser: isSuperuser === "on",
  };
}

const cancelCode = 80_877_102;

/** The protocol's CancelRequest, on a connection of its own. Best effort: the lost socket ends the statement later anyway. */
function cancelRequest(client: pg.Client): void {
  if (!("processID" in client && "secretKey" in client)) return;
  if (typeof client.processID !== "number" || typeof client.secretKey !== "number") return;
  const packet = Buffer.alloc(16);
  packet.writeInt32BE(16, 0);
  packet.writeInt32BE(cancelCode, 4);
  packet.writeInt32BE(client.processID, 8);
  packet.writeInt32BE(client.secretKey, 12);
  const socket = new Socket();
  socket.on("error", () => socket.destroy());
  socket.setTimeout(5_000, () => socket.destroy());
  if (client.host.startsWith("/")) socket.connect(`${client.host}/.s.PGSQL.${client.port}`);
  else socket.connect(client.port, client.host);
  socket.end(packet);
  socket.unref();
}
