import { join } from "node:path";
import { DuijieError } from "../../contracts/errors.ts";
import type { Charset } from "../charset.ts";
import { failure } from "../check-attempt.ts";
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
import { CsvConnector } from "../csv/csv-connector.ts";
import { type SourceFile, sourceFile } from "../csv/file-access.ts";
import { confirmSame, type ProvenFile, proveBytes, wrong } from "./file-proof.ts";
import { type PackageKeys, readPackageKeys } from "./manifest.ts";
import { csvOptions, type PackageDependencies, type PackageOptions } from "./options.ts";
import { type FoundFile, newestFile, type Package, readChain } from "./package-chain.ts";

/** An entity's file in the package that holds it, proven, and who reads it. */
interface Opened {
  readonly reader: CsvConnector;
  readonly source: SourceEntity;
  readonly file: SourceFile;
  readonly proven: ProvenFile;
}

/**
 * A registry of signed packages. Of each file the newest package's counts, whole; before anything is read the chain has
 * no gap, every manifest is signed, and the file is proven byte for byte and row for row. Reading itself is the CSV
 * engine's.
 */
export class PackageConnector implements Connector {
  readonly engine = "package";
  /** Those of the files. */
  readonly capabilities: ConnectorCapabilities;
  readonly #options: PackageOptions;
  readonly #dependencies: PackageDependencies;
  readonly #readers = new Map<Charset, CsvConnector>();
  readonly #proven = new Map<string, Promise<ProvenFile>>();
  #keys: PackageKeys | null = null;
  #chain: Promise<readonly Package[]> | null = null;

  constructor(options: PackageOptions, dependencies: PackageDependencies = {}) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.capabilities = this.#readerOf("utf8").capabilities;
  }

  async check(sources: readonly SourceEntity[], signal: AbortSignal): Promise<readonly CheckFinding[]> {
    const findings: CheckFinding[] = [];
    try {
      const chain = await this.#packages();
      const detail = { folder: this.#options.folder, packages: chain.length, newest: newestOf(chain) };
      findings.push({ ok: true, subject: "server", detail });
    } catch (error) {
      return [failure("server", error)];
    }
    for (const source of sources) findings.push(...(await this.#checkOne(source, signal)));
    return findings;
  }

  async count(source: SourceEntity, signal: AbortSignal): Promise<number> {
    const opened = await this.#open(source, signal);
    return await opened.reader.count(opened.source, signal);
  }

  async counties(
    source: SourceEntity,
    signal: AbortSignal,
  ): Promise<readonly { county: string | null; rows: number }[]> {
    const opened = await this.#open(source, signal);
    return await opened.reader.counties(opened.source, signal);
  }

  async planRanges(
    source: SourceEntity,
    rowsPerRange: number,
    signal: AbortSignal,
  ): Promise<readonly KeyRange[]> {
    const opened = await this.#open(source, signal);
    return await opened.reader.planRanges(opened.source, rowsPerRange, signal);
  }

  async *readRange(
    source: SourceEntity,
    range: KeyRange,
    limits: ReadLimits,
    signal: AbortSignal,
  ): AsyncGenerator<readonly SourceRow[]> {
    const opened = await this.#open(source, signal);
    yield* opened.reader.readRange(opened.source, range, limits, signal);
    // What was read is only landed once the whole range has come.
    await confirmSame(this.#options.folder, opened.file, opened.proven);
  }

  async hashRange(source: SourceEntity, range: KeyRange, signal: AbortSignal): Promise<RangeHash> {
    const opened = await this.#open(source, signal);
    return await opened.reader.hashRange(opened.source, range, signal);
  }

  async close(): Promise<void> {
    for (const reader of this.#readers.values()) await reader.close();
  }

  async #checkOne(source: SourceEntity, signal: AbortSignal): Promise<readonly CheckFinding[]> {
    const { entity } = source;
    try {
      const { reader, source: own } = await this.#open(source, signal);
      const findings = await reader.check([own], signal);
      return findings.filter((finding) => finding.entity !== undefined);
    } catch (error) {
      return [{ ...failure("table", error), entity }];
    }
  }

  /** The chain as it was when this connector first asked; `follow` asks each time. */
  async #packages(): Promise<readonly Package[]> {
    this.#keys ??= readPackageKeys(this.#options.keys);
    if (this.#options.changes === "follow") return await readChain(this.#options, this.#keys);
    const chain = (this.#chain ??= readChain(this.#options, this.#keys));
    try {
      return await chain;
    } catch (error) {
      // A package that was missing may have come when the question is asked again.
      this.#chain = null;
      throw error;
    }
  }

  async #open(source: SourceEntity, signal: AbortSignal): Promise<Opened> {
    const { folder } = this.#options;
    // Names that lead elsewhere and queries are refused as by the CSV engine.
    const { place } = sourceFile(folder, source);
    const name = "relation" in source.from ? source.from.relation : "";
    const found = newestFile(await this.#packages(), name);
    if (found === null) throw new DuijieError("SOURCE_CHANGED", { ...place, reason: "file-missing" });
    const file = placed(folder, found, source);
    const reader = this.#readerOf(found.file.charset);
    const own = { ...source, from: { relation: join(found.package.name, name) } };
    return { reader, source: own, file, proven: await this.#prove(reader, own, file, found, signal) };
  }

  /** Once a file: packages do not change, and one that does is found out when it is read. */
  async #prove(
    reader: CsvConnector,
    source: SourceEntity,
    file: SourceFile,
    found: FoundFile,
    signal: AbortSignal,
  ): Promise<ProvenFile> {
    const known = this.#proven.get(file.path);
    if (known !== undefined) return await known;
    const proving = this.#proveOnce(reader, source, file, found, signal);
    this.#proven.set(file.path, proving);
    try {
      return await proving;
    } catch (error) {
      this.#proven.delete(file.path);
      throw error;
    }
  }

  async #proveOnce(
    reader: CsvConnector,
    source: SourceEntity,
    file: SourceFile,
    found: FoundFile,
    signal: AbortSignal,
  ): Promise<ProvenFile> {
    const { folder } = this.#options;
    const proven = await proveBytes(folder, file, found, signal);
    const { scope: _all, ...whole } = source;
    const rows = await reader.count(whole, signal);
    if (rows !== found.file.rows) throw wrong(file.place, "rows", { found: rows, expected: found.file.rows });
    await confirmSame(folder, file, proven);
    return proven;
  }

  #readerOf(charset: Charset): CsvConnector {
    const known = this.#readers.get(charset);
    if (known !== undefined) return known;
    const reader = new CsvConnector(csvOptions(this.#options, charset), this.#dependencies);
    this.#readers.set(charset, reader);
    return reader;
  }
}

function placed(folder: string, found: FoundFile, { entity }: SourceEntity): SourceFile {
  const path = join(folder, found.package.name, found.file.name);
  return { path, place: { entity, package: found.package.name, file: found.file.name } };
}

function newestOf(chain: readonly Package[]): number {
  return chain.at(-1)?.manifest.sequence ?? 0;
}
