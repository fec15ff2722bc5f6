import { randomBytes } from "node:crypto";
import { Ajv2020 } from "ajv/dist/2020.js";
import { type EntityName, entityNames } from "../contracts/entity.ts";
import schema from "../contracts/envelope.v1.schema.json" with { type: "json" };
import { DuijieError } from "../contracts/errors.ts";

export type Headers = Readonly<Record<string, string>>;

/** A side of the exchange: the nation, or a province by the first two digits of its region code. */
export type Party = "nation" | `${number}`;

/**
 * The frame of every message, as CloudEvents 1.0 attributes. No clock: nothing is ordered or refused by time.
 */
export interface Envelope {
  /** Unique per source; a batch's number for a batch. */
  readonly id: string;
  readonly source: Party;
  /** Name and version, such as `student.batch.v1`. */
  readonly type: string;
  readonly mappingVersion: number | null;
  readonly recordCount: number | null;
  /** The key that signs; `sign` and `verify` use it. */
  readonly keyId: string;
  readonly encryptionKeyId: string | null;
  /** W3C `traceparent`, handed on from chunk to receipt. Not signed: it decides nothing. */
  readonly traceParent: string | null;
}

export interface MessageType {
  /** Without its version: `student.batch`, `receipt`. */
  readonly name: string;
  readonly version: number;
}

const isEnvelope = new Ajv2020({ strict: true, allErrors: false }).compile(schema);

/** The headers to sign and send. Throws MESSAGE_MALFORMED when a value breaks the envelope's schema. */
export function buildHeaders(envelope: Envelope): Headers {
  const headers: Record<string, string> = {
    ce_specversion: "1.0",
    ce_id: envelope.id,
    ce_source: sourceOf(envelope.source),
    ce_type: envelope.type,
    ce_keyid: envelope.keyId,
    "content-type": "application/json",
    "content-encoding": "gzip",
  };
  if (envelope.mappingVersion !== null) headers["ce_mappingversion"] = String(envelope.mappingVersion);
  if (envelope.recordCount !== null) headers["ce_recordcount"] = String(envelope.recordCount);
  if (envelope.encryptionKeyId !== null) headers["ce_encryptionkeyid"] = envelope.encryptionKeyId;
  if (envelope.traceParent !== null) headers["traceparent"] = envelope.traceParent;
  checkHeaders(headers);
  return headers;
}

/** Call it after `verifyMessage`: nothing of a message is believed before its signature. Throws MESSAGE_MALFORMED. */
export function parseHeaders(headers: Headers): Envelope {
  checkHeaders(headers);
  return {
    id: header(headers, "ce_id"),
    source: partyOf(header(headers, "ce_source")),
    type: header(headers, "ce_type"),
    mappingVersion: count(headers["ce_mappingversion"]),
    recordCount: count(headers["ce_recordcount"]),
    keyId: header(headers, "ce_keyid"),
    encryptionKeyId: headers["ce_encryptionkeyid"] ?? null,
    traceParent: headers["traceparent"] ?? null,
  };
}

/** Splits the version off. Throws MESSAGE_MALFORMED for a type without one. */
export function parseType(type: string): MessageType {
  const [, name, version] = /^(.+)\.v([1-9][0-9]{0,3})$/.exec(type) ?? [];
  if (name === undefined || version === undefined) throw malformed("ce_type");
  return { name, version: Number(version) };
}

/** `student.batch.v1` for a student batch of contract version 1. */
export function batchType(entity: EntityName, contractVersion: number): string {
  return `${entity}.batch.v${contractVersion}`;
}

/** The entity of a batch's type name (`student.batch`); null for every other message. */
export function batchEntity(name: string): EntityName | null {
  return entityNames.find((entity) => name === `${entity}.batch`) ?? null;
}

export function sourceOf(party: Party): string {
  return party === "nation" ? "/nation" : `/provinces/${party}`;
}

/** Throws MESSAGE_MALFORMED when the text names no side. */
export function partyOf(source: string): Party {
  if (source === "/nation") return "nation";
  const code = /^\/provinces\/([1-9][0-9])$/.exec(source)?.[1];
  if (!isProvince(code)) throw malformed("ce_source");
  return code;
}

export function isProvince(code: string | undefined): code is `${number}` {
  return code !== undefined && /^[1-9][0-9]$/.test(code);
}

/** A `traceparent` for a new span: of the given one's trace, or of a new trace. */
export function traceParent(parent: string | null = null): string {
  const trace = parent === null ? randomBytes(16).toString("hex") : traceId(parent);
  return `00-${trace}-${randomBytes(8).toString("hex")}-01`;
}

/** The 32 hex digits that a log line carries; zeros where there is no trace. */
export function traceId(parent: string | null): string {
  return /^00-([0-9a-f]{32})-/.exec(parent ?? "")?.[1] ?? "0".repeat(32);
}

function checkHeaders(headers: Headers): void {
  if (isEnvelope(headers)) return;
  const error = isEnvelope.errors?.[0];
  // Names of headers only: a value may be anything that a stranger sent.
  const params: Readonly<Record<string, unknown>> = error?.params ?? {};
  const named = error?.instancePath.slice(1) || params["missingProperty"] || "unknown";
  throw malformed(typeof named === "string" ? named : "unknown");
}

function header(headers: Headers, name: string): string {
  const value = headers[name];
  if (value === undefined) throw malformed(name);
  return value;
}

function count(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

function malformed(name: string): DuijieError {
  return new DuijieError("MESSAGE_MALFORMED", { header: name });
}
