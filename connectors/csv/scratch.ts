import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { encode } from "../charset.ts";
import type {
  Cell,
  ConformanceHarness,
  ConnectOptions,
  Feature,
  Lack,
  TableColumn,
} from "../conformance/harness.ts";
import type { Connector } from "../connector.ts";
import { CsvConnector } from "./csv-connector.ts";

interface Table {
  names: string[];
  rows: Cell[][];
}

const isRoot = process.getuid?.() === 0;

/** What files do not have, and why. A field of a file is text, compared byte by byte. */
const lacking: Readonly<Partial<Record<Feature, string>>> = {
  "column-rights": "file-is-whole",
  "key-index": "file-without-index",
  queries: "file-is-no-server",
  logins: "file-is-no-server",
  "password-expiry": "file-is-no-server",
  sessions: "file-is-no-server",
  cancel: "file-is-no-server",
  network: "file-is-no-server",
  tls: "file-is-no-server",
};
const had: readonly Feature[] = ["text", "varchar", "default", "binary", "gb-database", "empty-text"];

/** A folder of CSV files of its own, for the conformance suite; each change writes the file anew, as an export would. */
export class CsvScratch implements ConformanceHarness {
  readonly #root: string;
  readonly #folder: string;
  readonly #isUnicode: boolean;
  readonly #tables = new Map<string, Table>();
  readonly #connectors: Connector[] = [];
  #gb: CsvScratch | undefined;

  /** `parent`: where the folder may be made. */
  constructor(parent: string, isUnicode = true) {
    mkdirSync(parent, { recursive: true });
    this.#root = mkdtempSync(join(parent, "duijie-csv-"));
    this.#folder = mkdtempSync(join(this.#root, "files-"));
    this.#isUnicode = isUnicode;
  }

  get server(): string {
    return `CSV, ${process.platform}`;
  }

  lackOf(feature: Feature): Lack | null {
    if (feature === "table-rights") return isRoot ? { where: "here", reason: "super-user-reads-all" } : null;
    if (had.includes(feature)) return null;
    return { where: "engine", reason: lacking[feature] ?? "file-is-text" };
  }

  async createTable(name: string, columns: readonly TableColumn[]): Promise<string> {
    const relation = `${name}.csv`;
    this.#tables.set(relation, { names: columns.map((column) => column.name), rows: [] });
    return await this.#written(relation);
  }

  async createView(name: string, relation: string): Promise<string> {
    symlinkSync(join(this.#folder, relation), join(this.#folder, `${name}.csv`));
    return await Promise.resolve(`${name}.csv`);
  }

  async createFilled(name: string, rows: number): Promise<string> {
    const relation = `${name}.csv`;
    this.#tables.set(relation, { names: ["id", "filler"], rows: [] });
    const file = await open(join(this.#folder, relation), "w");
    try {
      await file.write("id,filler\n");
      const filler = "x".repeat(100);
      for (let from = 0; from < rows; from += 10_000) {
        const count = Math.min(10_000, rows - from);
        await file.write(Array.from({ length: count }, (_, at) => `${from + at},${filler}\n`).join(""));
      }
    } finally {
      await file.close();
    }
    return relation;
  }

  selectAll(): string {
    throw new Error("files can't be asked");
  }

  async insert(
    relation: string,
    columns: readonly string[],
    rows: readonly (readonly Cell[])[],
  ): Promise<void> {
    const table = this.#table(relation);
    const at = table.names.map((name) => columns.indexOf(name));
    for (const row of rows) table.rows.push(at.map((place) => row[place] ?? null));
    await this.#written(relation);
  }

  async update(relation: string, id: string, column: string, value: Cell): Promise<void> {
    const { names, rows } = this.#table(relation);
    for (const row of rows) if (row[names.indexOf("id")] === id) row[names.indexOf(column)] = value;
    await this.#written(relation);
  }

  async dropColumn(relation: string, column: string): Promise<void> {
    const table = this.#table(relation);
    const at = table.names.indexOf(column);
    table.rows = table.rows.map((row) => row.toSpliced(at, 1));
    table.names = table.names.toSpliced(at, 1);
    await this.#written(relation);
  }

  changeType(): Promise<void> {
    throw new Error("a field of a file is text");
  }

  async dropTable(relation: string): Promise<void> {
    rmSync(join(this.#folder, relation));
    await Promise.resolve();
  }

  /** As another file that may not be read, where the system knows owners. */
  async refuse(relation: string): Promise<void> {
    chmodSync(join(this.#folder, relation), 0);
    await Promise.resolve();
  }

  connect(options: ConnectOptions = {}): Connector {
    const { charset = this.#isUnicode ? "auto" : "gb18030", clock, concurrentReads = 2, port } = options;
    const connector = new CsvConnector(
      {
        folder: port === undefined ? this.#folder : join(this.#root, "not-there"),
        charset,
        separator: ",",
        nullText: "",
        changes: "follow",
        workFolder: join(this.#root, "work"),
        concurrentReads,
      },
      clock === undefined ? {} : { clock },
    );
    this.#connectors.push(connector);
    return connector;
  }

  /** Files of the folder that this process has open. */
  async sessions(): Promise<number> {
    const open = readdirSync("/proc/self/fd").flatMap((descriptor) => {
      try {
        return [readlinkSync(`/proc/self/fd/${descriptor}`)];
      } catch {
        // The descriptor by which the list itself was read.
        return [];
      }
    });
    return await Promise.resolve(open.filter((path) => path.startsWith(this.#folder)).length);
  }

  killSessions(): Promise<void> {
    throw new Error("a file is no server");
  }

  cancelStatements(): Promise<void> {
    throw new Error("a file is no server");
  }

  address(): never {
    throw new Error("a file is no server");
  }

  expirePassword(): Promise<void> {
    throw new Error("a file is no server");
  }

  async gbDatabase(): Promise<ConformanceHarness> {
    this.#gb ??= new CsvScratch(this.#root, false);
    return await Promise.resolve(this.#gb);
  }

  async closeConnectors(): Promise<void> {
    for (const connector of this.#connectors.splice(0)) await connector.close();
    await this.#gb?.closeConnectors();
  }

  async close(): Promise<void> {
    await this.closeConnectors();
    await this.#gb?.close();
    rmSync(this.#root, { recursive: true });
  }

  #table(relation: string): Table {
    const table = this.#tables.get(relation);
    if (table === undefined) throw new Error(`no file ${relation}`);
    return table;
  }

  async #written(relation: string): Promise<string> {
    const { names, rows } = this.#table(relation);
    const lines = [names, ...rows].map((row) => {
      const fields = row.flatMap((cell, at) => [...(at === 0 ? [] : [Buffer.from(",")]), this.#bytes(cell)]);
      return Buffer.concat([...fields, Buffer.from("\n")]);
    });
    const file = join(this.#folder, relation);
    writeFileSync(`${file}.new`, Buffer.concat(lines));
    renameSync(`${file}.new`, file);
    return await Promise.resolve(relation);
  }

  #bytes(cell: Cell): Buffer {
    if (cell === null) return Buffer.alloc(0);
    if (typeof cell !== "string")
      return Buffer.from(`"${Buffer.from(cell.hex, "hex").toString("latin1")}"`, "latin1");
    const text = cell === "" || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
    const bytes = this.#isUnicode ? Buffer.from(text, "utf8") : encode(text, "gb18030");
    if (bytes === null) throw new Error("no such character");
    return bytes;
  }
}
