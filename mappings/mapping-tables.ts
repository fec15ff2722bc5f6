/** One line of a province's mapping table. */
export interface TableEntry {
  readonly table: string;
  readonly sourceCode: string;
  readonly targetCode: string;
}

/**
 * A province's mapping tables as they stood at one version; a run pins one, so that a table published meanwhile can't
 * map half of a load in another way. Immutable.
 */
export class MappingTables {
  readonly version: string;
  readonly #tables: ReadonlyMap<string, ReadonlyMap<string, string>>;

  /** `version` is the exchange-db's; decimal text, "0" before the first table was loaded. */
  constructor(version: string, entries: Iterable<TableEntry>) {
    const tables = new Map<string, Map<string, string>>();
    for (const { table, sourceCode, targetCode } of entries) {
      const codes = tables.get(table) ?? new Map<string, string>();
      codes.set(sourceCode, targetCode);
      tables.set(table, codes);
    }
    this.version = version;
    this.#tables = tables;
  }

  /** undefined: no such entry, or no such table. There is no default. */
  lookup(table: string, sourceCode: string): string | undefined {
    return this.#tables.get(table)?.get(sourceCode);
  }

  /** Source code → target code; empty for a table that was never loaded. */
  table(name: string): ReadonlyMap<string, string> {
    return this.#tables.get(name) ?? noCodes;
  }

  get names(): readonly string[] {
    return [...this.#tables.keys()].toSorted();
  }
}

const noCodes: ReadonlyMap<string, string> = new Map();
