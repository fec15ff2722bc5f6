import pg from "pg";
import type {
  CollationName,
  ConformanceHarness,
  ConnectOptions,
  Feature,
  LogicalType,
  RawBytes,
  TableColumn,
} from "../../connectors/conformance/harness.ts";
import type { Connector } from "../../connectors/connector.ts";
import { createPostgresConnector } from "../../connectors/postgres/postgres-connector.ts";
import { testPostgres } from "./servers.ts";

type Cell = string | null | RawBytes;

const password = "reads-only";
const schema = "xj";

/** Settings that would change how values are written, set for the reading role: a connector must not mind. */
const hostileSettings = [
  "datestyle = 'German, DMY'",
  "timezone = 'America/New_York'",
  "intervalstyle = 'sql_standard'",
  "extra_float_digits = -5",
  "bytea_output = 'escape'",
  "default_transaction_read_only = on",
];

const collations: Readonly<Record<CollationName, string>> = {
  default: "",
  binary: 'COLLATE "C"',
  pinyin: `COLLATE ${schema}.pinyin`,
  "case-insensitive": `COLLATE ${schema}.case_insensitive`,
  swedish: `COLLATE ${schema}.swedish`,
  phonebook: `COLLATE ${schema}.phonebook`,
  turkish: `COLLATE ${schema}.turkish`,
};

const createCollations = [
  `CREATE COLLATION ${schema}.pinyin (provider = icu, locale = 'zh-u-co-pinyin')`,
  `CREATE COLLATION ${schema}.case_insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
  `CREATE COLLATION ${schema}.swedish (provider = icu, locale = 'sv')`,
  `CREATE COLLATION ${schema}.phonebook (provider = icu, locale = 'de-u-co-phonebk')`,
  `CREATE COLLATION ${schema}.turkish (provider = icu, locale = 'tr')`,
];

const types: Readonly<Record<LogicalType, string>> = {
  text: "text",
  varchar: "varchar",
  char: "char",
  integer: "integer",
  bigint: "bigint",
  numeric: "numeric",
  float: "double precision",
  date: "date",
  timestamp: "timestamp",
  "timestamp-with-zone": "timestamptz",
  boolean: "boolean",
  uuid: "uuid",
  bytes: "bytea",
};

/** PostgreSQL under the conformance suite: a database and a read-only role of its own. */
export class PostgresHarness implements ConformanceHarness {
  readonly role: string;
  readonly #database: string;
  readonly #url: string;
  readonly #owner: pg.Client;
  readonly #isUnicode: boolean;
  readonly #connectors: Connector[] = [];
  #gb: PostgresHarness | undefined;

  private constructor(database: string, url: string, role: string, owner: pg.Client, isUnicode: boolean) {
    this.#database = database;
    this.#url = url;
    this.role = role;
    this.#owner = owner;
    this.#isUnicode = isUnicode;
  }

  static async open(name: string, encoding: "UTF8" | "SQL_ASCII" = "UTF8"): Promise<PostgresHarness> {
    const server = await testPostgres();
    const database = `${name}_${encoding.toLowerCase()}_${process.pid}`;
    const role = `reader_of_${database}`;
    await asAdmin(async (admin) => {
      await admin.query(
        `CREATE DATABASE ${database} ENCODING '${encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`,
      );
      await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
      for (const setting of hostileSettings) await admin.query(`ALTER ROLE ${role} SET ${setting}`);
    });
    const owner = new pg.Client({ connectionString: server.url(database) });
    await owner.connect();
    await owner.query(`CREATE SCHEMA ${schema}; GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
    if (encoding === "UTF8") for (const collation of createCollations) await owner.query(collation);
    return new PostgresHarness(database, server.url(database), role, owner, encoding === "UTF8");
  }

  /** For what the suite does not ask of every engine. */
  async sql(text: string): Promise<readonly Record<string, unknown>[]> {
    const result = await this.#owner.query<Record<string, unknown>>(text);
    return result.rows;
  }

  get ownerUrl(): string {
    return this.#url;
  }

  has(_feature: Feature): boolean {
    return true;
  }

  async createTable(
    name: string,
    columns: readonly TableColumn[],
    index?: readonly string[],
  ): Promise<string> {
    const definitions = columns.map(
      (column) => `"${column.name}" ${typeOf(column)} ${collations[column.collation ?? "default"]}`,
    );
    const relation = `${schema}.${name}`;
    await this.#owner.query(`CREATE TABLE ${relation} (${definitions.join(", ")})`);
    if (index !== undefined) await this.#owner.query(`CREATE INDEX ON ${relation} (${index.join(", ")})`);
    await this.#owner.query(`GRANT SELECT ON ${relation} TO ${this.role}`);
    return relation;
  }

  async createView(name: string, relation: string): Promise<string> {
    await this.#owner.query(`CREATE VIEW ${schema}.${name} AS SELECT * FROM ${relation}`);
    await this.#owner.query(`GRANT SELECT ON ${schema}.${name} TO ${this.role}`);
    return `${schema}.${name}`;
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
    const bytesColumns = await this.#bytesColumns(relation);
    const cell = (value: Cell, index: number) => this.#literal(value, bytesColumns.has(columns[index] ?? ""));
    const values = rows.map((row) => `(${row.map(cell).join(", ")})`).join(", ");
    await this.#owner.query(`INSERT INTO ${relation} (${columns.join(", ")}) VALUES ${values}`);
  }

  async update(relation: string, id: string, column: string, value: Cell): Promise<void> {
    const isBytes = (await this.#bytesColumns(relation)).has(column);
    await this.#owner.query(
      `UPDATE ${relation} SET ${column} = ${this.#literal(value, isBytes)} WHERE id = ${id}`,
    );
  }

  async dropColumn(relation: string, column: string): Promise<void> {
    await this.#owner.query(`ALTER TABLE ${relation} DROP COLUMN ${column}`);
  }

  async changeType(relation: string, column: string, type: LogicalType): Promise<void> {
    await this.#owner.query(`ALTER TABLE ${relation} ALTER COLUMN ${column} TYPE ${types[type]}`);
  }

  async dropTable(relation: string): Promise<void> {
    await this.#owner.query(`DROP TABLE ${relation}`);
  }

  async refuse(relation: string, column?: string): Promise<void> {
    await this.#owner.query(`REVOKE SELECT ON ${relation} FROM ${this.role}`);
    if (column === undefined) return;
    const rows = await this.sql(
      `SELECT string_agg(quote_ident(attname), ', ') AS others FROM pg_attribute
        WHERE attrelid = '${relation}'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> '${column}'`,
    );
    await this.#owner.query(`GRANT SELECT (${String(rows[0]?.["others"])}) ON ${relation} TO ${this.role}`);
  }

  connect(options: ConnectOptions = {}): Connector {
    const { clock, concurrentReads = 2, charset = this.#isUnicode ? "auto" : "gb18030" } = options;
    const { hostname, port } = new URL(this.#url);
    const connector = createPostgresConnector(
      {
        host: hostname,
        port: options.port ?? Number(port),
        database: this.#database,
        user: this.role,
        password: options.password ?? password,
        charset,
        statementTimeoutMs: 20_000,
        connectTimeoutMs: 5_000,
        tls: false,
        concurrentReads,
      },
      clock === undefined ? {} : { clock },
    );
    this.#connectors.push(connector);
    return connector;
  }

  async sessions(): Promise<number> {
    const rows = await this.sql(
      `SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE usename = '${this.role}'`,
    );
    return Number(rows[0]?.["sessions"]);
  }

  async killSessions(): Promise<void> {
    await this.sql(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '${this.role}'`,
    );
  }

  async gbDatabase(): Promise<ConformanceHarness> {
    this.#gb ??= await PostgresHarness.open(this.#database, "SQL_ASCII");
    return this.#gb;
  }

  /** After each case. */
  async closeConnectors(): Promise<void> {
    for (const connector of this.#connectors.splice(0)) await connector.close();
    await this.#gb?.closeConnectors();
  }

  async close(): Promise<void> {
    await this.closeConnectors();
    await this.#gb?.close();
    await this.#owner.end();
    await asAdmin(async (admin) => {
      await admin.query(`DROP DATABASE ${this.#database} WITH (FORCE)`);
      await admin.query(`DROP ROLE ${this.role}`);
    });
  }

  #literal(value: Cell, isBytesColumn: boolean): string {
    if (value === null) return "NULL";
    if (typeof value === "string") return pg.escapeLiteral(value);
    const bytes = `'\\x${value.hex}'::bytea`;
    return isBytesColumn ? bytes : `convert_from(${bytes}, getdatabaseencoding())`;
  }

  async #bytesColumns(relation: string): Promise<ReadonlySet<string>> {
    const rows = await this.sql(
      `SELECT attname FROM pg_attribute WHERE attrelid = '${relation}'::regclass AND atttypid = 'bytea'::regtype`,
    );
    return new Set(rows.map((row) => String(row["attname"])));
  }
}

function typeOf({ type, size }: TableColumn): string {
  if (type === "numeric") return size === undefined || size === 0 ? "numeric(38)" : `numeric(38, ${size})`;
  return size === undefined ? types[type] : `${types[type]}(${size})`;
}

async function asAdmin(work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: (await testPostgres()).adminUrl });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
