import mysql from "mysql2/promise";
import { DuijieError } from "../../contracts/errors.ts";
import type {
  Cell,
  ConformanceHarness,
  ConnectOptions,
  Feature,
  Lack,
  LogicalType,
  TableColumn,
} from "../conformance/harness.ts";
import { scratchRefused } from "../conformance/scratch-refused.ts";
import type { Connector } from "../connector.ts";
import { createMysqlConnector } from "./mysql-connector.ts";
import { quoted } from "./names.ts";
import { addressOf, type MysqlOptions } from "./options.ts";
import { scratchLacks } from "./scratch-lacks.ts";
import { cellLiteral, collationOf, indexedColumn, typeOf } from "./scratch-types.ts";
import { codeOfErrno, isServerError, sourceError } from "./source-error.ts";

export interface MysqlScratchPlace {
  /** Whoever may create the schema, and give rights in it to the reading account. */
  readonly ownerUrl: string;
  /** How the registry is read: these options are what is proven. */
  readonly reader: MysqlOptions;
  /** A database, as MySQL calls it. Must not exist. */
  readonly schema: string;
  /** A hand that only the master of a whole server has. */
  readonly expirePassword?: (isExpired: boolean) => Promise<void>;
}

/** The charset of a scratch schema's text; latin1 is where a lying client's GB18030 stands. */
type TextCharset = "utf8mb4" | "latin1";

/**
 * A schema of its own on a MySQL or MariaDB, for the conformance suite. It takes no name that is in use, drops one by
 * one what it created, and ends no session but those of its own connectors.
 */
export class MysqlScratch implements ConformanceHarness {
  readonly server: string;
  readonly schema: string;
  /** `'user'@'host'`, as the server knows the reading account. */
  readonly account: string;
  readonly #place: MysqlScratchPlace;
  readonly #owner: mysql.Connection;
  readonly #charset: TextCharset;
  readonly #lacks: ReadonlyMap<Feature, Lack>;
  readonly #tables = new Map<string, ReadonlyMap<string, TableColumn>>();
  readonly #views: string[] = [];
  readonly #connectors: Connector[] = [];
  #gb: MysqlScratch | undefined;

  private constructor(
    place: MysqlScratchPlace,
    owner: mysql.Connection,
    facts: ReaderFacts,
    lacks: ReadonlyMap<Feature, Lack>,
    charset: TextCharset,
  ) {
    this.#place = place;
    this.#owner = owner;
    this.#charset = charset;
    this.#lacks = lacks;
    this.schema = place.schema;
    this.account = facts.account;
    this.server = facts.server;
  }

  static async open(place: MysqlScratchPlace): Promise<MysqlScratch> {
    const facts = await readerFacts(place.reader);
    const owner = await openOwner(place);
    try {
      await createSchema(owner, place.schema, facts.account);
      const lacks = await scratchLacks(owner, place, facts);
      return new MysqlScratch(place, owner, facts, lacks, "utf8mb4");
    } catch (error) {
      owner.destroy();
      throw sourceError(error, { schema: place.schema });
    }
  }

  /** For what the suite does not ask of every engine. */
  async sql(text: string): Promise<readonly Record<string, unknown>[]> {
    const [rows] = await this.#owner.query<mysql.RowDataPacket[]>(text);
    return Array.isArray(rows) ? rows : [];
  }

  lackOf(feature: Feature): Lack | null {
    return this.#lacks.get(feature) ?? null;
  }

  async createTable(
    name: string,
    columns: readonly TableColumn[],
    index?: readonly string[],
  ): Promise<string> {
    const relation = `${this.schema}.${name}`;
    const byName = new Map(columns.map((column) => [column.name, column]));
    const definitions = columns.map(
      (column) => `${quoted(column.name)} ${typeOf(column)} ${collationOf(column)}`,
    );
    if (index !== undefined) {
      const keys = index.map((key) => indexedColumn(byName.get(key), key));
      definitions.push(`INDEX (${keys.join(", ")})`);
    }
    await this.sql(`CREATE TABLE ${relation} (${definitions.join(", ")}) CHARACTER SET ${this.#charset}`);
    this.#tables.set(relation, byName);
    await this.grant(relation);
    return relation;
  }

  async grant(relation: string, columns = ""): Promise<void> {
    await this.sql(`GRANT SELECT ${columns} ON ${relation} TO ${this.account}`);
  }

  async createView(name: string, relation: string): Promise<string> {
    const view = `${this.schema}.${name}`;
    await this.sql(`CREATE VIEW ${view} AS SELECT * FROM ${relation}`);
    this.#views.push(view);
    await this.grant(view);
    return view;
  }

  /** By doubling: no function that makes rows is in all of MySQL 5.7, 8 and MariaDB. */
  async createFilled(name: string, rows: number): Promise<string> {
    const columns = [
      { name: "id", type: "integer" },
      { name: "filler", type: "varchar", size: 100 },
    ] as const;
    const relation = await this.createTable(name, columns, ["id"]);
    await this.sql(`INSERT INTO ${relation} VALUES (0, REPEAT('x', 100))`);
    for (let filled = 1; filled < rows; filled *= 2) {
      const more = Math.min(filled, rows - filled);
      await this.sql(
        `INSERT INTO ${relation} SELECT id + ${filled}, filler FROM ${relation} WHERE id < ${more}`,
      );
    }
    return relation;
  }

  selectAll(relation: string): string {
    return `SELECT * FROM ${relation}`;
  }

  async insert(
    relation: string,
    columns: readonly string[],
    rows: readonly (readonly Cell[])[],
  ): Promise<void> {
    if (rows.length === 0) return;
    const known = this.#tables.get(relation);
    const cell = (value: Cell, at: number) => cellLiteral(value, known?.get(columns[at] ?? ""));
    const values = rows.map((row) => `(${row.map(cell).join(", ")})`).join(", ");
    await this.sql(`INSERT INTO ${relation} (${columns.join(", ")}) VALUES ${values}`);
  }

  async update(relation: string, id: string, column: string, value: Cell): Promise<void> {
    const literal = cellLiteral(value, this.#tables.get(relation)?.get(column));
    await this.sql(`UPDATE ${relation} SET ${column} = ${literal} WHERE id = ${id}`);
  }

  async dropColumn(relation: string, column: string): Promise<void> {
    await this.sql(`ALTER TABLE ${relation} DROP COLUMN ${column}`);
  }

  async changeType(relation: string, column: string, type: LogicalType): Promise<void> {
    // The column may have an index, which text without a limit can't.
    const wanted =
      type === "text" ? typeOf({ name: column, type: "varchar", size: 255 }) : typeOf({ name: column, type });
    await this.sql(`ALTER TABLE ${relation} MODIFY COLUMN ${column} ${wanted}`);
  }

  async dropTable(relation: string): Promise<void> {
    await this.sql(`DROP TABLE ${relation}`);
    this.#tables.delete(relation);
  }

  async refuse(relation: string, column?: string): Promise<void> {
    await this.sql(`REVOKE SELECT ON ${relation} FROM ${this.account}`);
    if (column === undefined) return;
    const others = [...(this.#tables.get(relation)?.keys() ?? [])].filter((name) => name !== column);
    await this.grant(relation, `(${others.join(", ")})`);
  }

  connect(options: ConnectOptions = {}): Connector {
    const { clock, concurrentReads = 2 } = options;
    const { reader } = this.#place;
    const { url: _url, ...parts } = reader;
    const ours = this.#charset === "latin1" ? "gb18030" : reader.charset;
    const connector = createMysqlConnector(
      {
        ...parts,
        ...addressOf(reader),
        ...(options.host === undefined ? {} : { host: options.host }),
        ...(options.port === undefined ? {} : { port: options.port }),
        ...(options.password === undefined ? {} : { password: options.password }),
        database: this.schema,
        charset: options.charset ?? ours,
        statementTimeoutMs: 20_000,
        connectTimeoutMs: 5_000,
        tls: options.tls ?? reader.tls,
        concurrentReads,
      },
      clock === undefined ? {} : { clock },
    );
    this.#connectors.push(connector);
    return connector;
  }

  async sessions(): Promise<number> {
    return (await this.#sessionIds()).length;
  }

  /** Only sessions that our own connectors opened: those in this schema. */
  async #sessionIds(): Promise<readonly number[]> {
    const rows = await this.sql(
      `SELECT ID AS id FROM information_schema.PROCESSLIST
        WHERE DB = '${this.schema}' AND ID <> CONNECTION_ID()`,
    );
    return rows.map((row) => Number(row["id"]));
  }

  async killSessions(): Promise<void> {
    const deadline = performance.now() + 10_000;
    do {
      for (const id of await this.#sessionIds()) await this.#kill(`CONNECTION ${id}`);
    } while ((await this.sessions()) > 0 && performance.now() < deadline);
  }

  async cancelStatements(): Promise<void> {
    for (const id of await this.#sessionIds()) await this.#kill(`QUERY ${id}`);
  }

  /** A session that has ended by itself meanwhile is as good as killed. */
  async #kill(what: string): Promise<void> {
    try {
      await this.sql(`KILL ${what}`);
    } catch (error) {
      if (!isServerError(error) || error.errno !== noSuchThread) throw error;
    }
  }

  address(): { readonly host: string; readonly port: number } {
    return addressOf(this.#place.reader);
  }

  async expirePassword(isExpired: boolean): Promise<void> {
    const { expirePassword } = this.#place;
    if (expirePassword === undefined)
      throw new DuijieError("INVARIANT_BROKEN", { invariant: "no-server-hands" });
    await expirePassword(isExpired);
  }

  /** In the same schema: a charset belongs to a table. */
  async gbDatabase(): Promise<ConformanceHarness> {
    const facts = { account: this.account, server: this.server };
    this.#gb ??= new MysqlScratch(this.#place, this.#owner, facts, this.#lacks, "latin1");
    return await Promise.resolve(this.#gb);
  }

  async closeConnectors(): Promise<void> {
    for (const connector of this.#connectors.splice(0)) await connector.close();
    await this.#gb?.closeConnectors();
  }

  async close(): Promise<void> {
    await this.closeConnectors();
    try {
      await this.#gb?.dropRelations();
      await this.dropRelations();
      await this.sql(`REVOKE SHOW VIEW ON ${this.schema}.* FROM ${this.account}`);
      const [left] = await this.sql(
        `SELECT COUNT(*) AS tables FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${this.schema}'`,
      );
      // What somebody else put there stays.
      if (Number(left?.["tables"]) > 0)
        throw new DuijieError("SOURCE_CHANGED", { table: `${this.schema}.*` });
      await this.sql(`DROP DATABASE ${this.schema}`);
    } catch (error) {
      throw sourceError(error, { schema: this.schema });
    } finally {
      this.#owner.destroy();
    }
  }

  /** Rights outlive their table here, and would be those of the next table of its name. */
  async dropRelations(): Promise<void> {
    for (const view of this.#views) await this.sql(`DROP VIEW ${view}`);
    for (const table of this.#tables.keys()) await this.sql(`DROP TABLE ${table}`);
  }
}

const noSuchThread = 1094;

interface ReaderFacts {
  readonly account: string;
  readonly server: string;
}

/** The reading account, as the server knows it when our connector comes in. */
async function readerFacts(reader: MysqlOptions): Promise<ReaderFacts> {
  const connector = createMysqlConnector({ ...reader, concurrentReads: 1 });
  try {
    const findings = await connector.check([], AbortSignal.timeout(60_000));
    const fault = findings.find(({ ok, subject }) => !ok && subject === "server");
    if (fault !== undefined) throw new DuijieError("SOURCE_REFUSED", fault.detail);
    const of = (subject: string) => findings.find((finding) => finding.subject === subject)?.detail;
    const version = String(of("server")?.["version"]);
    const product = /mariadb/i.test(version) ? "MariaDB" : "MySQL";
    return { account: accountOf(String(of("role")?.["role"])), server: `${product} ${version}` };
  } finally {
    await connector.close();
  }
}

/** `user@host` → `'user'@'host'`. */
function accountOf(name: string): string {
  const at = name.lastIndexOf("@");
  return [name.slice(0, at), name.slice(at + 1)].map((part) => `'${part.replaceAll("'", "''")}'`).join("@");
}

async function openOwner({ ownerUrl, schema, reader }: MysqlScratchPlace): Promise<mysql.Connection> {
  try {
    const { password: _ofReader, ...options } = reader;
    const address = addressOf({ ...options, url: ownerUrl });
    const owner = await mysql.createConnection({ ...address, charset: "utf8mb4_general_ci" });
    // A value that a column can't hold is refused, not stored as another; and settings of the server don't matter.
    await owner.query("SET sql_mode = 'STRICT_ALL_TABLES', time_zone = '+00:00'");
    return owner;
  } catch (error) {
    throw sourceError(error, { schema });
  }
}

async function createSchema(owner: mysql.Connection, schema: string, account: string): Promise<void> {
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(schema)) throw scratchRefused("name", { schema });
  try {
    await owner.query(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4`);
    await owner.query(`USE ${schema}`);
    // No right on a row; but the catalogue then shows which tables there are, so that "gone" is told from "refused".
    await owner.query(`GRANT SHOW VIEW ON ${schema}.* TO ${account}`);
  } catch (error) {
    if (!isServerError(error)) throw error;
    if (error.errno === schemaExists) throw scratchRefused("exists", { schema });
    if (codeOfErrno(error.errno, error.sqlState) === "SOURCE_REFUSED")
      throw scratchRefused("right", { schema, sqlState: error.sqlState });
    throw error;
  }
}

const schemaExists = 1007;
