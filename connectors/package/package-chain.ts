import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";
import { askFolder, systemCode } from "../csv/file-access.ts";
import {
  type Manifest,
  manifestName,
  type PackageFile,
  type PackageKeys,
  parseManifest,
  signatureName,
  verifySignature,
} from "./manifest.ts";

export interface Package {
  /** The folder's name within the folder of packages. */
  readonly name: string;
  readonly manifest: Manifest;
}

export interface ChainOptions {
  readonly folder: string;
  readonly province: string;
  readonly firstSequence: number;
}

/** A file in the newest package that holds one of its name. */
export interface FoundFile {
  readonly package: Package;
  readonly file: PackageFile;
}

/** Missing numbers that are named one by one; of more the first ones. */
const namedMax = 20;

/**
 * All packages of a folder in the order of their numbers: each signed by a known key, of this province, and none missing
 * between the first that is expected and the newest. What can't be proven is an error by name, never left out.
 */
export async function readChain(options: ChainOptions, keys: PackageKeys): Promise<readonly Package[]> {
  await askFolder(options.folder);
  const packages: Package[] = [];
  for (const name of await packageNames(options.folder))
    packages.push(await readPackage(options, name, keys));
  const sorted = packages
    .filter(({ manifest }) => manifest.sequence >= options.firstSequence)
    .toSorted((one, other) => one.manifest.sequence - other.manifest.sequence);
  refuseDoubled(sorted);
  refuseGaps(sorted, options.firstSequence);
  return sorted;
}

export function newestFile(chain: readonly Package[], name: string): FoundFile | null {
  for (const one of chain.toReversed()) {
    const file = one.manifest.files.find((candidate) => candidate.name === name);
    if (file !== undefined) return { package: one, file };
  }
  return null;
}

/** Folders alone; names that begin with a dot are those of copies under way. */
async function packageNames(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map(({ name }) => name)
      .toSorted();
  } catch (error) {
    throw new DuijieError("SOURCE_REFUSED", { folder, reason: systemCode(error) });
  }
}

async function readPackage(
  { folder, province }: ChainOptions,
  name: string,
  keys: PackageKeys,
): Promise<Package> {
  const place = { package: name };
  const bytes = await part(join(folder, name, manifestName), { ...place, reason: "manifest-missing" });
  const signature = await part(join(folder, name, signatureName), { ...place, reason: "signature-missing" });
  const keyId = verifySignature(bytes, signature.toString("utf8"), keys, place);
  const manifest = parseManifest(bytes, place);
  if (manifest.keyId !== keyId)
    throw new DuijieError("PACKAGE_SIGNATURE_INVALID", { ...place, reason: "key-other", keyId });
  if (manifest.province !== province)
    throw new DuijieError("PACKAGE_FOREIGN", { ...place, found: manifest.province, expected: province });
  const names = manifest.files.map((file) => file.name);
  if (new Set(names).size !== names.length)
    throw new DuijieError("PACKAGE_MALFORMED", { ...place, reason: "file-twice" });
  return { name, manifest };
}

/** A package that is still being copied has no manifest yet: it is written last. */
async function part(file: string, absent: ErrorParams): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const reason = systemCode(error);
    if (reason === "ENOENT") throw new DuijieError("PACKAGE_MALFORMED", absent);
    throw new DuijieError("SOURCE_REFUSED", { file, reason });
  }
}

function refuseDoubled(sorted: readonly Package[]): void {
  for (const [at, { manifest, name }] of sorted.entries()) {
    const before = sorted[at - 1];
    if (before?.manifest.sequence !== manifest.sequence) continue;
    const { sequence } = manifest;
    throw new DuijieError("PACKAGE_MALFORMED", {
      package: name,
      reason: "sequence-twice",
      sequence,
      other: before.name,
    });
  }
}

function refuseGaps(sorted: readonly Package[], first: number): void {
  const missing: number[] = [];
  let expected = first;
  for (const { manifest } of sorted) {
    for (; expected < manifest.sequence && missing.length < namedMax; expected += 1) missing.push(expected);
    expected = manifest.sequence + 1;
  }
  if (sorted.length === 0) missing.push(first);
  const newest = sorted.at(-1)?.manifest.sequence ?? 0;
  if (missing.length > 0) throw new DuijieError("PACKAGE_MISSING", { missing: missing.join(", "), newest });
  for (const { manifest, name } of sorted) {
    if (manifest.previous !== manifest.sequence - 1)
      throw new DuijieError("PACKAGE_MALFORMED", {
        package: name,
        reason: "previous",
        found: manifest.previous,
      });
  }
}
