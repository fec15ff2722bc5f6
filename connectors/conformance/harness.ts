import type { Connector, KeyRange, SourceEntity, SourceRow } from "../connector.ts";
import type { Clock } from "../read-pace.ts";

export type LogicalType =
  | "text"
  | "varchar"
  | "char"
  | "integer"
  | "bigint"
  | "numeric"
  | "float"
  | "date"
  | "timestamp"
  | "timestamp-with-zone"
  | "boolean"
  | "uuid"
  | "bytes";

/** `default` is the database's own; the others are the nearest that the engine has. */
export type CollationName =
  | "default"
  | "binary"
  | "pinyin"
  | "case-insensitive"
  | "swedish"
  | "phonebook"
  | "turkish";

/** What an engine may lack; a case that needs it then means nothing there, and is reported with the reason. */
export type Feature =
  | LogicalType
  | CollationName
  | "infinite-dates"
  | "gb-database"
  | "column-rights"
  | "table-rights"
  /** Columns have types of their own, which can change and refuse a value. */
  | "column-types"
  | "key-index"
  | "queries"
  /** Users with passwords. */
  | "logins"
  /** Passwords that stop being valid. */
  | "password-expiry"
  /** Connections that the server can end. */
  | "sessions"
  /** Statements that the server can end while their connection stays. */
  | "cancel"
  /** Connections over TCP, so that a network can be cut. */
  | "network"
  /** Connections that may be asked to be TLS, and a server that refuses it. */
  | "tls"
  /** Empty text that is not NULL. */
  | "empty-text";

/**
 * Why a case that needs a feature means nothing. `engine`: it has none; `here`: it has, but this scratch schema (its
 * server, its rights) can't show it. `reason`: a key under `conformance.lack` of the texts.
 */
export interface Lack {
  readonly where: "engine" | "here";
  readonly reason: string;
}

export interface TableColumn {
  readonly name: string;
  readonly type: LogicalType;
  /** Characters of varchar and char, decimals of numeric. */
  readonly size?: number;
  readonly collation?: CollationName;
}

/** Bytes put into a text column as they are. */
export interface RawBytes {
  readonly hex: string;
}
export type Cell = string | null | RawBytes;

/** A scratch schema of one engine, and hands of its owner in it. Relations are named as a configuration names them. */
export interface ConformanceHarness {
  /** What it stands on, for reports: product and version. */
  readonly server: string;
  /** Null where it has the feature. */
  lackOf(feature: Feature): Lack | null;
  /** Creates a table readable by the role that `connect` uses, with an index on `index`; returns its relation name. */
  createTable(name: string, columns: readonly TableColumn[], index?: readonly string[]): Promise<string>;
  createView(name: string, relation: string): Promise<string>;
  /** A SELECT of all columns, as a person would write it. */
  selectAll(relation: string): string;
  insert(relation: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): Promise<void>;
  /** Creates a table of `id` (0 … rows − 1, indexed) and `filler` (100 letters), filled by the server itself. */
  createFilled(name: string, rows: number): Promise<string>;
  /** Sets one column in the row whose `id` is given. */
  update(relation: string, id: string, column: string, value: Cell): Promise<void>;
  dropColumn(relation: string, column: string): Promise<void>;
  changeType(relation: string, column: string, type: LogicalType): Promise<void>;
  dropTable(relation: string): Promise<void>;
  /** Takes the right to read one column, or the whole relation, from the reading role. */
  refuse(relation: string, column?: string): Promise<void>;
  /** A connector by the read-only role. The harness closes it after the case. */
  connect(options?: ConnectOptions): Connector;
  /** Sessions that the reading role has on the server now. */
  sessions(): Promise<number>;
  /** Ends all of them from the server's side. */
  killSessions(): Promise<void>;
  /** Ends the statements that they are at; the sessions stay. */
  cancelStatements(): Promise<void>;
  /** Where the server listens. */
  address(): { readonly host: string; readonly port: number };
  /** Makes the reading role's password one that is not valid any more, or valid again. */
  expirePassword(isExpired: boolean): Promise<void>;
  /** A harness over a database of this engine whose text is bytes in GB18030, and whose connectors are told so. */
  gbDatabase(): Promise<ConformanceHarness>;
  /** After each case. */
  closeConnectors(): Promise<void>;
  /** Removes what it created, and nothing else. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly clock?: Clock;
  readonly concurrentReads?: number;
  readonly charset?: "auto" | "utf8" | "gb18030" | "gbk";
  /** A wrong one, or a server that is not there. */
  readonly password?: string;
  readonly host?: string;
  readonly port?: number;
  /** Asks for TLS. */
  readonly tls?: boolean;
}

export interface ConformanceCase {
  /** Stable, `group/name`. */
  readonly id: string;
  readonly title: string;
  /** The requirement that it shows, where it is another than its group's. */
  readonly requirement?: string;
  /** Features without which the case means nothing. */
  readonly needs?: readonly Feature[];
  run(harness: ConformanceHarness): Promise<void>;
}

export const never: AbortSignal = new AbortController().signal;

/** The range that holds everything but NULL keys. */
export const wholeRange: KeyRange = { lower: null, upper: null, nullKeys: false };
export const nullRange: KeyRange = { lower: null, upper: null, nullKeys: true };

export function hasFeature(harness: ConformanceHarness, feature: Feature): boolean {
  return harness.lackOf(feature) === null;
}

export function sourceOf(
  relation: string,
  columns: readonly string[],
  more: Partial<SourceEntity> = {},
): SourceEntity {
  return {
    entity: "student",
    from: { relation },
    key: ["id"],
    columns: columns.map((column) => ({ field: column, column })),
    ...more,
  };
}

export async function readAll(
  connector: Connector,
  source: SourceEntity,
  range: KeyRange = wholeRange,
  pageRows = 1000,
): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const page of connector.readRange(source, range, { pageRows }, never)) rows.push(...page);
  return rows;
}

/** The sum that `hashRange` must give for these rows. */
export function sumOfHashes(rows: readonly SourceRow[]): string {
  return BigInt.asUintN(
    64,
    rows.reduce((sum, { hash }) => sum + BigInt(hash), 0n),
  ).toString();
}

/** Reproducible numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const keyCharacters = [
  ...Array.from("aAbBzZöäåÄßıİiI0129 '\"\\%_;-$|.,"),
  ...Array.from("王李张赵安徽合肥吕绿女儿重"),
  "𠮷",
  "\u00B7",
  "\uFF10",
  "\u{1F600}",
  "\t",
  "\n",
];

/** Keys that a hostile school would choose: quotes, backslashes, case pairs, Han, line breaks. */
export function hostileKeys(count: number, seed: number): string[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const length = Math.floor(random() * 5);
    return Array.from({ length }, () => keyCharacters[Math.floor(random() * keyCharacters.length)]).join("");
  });
}
