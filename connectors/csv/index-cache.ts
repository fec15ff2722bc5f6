import type { FileHandle } from "node:fs/promises";
import { DuijieError } from "../../contracts/errors.ts";
import type { SourceEntity } from "../connector.ts";
import { identityOf, openSource, sourceFile } from "./file-access.ts";
import { digestOf, type FileIndex, indexFile } from "./file-index.ts";
import type { CsvOptions } from "./options.ts";

interface Known {
  index: FileIndex;
  /** May be newer than the index's own: the file was touched, its bytes are the same. */
  identity: string;
}

/** The indexes of one connector's files, each made at first need and kept as long as its file stays what it was. */
export class IndexCache {
  readonly #options: CsvOptions;
  readonly #known = new Map<string, Known>();
  readonly #building = new Map<string, Promise<FileIndex>>();
  readonly #outdated: FileIndex[] = [];

  constructor(options: CsvOptions) {
    this.#options = options;
  }

  /** The file opened, and its index. The handle is the caller's to close. */
  async open(source: SourceEntity, signal: AbortSignal): Promise<{ handle: FileHandle; index: FileIndex }> {
    const handle = await openSource(this.#options.folder, sourceFile(this.#options.folder, source));
    try {
      return { handle, index: await this.#indexOf(handle, source, signal) };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Throws SOURCE_CHANGED where the file is no longer the one that was indexed. */
  async confirm(handle: FileHandle, source: SourceEntity): Promise<void> {
    const known = this.#known.get(nameOf(source));
    if (known?.identity !== (await identityOf(handle))) throw this.#changed(source);
  }

  async close(): Promise<void> {
    const indexes = [...this.#outdated.splice(0), ...[...this.#known.values()].map(({ index }) => index)];
    this.#known.clear();
    for (const { keys } of indexes) await keys.close();
  }

  async #indexOf(handle: FileHandle, source: SourceEntity, signal: AbortSignal): Promise<FileIndex> {
    const name = nameOf(source);
    // Another reader's pass over the file serves this one too; where it fails or is aborted, this one begins its own.
    for (let other = this.#building.get(name); other !== undefined; other = this.#building.get(name)) {
      await other.catch(() => undefined);
      signal.throwIfAborted();
    }
    const known = await this.#stillKnown(handle, source, signal);
    if (known !== null) return known;
    const building = this.#build(handle, source, signal);
    this.#building.set(name, building);
    try {
      return await building;
    } finally {
      this.#building.delete(name);
    }
  }

  async #build(handle: FileHandle, source: SourceEntity, signal: AbortSignal): Promise<FileIndex> {
    const { place } = sourceFile(this.#options.folder, source);
    const index = await indexFile(handle, source, this.#options, place, signal);
    this.#known.set(nameOf(source), { index, identity: index.identity });
    return index;
  }

  async #stillKnown(
    handle: FileHandle,
    source: SourceEntity,
    signal: AbortSignal,
  ): Promise<FileIndex | null> {
    const known = this.#known.get(nameOf(source));
    if (known === undefined) return null;
    const identity = await identityOf(handle);
    if (identity === known.identity) return known.index;
    if ((await digestOf(handle, known.index.header.markBytes, signal)) === known.index.digest) {
      known.identity = identity;
      return known.index;
    }
    if (this.#options.changes === "refuse") throw this.#changed(source);
    this.#known.delete(nameOf(source));
    // Whoever still reads by it is told by `confirm`; its entries have to stay readable until then.
    this.#outdated.push(known.index);
    return null;
  }

  #changed(source: SourceEntity): DuijieError {
    const { place } = sourceFile(this.#options.folder, source);
    return new DuijieError("SOURCE_CHANGED", { ...place, reason: "file-changed" });
  }
}

function nameOf({ from, key, countyColumn, phaseColumn }: SourceEntity): string {
  return JSON.stringify([from, key, countyColumn ?? null, phaseColumn ?? null]);
}
