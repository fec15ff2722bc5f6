import pg from "pg";
import type { ByteRange } from "../../contracts/byte-range.ts";
import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";
import {
  type CheckFinding,
  type Connector,
  type ConnectorCapabilities,
  type KeyRange,
  keyText,
  type RangeHash,
  type ReadLimits,
  type SourceEntity,
  type SourceRow,
} from "../connector.ts";
import { systemClock } from "../read-pace.ts";
import { onlyOne, SessionPool } from "../session-pool.ts";
import { type Ask, checkServer, checkSource } from "./check.ts";
import type { CopyRow } from "./copy-rows.ts";
import type { PostgresDependencies, PostgresOptions } from "./options.ts";
import { serverCharset } from "./server-charset.ts";
import { Session } from "./session.ts";
import { columnStates } from "./source-columns.ts";
import { sourceError } from "./source-error.ts";
import { confirmShape, describeSource, type SourceShape, usedColumns } from "./source-shape.ts";
import {
  boundariesStatement,
  countiesStatement,
  countStatement,
  hashStatement,
  probeStatement,
  readStatement,
  type StatementContext,
} from "./statements.ts";

/** A registry on PostgreSQL. Needs SELECT on what it reads and nothing else; every transaction is read only. */
export class PostgresConnector implements Connector {
  readonly engine = "postgres";
  readonly capabilities: ConnectorCapabilities = {
    snapshot: true,
    hashRange: true,
    emptyText: true,
    queries: true,
    readOnly: true,
    changes: false,
  };
  readonly #options: PostgresOptions;
  readonly #server: string;
  readonly #pool: SessionPool<Session>;
  readonly #shapes = new Map<string, SourceShape>();

  constructor(options: PostgresOptions, dependencies: PostgresDependencies = {}) {
    const config = clientConfig(options, dependencies.applicationName ?? "duijie");
    this.#options = options;
    this.#server = serverName(config);
    const answerMs = options.statementTimeoutMs + answerGraceMs;
    this.#pool = new SessionPool(
      (pace, signal) => Session.open(config, pace, signal, answerMs),
      options.concurrentReads,
      dependencies.clock ?? systemClock,
    );
  }

  async check(sources: readonly SourceEntity[], signal: AbortSignal): Promise<readonly CheckFinding[]> {
    const { charset, statementTimeoutMs: stallMs } = this.#options;
    const ask: Ask = (question) => this.#ask(signal, question);
    const copyBytes = (session: Session) => (statement: string, fieldCount: number) =>
      allFields(session.copy({ statement, fieldCount, charset: "bytes", stallMs }));
    const findings = [...(await checkServer(ask, charset))];
    if (findings.some(({ subject, ok }) => subject === "server" && !ok)) return findings;
    for (const source of sources) findings.push(...(await checkSource(ask, copyBytes, source, charset)));
    return findings;
  }

  async count(source: SourceEntity, signal: AbortSignal): Promise<number> {
    const rows = await this.#rows(source, signal, countStatement);
    return Number(rows[0]?.[0]);
  }

  async counties(
    source: SourceEntity,
    signal: AbortSignal,
  ): Promise<readonly { county: string | null; rows: number }[]> {
    const { countyColumn } = source;
    if (countyColumn === undefined) return [];
    const counties: { county: string | null; rows: number }[] = [];
    const statement = (context: StatementContext) => countiesStatement(context, countyColumn);
    for await (const { fields } of this.#copiedRows(source, signal, 2, statement)) {
      counties.push({ county: fields[0] ?? null, rows: Number(fields[1]) });
    }
    return counties;
  }

  async planRanges(
    source: SourceEntity,
    rowsPerRange: number,
    signal: AbortSignal,
  ): Promise<readonly KeyRange[]> {
    const statement = (context: StatementContext) => boundariesStatement(context, rowsPerRange);
    const rows = await this.#rows(source, signal, statement);
    return rangesBetween(rows.map((row) => row.map((bound) => bound ?? "")));
  }

  async *readRange(
    source: SourceEntity,
    range: KeyRange,
    limits: ReadLimits,
    signal: AbortSignal,
  ): AsyncGenerator<readonly SourceRow[]> {
    const toRow = rowMaker(source);
    const fieldCount = usedColumns(source).length + 1;
    yield* this.#inTransaction(source, signal, async function* (session, context, copy) {
      // A page is what came at once, not more: rows that are worked on at once die young.
      for await (const rows of copy(fieldCount, readStatement(context, range))) {
        for (let from = 0; from < rows.length; from += limits.pageRows) {
          const page = rows.slice(from, from + limits.pageRows).map(toRow);
          await session.pace.take(page.length, limits.rowsPerSecond, signal);
          yield page;
        }
      }
    });
  }

  async hashRange(source: SourceEntity, range: KeyRange, signal: AbortSignal): Promise<RangeHash> {
    const rows = await this.#rows(source, signal, (context) => hashStatement(context, range));
    return { rows: Number(rows[0]?.[0]), sum: rows[0]?.[1] ?? "0" };
  }

  async probe(source: SourceEntity, range: KeyRange, signal: AbortSignal): Promise<void> {
    await this.#rows(source, signal, (context) => probeStatement(context, range));
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** All rows of one statement that returns few. */
  async #rows(
    source: SourceEntity,
    signal: AbortSignal,
    statement: (context: StatementContext) => string,
  ): Promise<(string | null)[][]> {
    const all: (string | null)[][] = [];
    const read = this.#inTransaction(source, signal, async function* (session, context) {
      yield* await session.rows(statement(context));
    });
    for await (const row of read) all.push(row);
    return all;
  }

  #copiedRows(
    source: SourceEntity,
    signal: AbortSignal,
    fieldCount: number,
    statement: (context: StatementContext) => string,
  ): AsyncGenerator<CopyRow> {
    return this.#inTransaction(source, signal, async function* (_, context, copy) {
      for await (const rows of copy(fieldCount, statement(context))) yield* rows;
    });
  }

  /** One question in a transaction of its own. */
  async #ask<T>(signal: AbortSignal, question: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await onlyOne(
        this.#pool.use(signal, (session) =>
          session.transaction(this.#options.statementTimeoutMs, signal, async function* () {
            yield await question(session);
          }),
        ),
      );
    } catch (error) {
      signal.throwIfAborted();
      throw sourceError(error, { server: this.#server });
    }
  }

  /** One read-only transaction over one source whose shape is known and confirmed. Driver's errors become ours here. */
  async *#inTransaction<T>(
    source: SourceEntity,
    signal: AbortSignal,
    work: (session: Session, context: StatementContext, copy: CopyFunction) => AsyncGenerator<T>,
  ): AsyncGenerator<T> {
    const { statementTimeoutMs, charset: declared } = this.#options;
    const shapeOf = (session: Session) => this.#confirmedShape(session, source);
    try {
      yield* this.#pool.use(signal, (session) =>
        session.transaction(statementTimeoutMs, signal, async function* () {
          const charset = serverCharset(session.facts.encoding, declared);
          const shape = await shapeOf(session);
          const context = { source, shape, charset, versionNumber: session.facts.versionNumber };
          const copy: CopyFunction = (fieldCount, statement) =>
            session.copy({ statement, fieldCount, charset: charset.charset, stallMs: statementTimeoutMs });
          yield* work(session, context, copy);
        }),
      );
    } catch (error) {
      signal.throwIfAborted();
      throw await this.#located(sourceError(error, this.#place(source)), source, signal);
    }
  }

  async #confirmedShape(session: Session, source: SourceEntity): Promise<SourceShape> {
    const name = JSON.stringify([source.from, usedColumns(source)]);
    const known = this.#shapes.get(name);
    if (known !== undefined) {
      await confirmShape(session, source, known);
      return known;
    }
    const shape = await describeSource(session, source);
    this.#shapes.set(name, shape);
    return shape;
  }

  /** PostgreSQL names a missing or refused column in its message alone, so the catalogue is asked which one it is. */
  async #located(error: DuijieError, source: SourceEntity, signal: AbortSignal): Promise<DuijieError> {
    if (error.params.sqlState !== "42703" && error.params.sqlState !== "42501") return error;
    try {
      const states = await this.#ask(signal, (session) => columnStates(session, source));
      const bad = states.find(({ exists, isReadable }) => !exists || !isReadable);
      return bad === undefined ? error : new DuijieError(error.code, { ...error.params, column: bad.column });
    } catch {
      return error;
    }
  }

  #place(source: SourceEntity): ErrorParams {
    const table = "relation" in source.from ? { table: source.from.relation } : {};
    return { server: this.#server, entity: source.entity, ...table };
  }
}

type CopyFunction = (fieldCount: number, statement: string) => AsyncGenerator<CopyRow[]>;

export function createPostgresConnector(
  options: PostgresOptions,
  dependencies: PostgresDependencies = {},
): Connector {
  return new PostgresConnector(options, dependencies);
}

async function allFields(chunks: AsyncIterable<CopyRow[]>): Promise<(string | null)[]> {
  const all: (string | null)[] = [];
  for await (const rows of chunks) for (const { fields } of rows) all.push(...fields);
  return all;
}

/** First and last open, each boundary closing one and opening the next; rows with a NULL in the key last. */
function rangesBetween(boundaries: readonly (readonly string[])[]): readonly KeyRange[] {
  const lowers = [null, ...boundaries];
  const ranges = lowers.map((lower, index) => ({ lower, upper: boundaries[index] ?? null, nullKeys: false }));
  return [...ranges, { lower: null, upper: null, nullKeys: true }];
}

/** Fields of the read statement → row. The configured columns come first, so that their fields need no copying about. */
function rowMaker(source: SourceEntity): (row: CopyRow) => SourceRow {
  const columns = usedColumns(source);
  const keyAt = source.key.map((name) => columns.indexOf(name));
  const countyAt = source.countyColumn === undefined ? -1 : columns.indexOf(source.countyColumn);
  const valueAt = source.columns.map(({ column }) => columns.indexOf(column));
  const isInPlace = valueAt.every((at, index) => at === index);
  const hashAt = columns.length;
  const trailing = columns.length + 1 - valueAt.length;
  return ({ fields, line, unreadable }) => {
    const key = keyText(fields, keyAt);
    const hash = fields[hashAt] ?? "";
    const county = countyAt === -1 ? null : (fields[countyAt] ?? null);
    if (isInPlace && line !== undefined) {
      fields.length = valueAt.length;
      return { key, hash, county, values: fields, line: withoutFields(line, trailing) };
    }
    const row = { key, hash, county, values: valueAt.map((at) => fields[at] ?? null) };
    if (unreadable === undefined) return row;
    return { ...row, unreadable: { column: columns[unreadable.index] ?? "", hex: unreadable.hex } };
  };
}

const tab = 9;

/** The line without its last fields: those that are no values. A tab is never part of a field. */
function withoutFields({ bytes, start, end }: ByteRange, count: number): ByteRange {
  let at = end;
  for (let left = count; left > 0; left -= 1) at = bytes.lastIndexOf(tab, at - 1);
  return { bytes, start, end: at };
}

/** Longer than the server's own limit by this: where both see the fault, the server's word comes first. */
const answerGraceMs = 5000;

function clientConfig(options: PostgresOptions, applicationName: string): pg.ClientConfig {
  const { url, host, port, database, user, password, tls } = options;
  const address =
    url === undefined
      ? {
          host: host ?? "",
          port: port ?? 5432,
          database: database ?? "",
          user: user ?? "",
          password: password ?? "",
        }
      : { connectionString: url };
  return {
    ...address,
    ssl:
      tls === true
        ? { rejectUnauthorized: true }
        : tls === false
          ? false
          : { ...tls, rejectUnauthorized: true },
    application_name: applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs,
    keepAlive: true,
  };
}

/** host:port for messages; nothing else of a URL may show. */
function serverName(config: pg.ClientConfig): string {
  try {
    const { host, port } = new pg.Client(config);
    return `${host}:${port}`;
  } catch {
    throw new DuijieError("CONFIG_INVALID", { setting: "registry.url" });
  }
}
