import { type FileHandle, mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { DuijieError } from "../../contracts/errors.ts";
import { type Entry, entryBytes, readEntry, writeEntry } from "./entry.ts";
import { systemCode } from "./file-access.ts";

const blockBytes = 1024 * 1024;
const readBytes = 64 * 1024;

/**
 * Entries on disk. The file has no name any more once it is open: it is gone when this process is, however that ends,
 * for keys may be what identifies a child.
 */
export class EntryFile {
  readonly #handle: FileHandle;
  readonly #folder: string;
  #block = Buffer.allocUnsafe(blockBytes);
  #used = 0;
  #size = 0;

  private constructor(handle: FileHandle, folder: string) {
    this.#handle = handle;
    this.#folder = folder;
  }

  static async create(workFolder: string): Promise<EntryFile> {
    try {
      await mkdir(workFolder, { recursive: true, mode: 0o700 });
      const folder = await mkdtemp(join(workFolder, "keys-"));
      try {
        return new EntryFile(await open(join(folder, "entries"), "wx+", 0o600), workFolder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    } catch (error) {
      throw workError(error, workFolder);
    }
  }

  /** Bytes written so far: where the next entry begins. */
  get size(): number {
    return this.#size + this.#used;
  }

  /** Returns true where `flush` is due. */
  add(entry: Entry): boolean {
    const needed = entryBytes(entry.key);
    if (this.#used + needed > this.#block.length) this.#grow(needed);
    this.#used = writeEntry(this.#block, this.#used, entry);
    return this.#used >= blockBytes / 2;
  }

  async flush(): Promise<void> {
    try {
      for (let at = 0; at < this.#used; ) {
        const { bytesWritten } = await this.#handle.write(this.#block, at, this.#used - at, this.#size + at);
        at += bytesWritten;
      }
    } catch (error) {
      throw workError(error, this.#folder);
    }
    this.#size += this.#used;
    this.#used = 0;
  }

  /** All written: nothing is added any more. */
  async finish(): Promise<void> {
    await this.flush();
    this.#block = Buffer.alloc(0);
  }

  /** Entries from one place to another, a handful at a time. */
  async *entries(from: number, to: number): AsyncGenerator<readonly Entry[]> {
    let buffer = Buffer.allocUnsafe(readBytes);
    for (let at = from; at < to; ) {
      const { bytesRead } = await this.#handle.read(buffer, 0, Math.min(buffer.length, to - at), at);
      const [some, used] = entriesIn(buffer, bytesRead);
      if (some.length === 0) buffer = Buffer.allocUnsafe(buffer.length * 2);
      else yield some;
      at += used;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(this.#used + Math.max(needed, blockBytes));
    this.#block.copy(larger, 0, 0, this.#used);
    this.#block = larger;
  }
}

function entriesIn(buffer: Buffer, end: number): [entries: Entry[], used: number] {
  const entries: Entry[] = [];
  let used = 0;
  for (let entry = readEntry(buffer, 0, end); entry !== null; entry = readEntry(buffer, used, end)) {
    entries.push(entry);
    used += entryBytes(entry.key);
  }
  return [entries, used];
}

function workError(error: unknown, folder: string): DuijieError {
  return new DuijieError("FILE_UNREADABLE", { file: folder, reason: systemCode(error) });
}
