import { createHash, type KeyObject } from "node:crypto";
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuijieError } from "../../contracts/errors.ts";
import type { Charset } from "../charset.ts";
import type { SourceEntity } from "../connector.ts";
import { CsvConnector } from "../csv/csv-connector.ts";
import { chunksOf, openSource, systemCode } from "../csv/file-access.ts";
import { readHeader } from "../csv/file-header.ts";
import type { CsvOptions } from "../csv/options.ts";
import {
  type Manifest,
  manifestBytes,
  manifestName,
  type PackageFile,
  signatureName,
  signatureText,
} from "./manifest.ts";

export interface PackageWanted {
  /** Where the packages are. */
  readonly folder: string;
  /** Where the files are that go into this one; every `.csv` of it. */
  readonly from: string;
  readonly province: string;
  /** The number after the newest in the folder where left out. */
  readonly sequence?: number;
  readonly keyId: string;
  readonly key: KeyObject;
  readonly charset: Charset;
  readonly separator: CsvOptions["separator"];
  readonly workFolder: string;
  readonly createdAt: Date;
}

/**
 * Writes and signs the next package. Every file is read to its end first: one that the other side would refuse is no
 * package. The folder appears under its name when all is in it.
 */
export async function makePackage(wanted: PackageWanted, signal: AbortSignal): Promise<Manifest> {
  const names = await csvNames(wanted.from);
  if (names.length === 0) throw new DuijieError("FILE_UNREADABLE", { file: wanted.from, reason: "no-csv" });
  const sequence = wanted.sequence ?? (await newestNumber(wanted.folder)) + 1;
  const target = join(wanted.folder, packageName(sequence));
  const draft = join(wanted.folder, `.${packageName(sequence)}`);
  if ((await stat(target).catch(() => null)) !== null) throw new DuijieError("FILE_EXISTS", { file: target });
  try {
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true, mode: 0o700 });
    const files: PackageFile[] = [];
    for (const name of names) files.push(await addFile(wanted, draft, name, signal));
    const manifest: Manifest = {
      format: "duijie.package.v1",
      province: wanted.province,
      sequence,
      previous: sequence - 1,
      createdAt: wanted.createdAt.toISOString(),
      keyId: wanted.keyId,
      files,
    };
    const bytes = manifestBytes(manifest);
    await writeFile(join(draft, manifestName), bytes, { mode: 0o600 });
    await writeFile(join(draft, signatureName), signatureText(bytes, wanted.keyId, wanted.key), {
      mode: 0o600,
    });
    await rename(draft, target);
    return manifest;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (error instanceof DuijieError) throw error;
    throw new DuijieError("FILE_UNREADABLE", { file: target, reason: systemCode(error) }, error);
  }
}

export function packageName(sequence: number): string {
  return String(sequence).padStart(6, "0");
}

async function csvNames(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => name.endsWith(".csv") && !name.startsWith(".")).toSorted();
  } catch (error) {
    throw new DuijieError("FILE_UNREADABLE", { file: folder, reason: systemCode(error) }, error);
  }
}

async function newestNumber(folder: string): Promise<number> {
  const names = await readdir(folder).catch((error: unknown) => {
    const reason = systemCode(error);
    // The first package makes the folder. Any other fault must not pass for a folder without packages.
    if (reason === "ENOENT") return [];
    throw new DuijieError("FILE_UNREADABLE", { file: folder, reason }, error);
  });
  return Math.max(0, ...names.filter((name) => /^\d{6,9}$/.test(name)).map(Number));
}

async function addFile(
  wanted: PackageWanted,
  draft: string,
  name: string,
  signal: AbortSignal,
): Promise<PackageFile> {
  await copyFile(join(wanted.from, name), join(draft, name));
  const options: CsvOptions = {
    folder: draft,
    charset: wanted.charset,
    separator: wanted.separator,
    nullText: "",
    changes: "refuse",
    workFolder: wanted.workFolder,
    concurrentReads: 1,
  };
  const file = { path: join(draft, name), place: { file: join(wanted.from, name) } };
  const handle = await openSource(draft, file);
  try {
    const { names } = await readHeader(handle, options, file.place, signal);
    const digest = createHash("sha256");
    let bytes = 0;
    for await (const chunk of chunksOf(handle, 0, signal)) {
      digest.update(chunk);
      bytes += chunk.length;
    }
    const rows = await rowsOf(options, name, names[0] ?? "", signal);
    return { name, rows, bytes, sha256: digest.digest("hex"), charset: wanted.charset };
  } finally {
    await handle.close();
  }
}

/** Counted as they will be read, which also finds what is wrong with the file. */
async function rowsOf(
  options: CsvOptions,
  name: string,
  column: string,
  signal: AbortSignal,
): Promise<number> {
  const source: SourceEntity = {
    entity: "student",
    from: { relation: name },
    key: [column],
    columns: [{ field: column, column }],
  };
  const reader = new CsvConnector(options);
  try {
    return await reader.count(source, signal);
  } finally {
    await reader.close();
  }
}
