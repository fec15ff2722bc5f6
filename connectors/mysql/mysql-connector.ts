import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";
import type {
  CheckFinding,
  Connector,
  ConnectorCapabilities,
  KeyRange,
  RangeHash,
  ReadLimits,
  SourceEntity,
  SourceRow,
} from "../connector.ts";
import { systemClock } from "../read-pace.ts";
import { onlyOne, SessionPool } from "../session-pool.ts";
import { usedColumns } from "../used-columns.ts";
import { type Ask, checkServer, checkSource } from "./check.ts";
import { columnText } from "./column-text.ts";
import { addressOf, type MysqlAddress, type MysqlDependencies, type MysqlOptions } from "./options.ts";
import { planRanges } from "./plan-ranges.ts";
import { rowMaker } from "./row-maker.ts";
import { type RawRow, Session } from "./session.ts";
import { columnStates, isTableThere } from "./source-columns.ts";
import { errno, sourceError } from "./source-error.ts";
import { confirmShape, describeSource, type SourceShape } from "./source-shape.ts";
import {
  countiesStatement,
  countStatement,
  hashStatement,
  probeStatement,
  readStatement,
  type StatementContext,
} from "./statements.ts";

/** A registry on MySQL or MariaDB. Needs SELECT on what it reads and nothing else; every transaction is read only. */
export class MysqlConnector implements Connector {
  readonly engine = "mysql";
  readonly capabilities: ConnectorCapabilities = {
    snapshot: true,
    hashRange: true,
    emptyText: true,
    queries: true,
    readOnly: true,
    changes: false,
  };
  readonly #options: MysqlOptions;
  readonly #server: string;
  readonly #pool: SessionPool<Session>;
  readonly #shapes = new Map<string, SourceShape>();

  constructor(options: MysqlOptions, dependencies: MysqlDependencies = {}) {
    const address = addressOf(options);
    this.#options = options;
    this.#server = `${address.host}:${address.port}`;
    this.#pool = poolOf(address, options, dependencies);
  }

  async check(sources: readonly SourceEntity[], signal: AbortSignal): Promise<readonly CheckFinding[]> {
    const findings = [...(await checkServer((question) => this.#ask(signal, question)))];
    if (findings.some(({ subject, ok }) => subject === "server" && !ok)) return findings;
    for (const source of sources) {
      const ask: Ask = (question) => this.#ask(signal, question, source);
      findings.push(...(await checkSource(ask, source, this.#options.charset)));
    }
    return findings;
  }

  async count(source: SourceEntity, signal: AbortSignal): Promise<number> {
    const rows = await this.#rows(source, signal, countStatement);
    return Number(textOf(rows[0]?.[0]));
  }

  async counties(
    source: SourceEntity,
    signal: AbortSignal,
  ): Promise<readonly { county: string | null; rows: number }[]> {
    const { countyColumn } = source;
    if (countyColumn === undefined) return [];
    const counted = await this.#within(source, signal, async (session, context) => {
      const column = context.shape.columns.get(countyColumn);
      if (column === undefined) throw new DuijieError("SOURCE_CHANGED", { column: countyColumn });
      const text = columnText(column, context.declared);
      const rows = await session.rows(countiesStatement(context, countyColumn));
      return rows.map(([county, count]) => ({
        county: county === null || county === undefined ? null : text(county),
        rows: Number(textOf(count)),
      }));
    });
    return counted;
  }

  planRanges(source: SourceEntity, rowsPerRange: number, signal: AbortSignal): Promise<readonly KeyRange[]> {
    const stallMs = this.#options.statementTimeoutMs;
    return this.#within(source, signal, (session, context) =>
      planRanges(session, context, rowsPerRange, stallMs),
    );
  }

  async *readRange(
    source: SourceEntity,
    range: KeyRange,
    limits: ReadLimits,
    signal: AbortSignal,
  ): AsyncGenerator<readonly SourceRow[]> {
    const stallMs = this.#options.statementTimeoutMs;
    yield* this.#inTransaction(source, signal, async function* (session, context) {
      const toRow = rowMaker(context);
      for await (const rows of session.stream(readStatement(context, range), limits.pageRows, stallMs)) {
        const page = rows.map(toRow);
        await session.pace.take(page.length, limits.rowsPerSecond, signal);
        yield page;
      }
    });
  }

  async hashRange(source: SourceEntity, range: KeyRange, signal: AbortSignal): Promise<RangeHash> {
    const rows = await this.#rows(source, signal, (context) => hashStatement(context, range));
    return { rows: Number(textOf(rows[0]?.[0])), sum: textOf(rows[0]?.[1]) };
  }

  async probe(source: SourceEntity, range: KeyRange, signal: AbortSignal): Promise<void> {
    await this.#rows(source, signal, (context) => probeStatement(context, range));
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  #rows(
    source: SourceEntity,
    signal: AbortSignal,
    statement: (context: StatementContext) => string,
  ): Promise<RawRow[]> {
    return this.#within(source, signal, (session, context) => session.rows(statement(context)));
  }

  /** One answer from a transaction over one source. */
  async #within<T>(
    source: SourceEntity,
    signal: AbortSignal,
    work: (session: Session, context: StatementContext) => Promise<T>,
  ): Promise<T> {
    return await onlyOne(
      this.#inTransaction(source, signal, async function* (session, context) {
        yield await work(session, context);
      }),
    );
  }

  /** One question in a transaction of its own. */
  async #ask<T>(
    signal: AbortSignal,
    question: (session: Session) => Promise<T>,
    source?: SourceEntity,
  ): Promise<T> {
    const { statementTimeoutMs } = this.#options;
    try {
      return await onlyOne(
        this.#pool.use(signal, (session) =>
          session.transaction(statementTimeoutMs, signal, async function* () {
            yield await question(session);
          }),
        ),
      );
    } catch (error) {
      signal.throwIfAborted();
      const place = source === undefined ? { server: this.#server } : this.#place(source);
      const ours = sourceError(error, place);
      throw source === undefined ? ours : await this.#tableOrRight(ours, source, signal);
    }
  }

  /** One read-only transaction over one source whose shape is known and confirmed. Driver's errors become ours here. */
  async *#inTransaction<T>(
    source: SourceEntity,
    signal: AbortSignal,
    work: (session: Session, context: StatementContext) => AsyncGenerator<T>,
  ): AsyncGenerator<T> {
    const { statementTimeoutMs, charset: declared } = this.#options;
    const shapeOf = (session: Session) => this.#confirmedShape(session, source);
    try {
      yield* this.#pool.use(signal, (session) =>
        session.transaction(statementTimeoutMs, signal, async function* () {
          yield* work(session, { source, shape: await shapeOf(session), declared });
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

  /** The server names a missing or refused column in its message alone, so it is asked which one it is. */
  async #located(error: DuijieError, source: SourceEntity, signal: AbortSignal): Promise<DuijieError> {
    if (error.params["errno"] === errno.denied) return await this.#tableOrRight(error, source, signal);
    if (error.params["errno"] !== errno.noColumn && error.params["errno"] !== errno.columnDenied)
      return error;
    try {
      const states = await this.#ask(signal, (session) => columnStates(session, source));
      const bad = states.find(({ exists, isReadable }) => !exists || !isReadable);
      if (bad === undefined) return error;
      const code = bad.exists ? "SOURCE_REFUSED" : "SOURCE_CHANGED";
      return new DuijieError(code, { ...error.params, column: bad.column });
    } catch {
      return error;
    }
  }

  /** A table that is not there is refused like one that may not be read; where the role can know, it is told apart. */
  async #tableOrRight(error: DuijieError, source: SourceEntity, signal: AbortSignal): Promise<DuijieError> {
    if (error.params["errno"] !== errno.denied) return error;
    try {
      const isThere = await this.#ask(signal, (session) => isTableThere(session, source));
      return isThere === false ? new DuijieError("SOURCE_CHANGED", error.params) : error;
    } catch {
      return error;
    }
  }

  #place(source: SourceEntity): ErrorParams {
    const table = "relation" in source.from ? { table: source.from.relation } : {};
    return { server: this.#server, entity: source.entity, ...table };
  }
}

export function createMysqlConnector(options: MysqlOptions, dependencies: MysqlDependencies = {}): Connector {
  return new MysqlConnector(options, dependencies);
}

/** Longer than the server's own limit by this: where both see the fault, the server's word comes first. */
const answerGraceMs = 5000;

function poolOf(
  address: MysqlAddress,
  options: MysqlOptions,
  { clock = systemClock }: MysqlDependencies,
): SessionPool<Session> {
  const answerMs = options.statementTimeoutMs + answerGraceMs;
  return new SessionPool(
    (pace, signal) => Session.open(address, options, pace, signal, answerMs),
    options.concurrentReads,
    clock,
  );
}

function textOf(bytes: Buffer | null | undefined): string {
  return bytes?.toString("latin1") ?? "0";
}
