import mysql from "mysql2/promise";
import type {
  Cell,
  CollationName,
  ConformanceHarness,
  ConnectOptions,
  Feature,
  LogicalType,
  TableColumn,
} from "../../connectors/conformance/harness.ts";
import type { Connector } from "../../connectors/connector.ts";
import { createMysqlConnector } from "../../connectors/mysql/mysql-connector.ts";
import { addressOf } from "../../connectors/mysql/options.ts";
import { factsOf } from "../../connectors/mysql/server-facts.ts";
import type { TestMysql } from "./mysql-server.ts";

const password = "reads-only";

type Flavour = ReturnType<typeof factsOf>["flavour"];
/** What text of a harness's database is stored as; latin1 is where a lying client's GBK stands. */
type TextCharset = "utf8mb4" | "utf8mb3" | "gbk" | "gb18030" | "latin1" | "utf16";

const types: Readonly<Record<LogicalType, string>> = {
  text: "LONGTEXT",
  varchar: "VARCHAR",
  char: "CHAR",
  integer: "INT",
  bigint: "BIGINT",
  numeric: "DECIMAL",
  float: "DOUBLE",
  date: "DATE",
  timestamp: "DATETIME(6)",
  "timestamp-with-zone": "TIMESTAMP(6) NULL",
  boolean: "BOOLEAN",
  uuid: "UUID",
  bytes: "LONGBLOB",
};

const collations: Readonly<Record<CollationName, string>> = {
  default: "",
  binary: "COLLATE utf8mb4_bin",
  pinyin: "COLLATE utf8mb4_zh_0900_as_cs",
  "case-insensitive": "COLLATE utf8mb4_general_ci",
  swedish: "COLLATE utf8mb4_swedish_ci",
  phonebook: "COLLATE utf8mb4_german2_ci",
  turkish: "COLLATE utf8mb4_turkish_ci",
};

/** What the suite asks and this server has not, with the fact that is the reason. */
export function lacksOf(flavour: Flavour, versionNumber: number): ReadonlyMap<Feature, string> {
  const lacks = new Map<Feature, string>([["infinite-dates", "MySQL's dates end at 9999-12-31"]]);
  if (flavour === "mariadb")
    lacks.set("pinyin", "MariaDB has pinyin order for the charsets gbk and gb2312 alone");
  else if (versionNumber < 80_000) lacks.set("pinyin", "MySQL 5.7 has pinyin order for gbk and gb2312 alone");
  if (flavour === "mysql" || versionNumber < 100_700) lacks.set("uuid", "this server has no UUID type");
  return lacks;
}

/** MySQL or MariaDB under the conformance suite: a database and a read-only account of its own. */
export class MysqlHarness implements ConformanceHarness {
  readonly role: string;
  readonly database: string;
  readonly lacks: ReadonlyMap<Feature, string>;
  readonly #adminUrl: string;
  readonly #owner: mysql.Connection;
  readonly #charset: TextCharset;
  readonly #columns = new Map<string, ReadonlyMap<string, TableColumn>>();
  readonly #connectors: Connector[] = [];
  readonly #others = new Map<TextCharset, MysqlHarness>();

  private constructor(
    database: string,
    adminUrl: string,
    owner: mysql.Connection,
    charset: TextCharset,
    lacks: ReadonlyMap<Feature, string>,
  ) {
    this.database = database;
    this.role = `reader_${database}`.slice(0, 32);
    this.#adminUrl = adminUrl;
    this.#owner = owner;
    this.#charset = charset;
    this.lacks = lacks;
  }

  static async open(
    name: string,
    server: TestMysql,
    charset: TextCharset = "utf8mb4",
  ): Promise<MysqlHarness> {
    const database = `${name}_${charset}_${process.pid}`;
    const owner = await mysql.createConnection({
      uri: server.adminUrl,
      charset: "utf8mb4_general_ci",
      dateStrings: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
    });
    // The hands of the owner, under settings of their own whatever the server's are.
    await owner.query("SET sql_mode = '', time_zone = '+00:00'");
    const [rows] = await owner.query<mysql.RowDataPacket[]>("SELECT VERSION() AS version");
    const { flavour, versionNumber } = factsOf(String(rows[0]?.["version"]), "");
    const harness = new MysqlHarness(
      database,
      server.adminUrl,
      owner,
      charset,
      lacksOf(flavour, versionNumber),
    );
    await owner.query(`CREATE DATABASE ${database} CHARACTER SET ${charset}`);
    await owner.query(`USE ${database}`);
    await owner.query(`CREATE USER '${harness.role}'@'%' IDENTIFIED BY '${password}'`);
    // No right on a row; but the catalogue then shows which tables there are, so that "gone" is told from "refused".
    await owner.query(`GRANT SHOW VIEW ON \`${database}\`.* TO '${harness.role}'@'%'`);
    return harness;
  }

  /** For what the suite does not ask of every engine. */
  async sql(text: string): Promise<readonly Record<string, unknown>[]> {
    const [rows] = await this.#owner.query<mysql.RowDataPacket[]>(text);
    return Array.isArray(rows) ? rows : [];
  }

  has(feature: Feature): boolean {
    return !this.lacks.has(feature);
  }

  async createTable(
    name: string,
    columns: readonly TableColumn[],
    index?: readonly string[],
  ): Promise<string> {
    const relation = `${this.database}.${name}`;
    const byName = new Map(columns.map((column) => [column.name, column]));
    this.#columns.set(relation, byName);
    const definitions = columns.map(
      (column) => `\`${column.name}\` ${typeOf(column)} ${collations[column.collation ?? "default"]}`,
    );
    if (index !== undefined)
      definitions.push(`INDEX (${index.map((key) => indexed(byName.get(key), key)).join(", ")})`);
    await this.#owner.query(`CREATE TABLE ${relation} (${definitions.join(", ")})`);
    await this.grant(relation);
    return relation;
  }

  async grant(relation: string, columns = ""): Promise<void> {
    await this.#owner.query(`GRANT SELECT ${columns} ON ${relation} TO '${this.role}'@'%'`);
  }

  async createView(name: string, relation: string): Promise<string> {
    await this.#owner.query(`CREATE VIEW ${this.database}.${name} AS SELECT * FROM ${relation}`);
    await this.grant(`${this.database}.${name}`);
    return `${this.database}.${name}`;
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
    const known = this.#columns.get(relation);
    const cell = (value: Cell, at: number) => literalOf(value, known?.get(columns[at] ?? ""));
    const values = rows.map((row) => `(${row.map(cell).join(", ")})`).join(", ");
    await this.#owner.query(`INSERT INTO ${relation} (${columns.join(", ")}) VALUES ${values}`);
  }

  async update(relation: string, id: string, column: string, value: Cell): Promise<void> {
    const literal = literalOf(value, this.#columns.get(relation)?.get(column));
    await this.#owner.query(`UPDATE ${relation} SET ${column} = ${literal} WHERE id = ${id}`);
  }

  async dropColumn(relation: string, column: string): Promise<void> {
    await this.#owner.query(`ALTER TABLE ${relation} DROP COLUMN ${column}`);
  }

  async changeType(relation: string, column: string, type: LogicalType): Promise<void> {
    const wanted = type === "text" ? "VARCHAR(255)" : types[type];
    await this.#owner.query(`ALTER TABLE ${relation} MODIFY COLUMN ${column} ${wanted}`);
  }

  async dropTable(relation: string): Promise<void> {
    await this.#owner.query(`DROP TABLE ${relation}`);
  }

  async refuse(relation: string, column?: string): Promise<void> {
    await this.#owner.query(`REVOKE SELECT ON ${relation} FROM '${this.role}'@'%'`);
    if (column === undefined) return;
    const others = [...(this.#columns.get(relation)?.keys() ?? [])].filter((name) => name !== column);
    await this.grant(relation, `(${others.join(", ")})`);
  }

  connect(options: ConnectOptions = {}): Connector {
    const { clock, concurrentReads = 2, charset = this.#charset === "latin1" ? "gb18030" : "auto" } = options;
    const address = addressOf({ ...defaults, url: this.#adminUrl, charset, concurrentReads });
    const connector = createMysqlConnector(
      {
        ...defaults,
        host: address.host,
        port: options.port ?? address.port,
        database: this.database,
        user: this.role,
        password: options.password ?? password,
        charset,
        concurrentReads,
      },
      clock === undefined ? {} : { clock },
    );
    this.#connectors.push(connector);
    return connector;
  }

  async sessions(): Promise<number> {
    return (await this.sessionIds()).length;
  }

  async sessionIds(): Promise<readonly number[]> {
    const rows = await this.sql(
      `SELECT id AS id FROM information_schema.PROCESSLIST WHERE user = '${this.role}'`,
    );
    return rows.map((row) => Number(row["id"]));
  }

  async killSessions(): Promise<void> {
    for (const id of await this.sessionIds()) await this.kill(`CONNECTION ${id}`);
  }

  /** A session that has ended by itself meanwhile is as good as killed. */
  async kill(what: string): Promise<void> {
    try {
      await this.#owner.query(`KILL ${what}`);
    } catch (error) {
      if (!(error instanceof Error && "errno" in error && error.errno === 1094)) throw error;
    }
  }

  gbDatabase(): Promise<ConformanceHarness> {
    return this.inCharset("latin1");
  }

  async inCharset(charset: TextCharset): Promise<MysqlHarness> {
    const known = this.#others.get(charset);
    if (known !== undefined) return known;
    const other = await MysqlHarness.open(this.database.slice(0, 20), { adminUrl: this.#adminUrl }, charset);
    this.#others.set(charset, other);
    return other;
  }

  /** After each case. */
  async closeConnectors(): Promise<void> {
    for (const connector of this.#connectors.splice(0)) await connector.close();
    for (const other of this.#others.values()) await other.closeConnectors();
  }

  async close(): Promise<void> {
    await this.closeConnectors();
    for (const other of this.#others.values()) await other.close();
    await this.#owner.query(`DROP DATABASE ${this.database}`);
    await this.#owner.query(`DROP USER '${this.role}'@'%'`);
    await this.#owner.end();
  }
}

const defaults = { statementTimeoutMs: 20_000, connectTimeoutMs: 5_000, tls: false } as const;

function typeOf({ type, size }: TableColumn): string {
  if (type === "numeric") return `DECIMAL(38, ${size ?? 0})`;
  return size === undefined ? types[type] : `${types[type]}(${size})`;
}

/** Of text without a limit an index holds the beginning. */
function indexed(column: TableColumn | undefined, key: string): string {
  return column?.type === "text" || column?.type === "bytes" ? `\`${key}\`(50)` : `\`${key}\``;
}

function literalOf(value: Cell, column: TableColumn | undefined): string {
  if (value === null) return "NULL";
  if (typeof value !== "string") return `X'${value.hex}'`;
  if (column?.type === "boolean") return value;
  const text = column?.type === "timestamp-with-zone" ? wallInUtc(value) : value;
  return `_utf8mb4 X'${Buffer.from(text, "utf8").toString("hex")}'`;
}

/** A TIMESTAMP is written in the session's zone, which is UTC here. */
function wallInUtc(instant: string): string {
  const [, day, time, fraction = "", offset] =
    /^(\S+) (\d\d:\d\d:\d\d)(\.\d+)?([+-]\d\d)$/.exec(instant) ?? [];
  const utc = new Date(`${day}T${time}${offset}:00`).toISOString();
  return `${utc.slice(0, 10)} ${utc.slice(11, 19)}${fraction}`;
}
