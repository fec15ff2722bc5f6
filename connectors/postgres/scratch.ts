import pg from "pg";
import { DuijieError } from "../../contracts/errors.ts";
import type {
  Cell,
  CollationName,
  ConformanceHarness,
  ConnectOptions,
  Feature,
  Lack,
  LogicalType,
  TableColumn,
} from "../conformance/harness.ts";
import { scratchRefused } from "../conformance/scratch-refused.ts";
import type { Connector } from "../connector.ts";
import type { PostgresOptions } from "./options.ts";
import { createPostgresConnector } from "./postgres-connector.ts";
import { scratchLacks } from "./scratch-lacks.ts";
import { codeOfSqlState, sourceError } from "./source-error.ts";

export interface PostgresScratchPlace {
  /** Whoever may create the schema, and give rights in it to the reading role. */
  readonly ownerUrl: string;
  /** How the registry is read: these options are what is proven. */
  readonly reader: PostgresOptions;
  /** Must not exist. */
  readonly schema: string;
  /** Hands that only the master of a whole server has. */
  readonly server?: ServerHands;
}

export interface ServerHands {
  gbDatabase(): Promise<ConformanceHarness>;
  expirePassword(isExpired: boolean): Promise<void>;
}

const locales: readonly (readonly [name: CollationName, options: string])[] = [
  ["pinyin", "provider = icu, locale = 'zh-u-co-pinyin'"],
  ["case-insensitive", "provider = icu, locale = 'und-u-ks-level2', deterministic = false"],
  ["swedish", "provider = icu, locale = 'sv'"],
  ["phonebook", "provider = icu, locale = 'de-u-co-phonebk'"],
  ["turkish", "provider = icu, locale = 'tr'"],
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

/**
 * A schema of its own on a PostgreSQL, for the conformance suite. It takes no name that is in use, drops one by one what
 * it created, and ends no session but those of its own connectors.
 */
export class PostgresScratch implements ConformanceHarness {
  readonly role: string;
  readonly server: string;
  readonly ownerUrl: string;
  readonly #place: PostgresScratchPlace;
  readonly #owner: pg.Client;
  readonly #lacks: ReadonlyMap<Feature, Lack>;
  readonly #relations: { readonly kind: "TABLE" | "VIEW"; readonly name: string }[] = [];
  readonly #connectors: Connector[] = [];
  #gb: ConformanceHarness | undefined;

  private constructor(
    place: PostgresScratchPlace,
    owner: pg.Client,
    facts: { readonly role: string; readonly server: string },
    lacks: ReadonlyMap<Feature, Lack>,
  ) {
    this.#place = place;
    this.#owner = owner;
    this.ownerUrl = place.ownerUrl;
    this.role = facts.role;
    this.server = facts.server;
    this.#lacks = lacks;
  }

  static async open(place: PostgresScratchPlace): Promise<PostgresScratch> {
    const owner = new pg.Client({
      connectionString: place.ownerUrl,
      application_name: scratchName(place.schema),
    });
    owner.on("error", () => undefined);
    try {
      await owner.connect();
      const facts = await readerFacts(place.reader);
      await createSchema(owner, place.schema, facts.role);
      const missing = await createCollations(owner, place.schema);
      const lacks = await scratchLacks(owner, facts.role, place, missing);
      return new PostgresScratch(place, owner, facts, lacks);
    } catch (error) {
      await owner.end().catch(() => undefined);
      throw sourceError(error, { schema: place.schema });
    }
  }

  /** For what the suite does not ask of every engine. */
  async sql(text: string): Promise<readonly Record<string, unknown>[]> {
    const result = await this.#owner.query<Record<string, unknown>>(text);
    return result.rows;
  }

  lackOf(feature: Feature): Lack | null {
    return this.#lacks.get(feature) ?? null;
  }

  async createTable(
    name: string,
    columns: readonly TableColumn[],
    index?: readonly string[],
  ): Promise<string> {
    const definitions = columns.map(
      (column) => `"${column.name}" ${typeOf(column)} ${this.#collation(column)}`,
    );
    const relation = `${this.#place.schema}.${name}`;
    await this.#owner.query(`CREATE TABLE ${relation} (${definitions.join(", ")})`);
    this.#relations.push({ kind: "TABLE", name: relation });
    if (index !== undefined) await this.#owner.query(`CREATE INDEX ON ${relation} (${index.join(", ")})`);
    await this.#owner.query(`GRANT SELECT ON ${relation} TO ${this.#reader}`);
    return relation;
  }

  async createView(name: string, relation: string): Promise<string> {
    const view = `${this.#place.schema}.${name}`;
    await this.#owner.query(`CREATE VIEW ${view} AS SELECT * FROM ${relation}`);
    this.#relations.push({ kind: "VIEW", name: view });
    await this.#owner.query(`GRANT SELECT ON ${view} TO ${this.#reader}`);
    return view;
  }

  async createFilled(name: string, rows: number): Promise<string> {
    const columns = [
      { name: "id", type: "integer" },
      { name: "filler", type: "varchar", size: 100 },
    ] as const;
    const relation = await this.createTable(name, columns, ["id"]);
    await this.#owner.query(
      `INSERT INTO ${relation} SELECT i, repeat('x', 100) FROM generate_series(0, ${rows - 1}) AS i`,
    );
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
    const bytesColumns = await this.#bytesColumns(relation);
    const cell = (value: Cell, index: number) => literal(value, bytesColumns.has(columns[index] ?? ""));
    const values = rows.map((row) => `(${row.map(cell).join(", ")})`).join(", ");
    await this.#owner.query(`INSERT INTO ${relation} (${columns.join(", ")}) VALUES ${values}`);
  }

  async update(relation: string, id: string, column: string, value: Cell): Promise<void> {
    const isBytes = (await this.#bytesColumns(relation)).has(column);
    await this.#owner.query(`UPDATE ${relation} SET ${column} = ${literal(value, isBytes)} WHERE id = ${id}`);
  }

  async dropColumn(relation: string, column: string): Promise<void> {
    await this.#owner.query(`ALTER TABLE ${relation} DROP COLUMN ${column}`);
  }

  async changeType(relation: string, column: string, type: LogicalType): Promise<void> {
    await this.#owner.query(`ALTER TABLE ${relation} ALTER COLUMN ${column} TYPE ${types[type]}`);
  }

  async dropTable(relation: string): Promise<void> {
    await this.#owner.query(`DROP TABLE ${relation}`);
    this.#relations.splice(
      this.#relations.findIndex(({ name }) => name === relation),
      1,
    );
  }

  async refuse(relation: string, column?: string): Promise<void> {
    await this.#owner.query(`REVOKE SELECT ON ${relation} FROM ${this.#reader}`);
    if (column === undefined) return;
    const rows = await this.sql(
      `SELECT string_agg(quote_ident(attname), ', ') AS others FROM pg_attribute
        WHERE attrelid = '${relation}'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> '${column}'`,
    );
    await this.#owner.query(
      `GRANT SELECT (${String(rows[0]?.["others"])}) ON ${relation} TO ${this.#reader}`,
    );
  }

  connect(options: ConnectOptions = {}): Connector {
    const { clock, concurrentReads = 2, charset, tls } = options;
    const { reader } = this.#place;
    const connector = createPostgresConnector(
      {
        ...withPlace(reader, options),
        charset: charset ?? reader.charset,
        statementTimeoutMs: 20_000,
        connectTimeoutMs: 5_000,
        tls: tls ?? reader.tls,
        concurrentReads,
      },
      { applicationName: this.#name, ...(clock === undefined ? {} : { clock }) },
    );
    this.#connectors.push(connector);
    return connector;
  }

  async sessions(): Promise<number> {
    const rows = await this.sql(
      `SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE ${this.#isOurs}`,
    );
    return Number(rows[0]?.["sessions"]);
  }

  async killSessions(): Promise<void> {
    await this.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${this.#isOurs}`);
    const deadline = performance.now() + 10_000;
    while ((await this.sessions()) > 0 && performance.now() < deadline);
  }

  async cancelStatements(): Promise<void> {
    await this.sql(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE ${this.#isOurs}`);
  }

  address(): { readonly host: string; readonly port: number } {
    const { host, port } = this.#owner;
    return { host, port };
  }

  async expirePassword(isExpired: boolean): Promise<void> {
    await this.#hands.expirePassword(isExpired);
  }

  async gbDatabase(): Promise<ConformanceHarness> {
    this.#gb ??= await this.#hands.gbDatabase();
    return this.#gb;
  }

  async closeConnectors(): Promise<void> {
    for (const connector of this.#connectors.splice(0)) await connector.close();
    await this.#gb?.closeConnectors();
  }

  async close(): Promise<void> {
    await this.closeConnectors();
    await this.#gb?.close();
    try {
      for (const { kind, name } of this.#relations.toReversed())
        await this.#owner.query(`DROP ${kind} ${name}`);
      const { schema } = this.#place;
      for (const [name] of locales)
        await this.#owner.query(`DROP COLLATION IF EXISTS ${collationOf(schema, name)}`);
      // Without CASCADE: what somebody else put there stays, and is told by the error.
      await this.#owner.query(`DROP SCHEMA ${schema}`);
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === dependentObjects)
        throw scratchRefused("leftovers", { schema: this.#place.schema });
      throw sourceError(error, { schema: this.#place.schema });
    } finally {
      await this.#owner.end();
    }
  }

  get #reader(): string {
    return pg.escapeIdentifier(this.role);
  }

  get #name(): string {
    return scratchName(this.#place.schema);
  }

  /** Only sessions that our own connectors opened, by the name that they carry. */
  get #isOurs(): string {
    return `usename = ${pg.escapeLiteral(this.role)} AND application_name = ${pg.escapeLiteral(this.#name)} AND pid <> pg_backend_pid()`;
  }

  get #hands(): ServerHands {
    if (this.#place.server !== undefined) return this.#place.server;
    throw new DuijieError("INVARIANT_BROKEN", { invariant: "no-server-hands" });
  }

  #collation({ collation = "default" }: TableColumn): string {
    if (collation === "default") return "";
    return `COLLATE ${collation === "binary" ? '"C"' : collationOf(this.#place.schema, collation)}`;
  }

  async #bytesColumns(relation: string): Promise<ReadonlySet<string>> {
    const rows = await this.sql(
      `SELECT attname FROM pg_attribute WHERE attrelid = '${relation}'::regclass AND atttypid = 'bytea'::regtype`,
    );
    return new Set(rows.map((row) => String(row["attname"])));
  }
}

/** SQLSTATE of a schema that is not empty. */
const dependentObjects = "2BP01";

/** PostgreSQL cuts names at 63 bytes; the server then knows our sessions by the cut name. */
function scratchName(schema: string): string {
  return `duijie ${schema}`.slice(0, 63);
}

/** The reading role, as the server knows it when our connector comes in. */
async function readerFacts(reader: PostgresOptions): Promise<{ role: string; server: string }> {
  const connector = createPostgresConnector({ ...reader, concurrentReads: 1 });
  try {
    const findings = await connector.check([], AbortSignal.timeout(60_000));
    const fault = findings.find(({ ok, subject }) => !ok && subject === "server");
    if (fault !== undefined) throw new DuijieError("SOURCE_REFUSED", fault.detail);
    const of = (subject: string) => findings.find((finding) => finding.subject === subject)?.detail;
    return {
      role: String(of("role")?.["role"]),
      server: `PostgreSQL ${String(of("server")?.["version"])}`,
    };
  } finally {
    await connector.close();
  }
}

async function createSchema(owner: pg.Client, schema: string, role: string): Promise<void> {
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(schema)) throw scratchRefused("name", { schema });
  try {
    await owner.query(
      `BEGIN; CREATE SCHEMA ${schema}; GRANT USAGE ON SCHEMA ${schema} TO ${pg.escapeIdentifier(role)}; COMMIT`,
    );
  } catch (error) {
    await owner.query("ROLLBACK");
    if (!(error instanceof pg.DatabaseError)) throw error;
    const sqlState = error.code ?? "";
    if (sqlState === "42P06") throw scratchRefused("exists", { schema });
    if (codeOfSqlState(sqlState) === "SOURCE_REFUSED") throw scratchRefused("right", { schema, sqlState });
    throw error;
  }
}

/** Returns those that this server, or its build, has not. */
async function createCollations(owner: pg.Client, schema: string): Promise<ReadonlySet<CollationName>> {
  const missing = new Set<CollationName>();
  const { rows } = await owner.query<{ encoding: string }>(
    "SELECT current_setting('server_encoding') AS encoding",
  );
  for (const [name, options] of locales) {
    try {
      if (rows[0]?.encoding !== "UTF8") throw new pg.DatabaseError("no ICU", 0, "error");
      await owner.query(`CREATE COLLATION ${collationOf(schema, name)} (${options})`);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      missing.add(name);
    }
  }
  return missing;
}

function collationOf(schema: string, name: CollationName): string {
  return `${schema}.${name.replaceAll("-", "_")}`;
}

function withPlace(reader: PostgresOptions, { host, port, password }: ConnectOptions): PostgresOptions {
  if (reader.url === undefined) {
    return {
      ...reader,
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(password === undefined ? {} : { password }),
    };
  }
  const url = new URL(reader.url);
  if (host !== undefined) url.hostname = host;
  if (port !== undefined) url.port = String(port);
  if (password !== undefined) url.password = encodeURIComponent(password);
  return { ...reader, url: url.href };
}

function literal(value: Cell, isBytesColumn: boolean): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return pg.escapeLiteral(value);
  const bytes = `'\\x${value.hex}'::bytea`;
  return isBytesColumn ? bytes : `convert_from(${bytes}, getdatabaseencoding())`;
}

function typeOf({ type, size }: TableColumn): string {
  if (type === "numeric") return size === undefined || size === 0 ? "numeric(38)" : `numeric(38, ${size})`;
  return size === undefined ? types[type] : `${types[type]}(${size})`;
}
