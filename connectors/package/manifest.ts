import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { DuijieError, type ErrorParams } from "../../contracts/errors.ts";
import { contractsPath } from "../../contracts/package-root.ts";
import type { Charset } from "../charset.ts";

/** One file of a package. */
export interface PackageFile {
  readonly name: string;
  /** Without the header. */
  readonly rows: number;
  readonly bytes: number;
  /** Of all its bytes, in hex. */
  readonly sha256: string;
  readonly charset: Charset;
}

/** `manifest.json`, by `contracts/package-manifest.v1.schema.json`. */
export interface Manifest {
  readonly format: "duijie.package.v1";
  readonly province: string;
  readonly sequence: number;
  /** The package before; 0 where there is none. */
  readonly previous: number;
  readonly createdAt: string;
  readonly keyId: string;
  readonly files: readonly PackageFile[];
}

export const manifestName = "manifest.json";
export const signatureName = "manifest.sig";

let isManifest: ReturnType<typeof compiled> | undefined;

function compiled() {
  const schema: object = JSON.parse(readFileSync(contractsPath("package-manifest.v1.schema.json"), "utf8"));
  return new Ajv2020({ strict: true, formats: { "date-time": true } }).compile<Manifest>(schema);
}

/** PACKAGE_MALFORMED for bytes that are no manifest; the signature is verified before. */
export function parseManifest(bytes: Buffer, place: ErrorParams): Manifest {
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new DuijieError("PACKAGE_MALFORMED", { ...place, reason: "manifest-form" });
  }
  isManifest ??= compiled();
  if (isManifest(content)) return content;
  const at = isManifest.errors?.[0]?.instancePath ?? "";
  throw new DuijieError("PACKAGE_MALFORMED", { ...place, reason: "manifest-form", at: at === "" ? "/" : at });
}

export function manifestBytes(manifest: Manifest): Buffer {
  return Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`, "utf8");
}

/** What is signed: the manifest's bytes behind a mark of their own, so that no other signature of the key fits. */
function signedBytes(manifest: Buffer): Buffer {
  return Buffer.concat([Buffer.from("duijie.package.v1\n", "latin1"), manifest]);
}

/** `manifest.sig`: key id and signature (Ed25519, base64) on a line each. */
export function signatureText(manifest: Buffer, keyId: string, key: KeyObject): string {
  return `${keyId}\n${sign(null, signedBytes(manifest), key).toString("base64")}\n`;
}

export type PackageKeys = ReadonlyMap<string, KeyObject>;

/** The id of the key that signed these bytes. PACKAGE_SIGNATURE_INVALID with a reason; nothing is parsed before. */
export function verifySignature(
  manifest: Buffer,
  signature: string,
  keys: PackageKeys,
  place: ErrorParams,
): string {
  const [, keyId = "", text = ""] =
    /^([A-Za-z0-9._-]{1,64})\n([A-Za-z0-9+/]+={0,2})\n?$/.exec(signature) ?? [];
  if (keyId === "") throw invalid(place, "form", "unknown");
  const key = keys.get(keyId);
  if (key === undefined) throw invalid(place, "key-unknown", keyId);
  if (!verify(null, signedBytes(manifest), key, Buffer.from(text, "base64")))
    throw invalid(place, "wrong", keyId);
  return keyId;
}

function invalid(place: ErrorParams, reason: string, keyId: string): DuijieError {
  return new DuijieError("PACKAGE_SIGNATURE_INVALID", { ...place, reason, keyId });
}

/** KEY_FILE_INVALID for a file that is missing, no public Ed25519 key in PEM, or an id that stands twice. */
export function readPackageKeys(
  files: readonly { readonly id: string; readonly publicKeyFile: string }[],
): PackageKeys {
  const keys = new Map<string, KeyObject>();
  for (const { id, publicKeyFile } of files) {
    if (keys.has(id)) throw new DuijieError("KEY_FILE_INVALID", { file: publicKeyFile, reason: "id-twice" });
    const pem = readKeyFile(publicKeyFile);
    if (pem.includes("PRIVATE KEY"))
      throw new DuijieError("KEY_FILE_INVALID", { file: publicKeyFile, reason: "private-key" });
    keys.set(
      id,
      ed25519(publicKeyFile, () => createPublicKey(pem)),
    );
  }
  return keys;
}

export function readPrivateKey(file: string): KeyObject {
  const pem = readKeyFile(file);
  return ed25519(file, () => createPrivateKey(pem));
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new DuijieError("KEY_FILE_INVALID", { file, reason: "unreadable" }, error);
  }
}

/** The cause is dropped: a parser's message may quote the key. */
function ed25519(file: string, parse: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = parse();
  } catch {
    throw new DuijieError("KEY_FILE_INVALID", { file, reason: "not-pem" });
  }
  if (key.asymmetricKeyType !== "ed25519")
    throw new DuijieError("KEY_FILE_INVALID", { file, reason: "not-ed25519" });
  return key;
}
