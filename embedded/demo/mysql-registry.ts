import mysql from "mysql2/promise";
import type { PortableTables, Raw, RegistryShape } from "./registry-shape.ts";
import type { DatabaseRegistry, RowTarget } from "./registry-target.ts";

/** The invented registry on MySQL or MariaDB: a database of the shape's name. */
export class MysqlRegistry implements DatabaseRegistry {
  readonly #connection: mysql.Connection;
  #schema = "";

  private constructor(connection: mysql.Connection) {
    this.#connection = connection;
  }

  static async open(url: string): Promise<MysqlRegistry> {
    const connection = await mysql.createConnection({ uri: url, charset: "utf8mb4_general_ci" });
    // What does not fit is an error, never cut off; statements' texts are escaped for this mode.
    await connection.query("SET sql_mode = 'STRICT_ALL_TABLES'");
    return new MysqlRegistry(connection);
  }

  async create(shape: RegistryShape): Promise<void> {
    const { columns } = portable(shape);
    this.#schema = shape.schema;
    await this.#connection.query(`DROP DATABASE IF EXISTS ${shape.schema}`);
    await this.#connection.query(`CREATE DATABASE ${shape.schema} CHARACTER SET utf8mb4`);
    for (const [table, definitions] of Object.entries(columns))
      await this.#connection.query(`CREATE TABLE ${shape.schema}.${table} (${definitions.join(", ")})`);
  }

  table(name: string, columns: readonly string[]): RowTarget {
    return new InsertTarget(this.#connection, `${this.#schema}.${name}`, columns);
  }

  async finish(shape: RegistryShape): Promise<void> {
    const { columns, indexes } = portable(shape);
    for (const [at, [table, keys]] of indexes.entries())
      await this.#connection.query(`CREATE INDEX key_${at + 1} ON ${shape.schema}.${table} (${keys})`);
    for (const table of Object.keys(columns))
      await this.#connection.query(`ANALYZE TABLE ${shape.schema}.${table}`);
  }

  async close(): Promise<void> {
    await this.#connection.end();
  }
}

function portable({ portable: tables, schema }: RegistryShape): PortableTables {
  if (tables === undefined) throw new RangeError(`${schema} is for PostgreSQL alone`);
  return tables;
}

const flushAt = 256 * 1024;

/** Rows on their way into one table, many to a statement. */
class InsertTarget implements RowTarget {
  readonly #connection: mysql.Connection;
  readonly #head: string;
  #pending: string[] = [];
  #length = 0;

  constructor(connection: mysql.Connection, table: string, columns: readonly string[]) {
    this.#connection = connection;
    this.#head = `INSERT INTO ${table} (${columns.join(", ")}) VALUES `;
  }

  row(values: readonly Raw[]): void {
    const row = `(${values.map((value) => mysql.escape(value)).join(", ")})`;
    this.#pending.push(row);
    this.#length += row.length;
  }

  async drain(): Promise<void> {
    if (this.#length >= flushAt) await this.end();
  }

  async end(): Promise<void> {
    if (this.#pending.length === 0) return;
    const statement = this.#head + this.#pending.join(", ");
    [this.#pending, this.#length] = [[], 0];
    await this.#connection.query(statement);
  }
}
