import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from "node:crypto";
import { open } from "node:fs/promises";
import { DuijieError } from "../contracts/errors.ts";
import { type Headers, isProvince, type Party, partyOf } from "./envelope.ts";
import { parseTopic } from "./topics.ts";

export interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
}

export interface VerifyingKey {
  readonly id: string;
  readonly owner: Party;
  readonly publicKey: KeyObject;
}

/** Key id → key. Several keys of one owner may be valid at once, so that keys can be exchanged in running work. */
export type Keyring = ReadonlyMap<string, VerifyingKey>;

/**
 * The bytes that are signed: the `ce_` headers except the signature, sorted by name, each `name` NUL `byte length` NUL
 * `value` newline, then the value. The length keeps a value that holds a newline or NUL from passing for two headers.
 * A value beginning like a header could pass for one; values are gzip and the envelope is closed, so none can.
 */
export function signedBytes(headers: Headers, value: Uint8Array): Buffer {
  const names = Object.keys(headers).filter((name) => name.startsWith("ce_") && name !== "ce_signature");
  const parts: Buffer[] = [];
  for (const name of names.toSorted()) {
    const text = Buffer.from(headers[name] ?? "", "utf8");
    parts.push(Buffer.from(`${name}\0${text.length}\0`, "latin1"), text, Buffer.from("\n"));
  }
  return Buffer.concat([...parts, value]);
}

/** The headers with `ce_keyid` and `ce_signature` (Ed25519, base64): what is kept and sent with exactly these value bytes. */
export function sign(headers: Headers, value: Uint8Array, key: SigningKey): Headers {
  const { ce_signature: _old, ...rest } = headers;
  const named = { ...rest, ce_keyid: key.id };
  if (!hasPlainNames(named)) throw new DuijieError("MESSAGE_MALFORMED", { header: "unknown" });
  const signature = signBytes(null, signedBytes(named, value), key.privateKey).toString("base64");
  return { ...named, ce_signature: signature };
}

/** Who signed. Throws SIGNATURE_INVALID with a reason: missing, unknown key, wrong. Nothing is parsed before. */
export function verify(headers: Headers, value: Uint8Array, ring: Keyring): VerifyingKey {
  const keyId = headers["ce_keyid"];
  const signature = headers["ce_signature"];
  if (keyId === undefined || signature === undefined) throw invalid("missing");
  const key = ring.get(keyId);
  if (key === undefined) throw invalid("key-unknown");
  if (!hasPlainNames(headers)) throw invalid("header-name", key.id);
  const bytes = Buffer.from(signature, "base64");
  // Buffer skips what is no base64; two texts for one signature would make two messages of one.
  if (bytes.toString("base64") !== signature) throw invalid("wrong", key.id);
  if (!verifyBytes(null, signedBytes(headers, value), key.publicKey, bytes)) throw invalid("wrong", key.id);
  return key;
}

/**
 * Verifies the signature, and that the sender may write here: source of the envelope = owner of the key, and on `up`
 * topics = the topic's province, on `down` topics = the nation. Returns the topic's province. Throws SIGNATURE_INVALID,
 * then PROVINCE_FOREIGN, MESSAGE_MALFORMED for a source that names no side.
 */
export function verifyMessage(
  message: { readonly topic: string; readonly headers: Headers; readonly value: Uint8Array },
  ring: Keyring,
): { readonly key: VerifyingKey; readonly province: string } {
  const key = verify(message.headers, message.value, ring);
  const source = partyOf(message.headers["ce_source"] ?? "");
  const topic = parseTopic(message.topic);
  const writer = topic?.direction === "up" ? topic.province : "nation";
  if (topic === null || source !== writer || key.owner !== writer) {
    throw new DuijieError("PROVINCE_FOREIGN", { topic: message.topic, source, keyOwner: key.owner });
  }
  return { key, province: topic.province };
}

/** Throws KEY_FILE_INVALID: missing, not a PKCS8 PEM, not Ed25519, or readable by others than its owner. */
export async function loadSigningKey(id: string, file: string): Promise<SigningKey> {
  const pem = await readKeyFile(file, true);
  const privateKey = parseKey(file, () => createPrivateKey(pem));
  return { id, privateKey };
}

/** Throws KEY_FILE_INVALID: missing, not an SPKI PEM, not Ed25519, or a private key where a public one belongs. */
export async function loadVerifyingKey(id: string, owner: Party, file: string): Promise<VerifyingKey> {
  const pem = await readKeyFile(file, false);
  // node:crypto would derive the public key from a private one: then somebody's private key lies where it must not.
  if (pem.includes("PRIVATE KEY")) throw keyFileInvalid(file, "private-key");
  return { id, owner, publicKey: parseKey(file, () => createPublicKey(pem)) };
}

/** Throws KEY_FILE_INVALID when two keys share an id. */
export function keyring(keys: readonly VerifyingKey[]): Keyring {
  const ring = new Map<string, VerifyingKey>();
  for (const key of keys) {
    if (key.owner !== "nation" && !isProvince(key.owner)) throw keyFileInvalid(key.id, "owner-unknown");
    if (ring.has(key.id)) throw keyFileInvalid(key.id, "id-twice");
    ring.set(key.id, key);
  }
  return ring;
}

/** A new pair as PEM texts. Write the private one with mode 0600. */
export function createKeyPair(): { readonly privatePem: string; readonly publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    privatePem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

/** A name with a NUL could imitate the framing of `signedBytes`. */
function hasPlainNames(headers: Headers): boolean {
  return Object.keys(headers).every((name) => !name.startsWith("ce_") || /^ce_[a-z0-9]{1,64}$/.test(name));
}

async function readKeyFile(file: string, isSecret: boolean): Promise<string> {
  const unreadable = (cause: unknown): never => {
    throw keyFileInvalid(file, "unreadable", cause);
  };
  const handle = await open(file, "r").catch(unreadable);
  try {
    // Asked of the open file, not of its path: the two could differ.
    const { mode } = await handle.stat();
    if (isSecret && (mode & 0o077) !== 0) throw keyFileInvalid(file, "readable-by-others");
    return await handle.readFile("utf8").catch(unreadable);
  } finally {
    await handle.close();
  }
}

function parseKey(file: string, parse: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = parse();
  } catch {
    // The cause is dropped: a parser's message may quote the key.
    throw keyFileInvalid(file, "not-pem");
  }
  if (key.asymmetricKeyType !== "ed25519") throw keyFileInvalid(file, "not-ed25519");
  return key;
}

function invalid(reason: string, keyId = "unknown"): DuijieError {
  return new DuijieError("SIGNATURE_INVALID", { reason, keyId });
}

function keyFileInvalid(file: string, reason: string, cause?: unknown): DuijieError {
  return new DuijieError("KEY_FILE_INVALID", { file, reason }, cause);
}
