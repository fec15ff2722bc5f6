import { createHash } from "node:crypto";
import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";
import { chunksOf, fileError, identityOf, openSource, type SourceFile } from "../csv/file-access.ts";
import type { FoundFile } from "./package-chain.ts";

/** A file whose bytes are those that were signed, and what it was when it was looked at. */
export interface ProvenFile {
  readonly identity: string;
}

/** Reads all of it. PACKAGE_FILE_WRONG with what differs: it is missing, its length, its digest. */
export async function proveBytes(
  folder: string,
  { path, place }: SourceFile,
  { file }: FoundFile,
  signal: AbortSignal,
): Promise<ProvenFile> {
  const handle = await openSource(folder, { path, place }).catch((error: unknown) => {
    throw isMissing(error) ? wrong(place, "not-in-package") : error;
  });
  try {
    const identity = await identityOf(handle);
    const { size } = await handle.stat();
    if (size !== file.bytes) throw wrong(place, "bytes", { found: size, expected: file.bytes });
    const digest = createHash("sha256");
    for await (const chunk of chunksOf(handle, 0, signal)) digest.update(chunk);
    if (digest.digest("hex") !== file.sha256) throw wrong(place, "digest");
    return { identity };
  } catch (error) {
    signal.throwIfAborted();
    throw await fileError(error, folder, place);
  } finally {
    await handle.close();
  }
}

/** The file now; SOURCE_CHANGED where it is no longer the one that was proven. */
export async function confirmSame(folder: string, file: SourceFile, { identity }: ProvenFile): Promise<void> {
  const handle = await openSource(folder, file);
  try {
    if ((await identityOf(handle)) === identity) return;
  } finally {
    await handle.close();
  }
  throw new DuijieError("SOURCE_CHANGED", { ...file.place, reason: "file-changing" });
}

export function wrong(place: ErrorParams, reason: string, more: ErrorParams = {}): DuijieError {
  return new DuijieError("PACKAGE_FILE_WRONG", { ...place, reason, ...more });
}

function isMissing(error: unknown): boolean {
  return error instanceof DuijieError && error.params["reason"] === "file-missing";
}
