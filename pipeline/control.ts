import { isUtf8, transcode } from "node:buffer";
import { gunzipSync, gzipSync } from "node:zlib";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { type EntityName, entityNames } from "../contracts/entity.ts";
import { DuijieError, type ErrorCode, errorKinds } from "../contracts/errors.ts";
import { buildHeaders, type Headers, type Party } from "./envelope.ts";
import type { EntityDigest, Verdict } from "./registry-port.ts";
import { type SigningKey, sign } from "./signing.ts";

/** Bytes of a decompressed message, at most: a small message can't become a large one. */
export const valueBytesMax = 8 * 1024 * 1024;

export interface Hello {
  readonly nonce: string;
  /** Contract versions that the province can send, by entity. */
  readonly contracts: Readonly<Record<string, readonly number[]>>;
}

export interface WelcomeMessage {
  readonly nonce: string;
  readonly highestBatchId: string;
  /** Contract versions that the nation accepts, by entity. */
  readonly contracts: Readonly<Record<string, readonly number[]>>;
}

export interface ReceiptMessage {
  readonly batchId: string;
  readonly entity: EntityName;
  readonly wireCount: number;
  readonly appliedCount: number;
  /** The whole batch was refused with this code: none of its records was looked at. */
  readonly refusal: ErrorCode | null;
  readonly verdicts: readonly Verdict[];
}

export interface DigestRequest {
  readonly askedId: string;
}

export interface DigestAnswer {
  readonly askedId: string;
  readonly digests: readonly EntityDigest[];
}

const code = { type: "string", enum: Object.keys(errorKinds) };
const versions = {
  type: "object",
  additionalProperties: { type: "array", items: { type: "integer", minimum: 1 } },
};
const closed = (properties: Record<string, unknown>) => ({
  type: "object",
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
});
const text = { type: "string", maxLength: 200 };
const entity = { type: "string", enum: entityNames };
const digits = { type: "string", pattern: "^[0-9]{1,19}$" };
const orNull = (schema: object) => ({ anyOf: [schema, { type: "null" }] });

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
const shapes = {
  hello: ajv.compile<Hello>(closed({ nonce: text, contracts: versions })),
  welcome: ajv.compile<WelcomeMessage>(closed({ nonce: text, highestBatchId: digits, contracts: versions })),
  receipt: ajv.compile<ReceiptMessage>(
    closed({
      batchId: digits,
      entity,
      wireCount: { type: "integer", minimum: 0 },
      appliedCount: { type: "integer", minimum: 0 },
      refusal: orNull(code),
      verdicts: {
        type: "array",
        items: closed({
          ordinal: { type: "integer", minimum: 0 },
          key: { type: "string" },
          outcome: { type: "string", enum: ["rejected", "waiting", "superseded"] },
          code,
          field: orNull(text),
          parent: orNull(closed({ entity, identifier: { type: "string" } })),
        }),
      },
    }),
  ),
  "digest-request": ajv.compile<DigestRequest>(closed({ askedId: text })),
  digest: ajv.compile<DigestAnswer>(
    closed({
      askedId: text,
      digests: {
        type: "array",
        items: closed({
          entity,
          rows: { type: "integer", minimum: 0 },
          sum: { type: "string", pattern: "^[0-9]{1,40}$" },
        }),
      },
    }),
  ),
};

interface ControlValues {
  readonly hello: Hello;
  readonly welcome: WelcomeMessage;
  readonly receipt: ReceiptMessage;
  readonly "digest-request": DigestRequest;
  readonly digest: DigestAnswer;
}

export type ControlName = keyof ControlValues;

export interface SignedMessage {
  readonly id: string;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

/** A control message of version 1, compressed and signed. */
export function controlMessage<N extends ControlName>(
  name: N,
  value: ControlValues[N],
  frame: {
    id: string;
    source: Party;
    key: SigningKey;
    traceParent: string | null;
    recordCount: number | null;
  },
): SignedMessage {
  const bytes = gzipSync(Buffer.from(JSON.stringify(value), "utf8"), { level: 1 });
  const headers = buildHeaders({
    id: frame.id,
    source: frame.source,
    type: `${name}.v1`,
    mappingVersion: null,
    recordCount: frame.recordCount,
    keyId: frame.key.id,
    encryptionKeyId: null,
    traceParent: frame.traceParent,
  });
  return { id: frame.id, headers: sign(headers, bytes, frame.key), bytes };
}

/** A verified message's value in its shape. Throws MESSAGE_MALFORMED. */
export function parseControl<N extends ControlName>(name: N, bytes: Buffer): ControlValues[N] {
  const value = parseValue(bytes);
  const isShape: ValidateFunction = shapes[name];
  if (!isShape(value)) throw new DuijieError("MESSAGE_MALFORMED", { type: name });
  return value as ControlValues[N];
}

export function isControl(name: string): name is ControlName {
  return Object.hasOwn(shapes, name);
}

/** Room for most batches: a result that comes in one piece need not be put together. */
const chunkSize = 1024 * 1024;

/** Decompresses within the limit: UTF-8, of which all is good. Throws MESSAGE_MALFORMED. */
export function unzipped(bytes: Buffer): Buffer {
  try {
    const value = gunzipSync(bytes, { maxOutputLength: valueBytesMax, chunkSize });
    // A broken byte is refused, never replaced.
    if (!isUtf8(value)) throw new TypeError("not UTF-8");
    return value;
  } catch {
    throw new DuijieError("MESSAGE_MALFORMED", { what: "value" });
  }
}

/** What `unzipped` gave, parsed. Throws MESSAGE_MALFORMED. */
export function parseText(value: Buffer): unknown {
  try {
    // The detour takes a third of the time of a decoder.
    const text = transcode(value, "utf8", "utf16le").toString("ucs2");
    const parsed: unknown = JSON.parse(text);
    // No database of ours can store it. JSON has to escape it, so few texts need the second look.
    if (text.includes("\\u0000") && holdsNul(parsed)) throw new TypeError("NUL");
    return parsed;
  } catch {
    // The cause is dropped: a parser's message quotes the text.
    throw new DuijieError("MESSAGE_MALFORMED", { what: "value" });
  }
}

/** Decompresses within the limit and parses. Throws MESSAGE_MALFORMED. */
export function parseValue(bytes: Buffer): unknown {
  return parseText(unzipped(bytes));
}

function holdsNul(value: unknown): boolean {
  if (typeof value === "string") return value.includes("\0");
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, child]) => name.includes("\0") || holdsNul(child));
}
