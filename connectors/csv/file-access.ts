import { type FileHandle, open, stat } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";
import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";
import type { SourceEntity } from "../connector.ts";

/** A file of one entity: `table` is its name in the configuration, `file` where that leads. */
export interface SourceFile {
  readonly path: string;
  readonly place: ErrorParams;
}

/** CONFIG_INVALID for a query, SOURCE_CHANGED for a name that leads out of the folder. */
export function sourceFile(folder: string, { entity, from }: SourceEntity): SourceFile {
  if ("query" in from) {
    throw new DuijieError("CONFIG_INVALID", { setting: `registry.entities.${entity}.query`, engine: "csv" });
  }
  const name = normalize(from.relation);
  const path = join(folder, name);
  const place = { entity, table: from.relation, file: path };
  const isInside = from.relation !== "" && !isAbsolute(name) && !/^\.\.?([/\\]|$)/.test(name);
  if (!isInside) throw new DuijieError("SOURCE_CHANGED", { ...place, reason: "file-outside" });
  return { path, place };
}

export async function openSource(folder: string, { path, place }: SourceFile): Promise<FileHandle> {
  try {
    const handle = await open(path, "r");
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (error) {
    throw await fileError(error, folder, place);
  }
  throw new DuijieError("SOURCE_CHANGED", { ...place, reason: "file-missing" });
}

/** The folder itself: a share that is not mounted comes back by itself, a missing file does not. */
export async function askFolder(folder: string): Promise<void> {
  try {
    if ((await stat(folder)).isDirectory()) return;
  } catch (error) {
    throw folderError(error, folder);
  }
  throw new DuijieError("SOURCE_REFUSED", { folder, reason: "ENOTDIR" });
}

/** Our error for the system's, which names the path and nothing of the file. */
export async function fileError(cause: unknown, folder: string, place: ErrorParams): Promise<DuijieError> {
  if (cause instanceof DuijieError) return cause;
  const reason = systemCode(cause);
  if (reason === "EACCES" || reason === "EPERM")
    return new DuijieError("SOURCE_REFUSED", { ...place, reason });
  if (!["ENOENT", "ENOTDIR", "EISDIR", "ENAMETOOLONG", "EINVAL"].includes(reason)) {
    return new DuijieError("SOURCE_UNREACHABLE", { ...place, reason });
  }
  const isThere = await stat(folder).catch(() => null);
  if (isThere === null) return new DuijieError("SOURCE_UNREACHABLE", { ...place, folder, reason });
  return new DuijieError("SOURCE_CHANGED", { ...place, reason: "file-missing" });
}

function folderError(error: unknown, folder: string): DuijieError {
  const reason = systemCode(error);
  const code = reason === "EACCES" || reason === "EPERM" ? "SOURCE_REFUSED" : "SOURCE_UNREACHABLE";
  return new DuijieError(code, { folder, reason });
}

export function systemCode(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "unknown";
}

/** Equal as long as the file is neither replaced nor written to. */
export async function identityOf(handle: FileHandle): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

const chunkBytes = 1024 * 1024;

/** The file from `from` on, a megabyte at a time; a chunk is the reader's until it asks for the next. */
export async function* chunksOf(
  handle: FileHandle,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  for (let at = from; ; ) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, chunkBytes, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
