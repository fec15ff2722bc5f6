import type { Raw, RegistryShape } from "./registry-shape.ts";

/** One table of the registry that is being written. */
export interface RowTarget {
  row(values: readonly Raw[]): void;
  /** To be awaited after each handful of rows: it waits where what is written to is slower than we are. */
  drain(): Promise<void>;
  end(): Promise<void>;
}

/** CSV files of one table each, `<table>.csv` with a header line. */
export interface RegistryFiles {
  readonly folder: string;
  readonly charset: "utf8" | "gb18030";
}

/** A registry on another database than PostgreSQL, while it is written. */
export interface DatabaseRegistry {
  /** Makes the shape's schema anew, with empty tables. */
  create(shape: RegistryShape): Promise<void>;
  table(name: string, columns: readonly string[]): RowTarget;
  /** After the rows: indexes and statistics. */
  finish(shape: RegistryShape): Promise<void>;
  close(): Promise<void>;
}

/** What becomes the registry: a database, in which the schema is made anew, or a folder of files. */
export type RegistryTarget =
  | { readonly registryUrl: string }
  | { readonly files: RegistryFiles }
  | { readonly openDatabase: () => Promise<DatabaseRegistry> };
