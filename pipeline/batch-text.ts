import type { ByteRange } from "../contracts/byte-range.ts";
import type { FieldValue } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import type { EntityContract } from "../contracts/registry.ts";
import { TextMemory } from "../contracts/text-memory.ts";
import { copyFields } from "../exchange-db/copy-text.ts";
import type { WireRecord } from "./registry-port.ts";
import { recordHead, wireRecord } from "./wire-record.ts";

/** A batch's value up to its first record. */
export function batchFrame(province: string, contract: EntityContract): string {
  const fields = [...recordHead, ...contract.fields.map((field) => field.name)];
  const { entity, version } = contract;
  return `{"province":"${province}","entity":"${entity}","contractVersion":${version},"fields":${JSON.stringify(fields)},"records":[`;
}

/** After the last record. */
export const batchEnd = "\n]}";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const newline = 0x0a;
const open = 0x5b;
const close = 0x5d;
const capitalN = 0x4e;
const tab = 0x09;
const upsertBytes = Buffer.from('"upsert",');
const deleteBytes = Buffer.from('"delete",');

/** Thrown where something is not in the form that is read here, which says nothing against it. */
const otherForm = new Error("other form");

/** A record, and the first field of it that breaks its contract. */
export interface OpenedRecord {
  readonly record: WireRecord;
  readonly fault: string | null;
}

/** The field that is wrong with a record's values, contract order; null for a good one. */
export type FaultOf = (values: readonly FieldValue[]) => string | null;

export interface BatchForm {
  readonly province: string;
  readonly contract: EntityContract;
  readonly batchId: bigint;
  readonly faultOf: FaultOf;
}

/**
 * Reads a batch from its bytes, a record a line, exactly as `seal` writes it: what a parser would make of all of it costs
 * three times as much. A record with an escape in it goes through the parser alone; blanks, or anything else that JSON would
 * allow, leave the whole batch to it. Values are judged as they are read and kept as a line of COPY text: strings of a whole
 * batch would be copied about by the garbage collector until it is applied.
 */
export class BatchTextReader {
  readonly #bytes: Buffer;
  readonly #line: Buffer;
  readonly #form: BatchForm;
  readonly #memory: TextMemory;
  /** Of the record that is being read. */
  readonly #values: FieldValue[];
  readonly #parentsAt: readonly number[];
  #at: number;
  #out = 0;
  /** Of the text that `#endOfText` went over last. */
  #isAscii = true;

  private constructor(bytes: Buffer, from: number, form: BatchForm) {
    const { contract } = form;
    const width = contract.fields.length;
    this.#bytes = bytes;
    this.#at = from;
    this.#form = form;
    // Quotes and `null` are longer than what COPY has for them.
    this.#line = Buffer.allocUnsafeSlow(bytes.length);
    this.#memory = new TextMemory(width);
    this.#values = Array.from({ length: width }, () => null);
    this.#parentsAt = contract.parents.map(({ field }) => contract.indexOf(field));
  }

  /** Records of good UTF-8; null where anything is not in the form that is read here. */
  static read(bytes: Buffer, form: BatchForm): readonly OpenedRecord[] | null {
    const head = Buffer.from(batchFrame(form.province, form.contract), "utf8");
    if (head.compare(bytes, 0, Math.min(head.length, bytes.length)) !== 0) return null;
    return new BatchTextReader(bytes, head.length, form).#records();
  }

  #records(): readonly OpenedRecord[] | null {
    const records: OpenedRecord[] = [];
    do {
      if (!this.#has(newline)) return null;
      const record = this.#plainRecord(records.length) ?? this.#parsedRecord(records.length);
      if (record === null) return null;
      records.push(record);
    } while (this.#has(comma));
    return this.#bytes.toString("latin1", this.#at) === batchEnd ? records : null;
  }

  #plainRecord(ordinal: number): OpenedRecord | null {
    const at = this.#at;
    const out = this.#out;
    try {
      return this.#record(ordinal);
    } catch (error) {
      if (error !== otherForm) throw error;
      this.#at = at;
      this.#out = out;
      return null;
    }
  }

  /** Of the line that begins here. Null where it is no record by itself: to say why is for the parser of the whole. */
  #parsedRecord(ordinal: number): OpenedRecord | null {
    const end = this.#bytes.indexOf(newline, this.#at);
    if (end === -1) return null;
    const { batchId, contract, faultOf } = this.#form;
    const hasComma = this.#bytes[end - 1] === comma;
    const text = this.#bytes.toString("utf8", this.#at, hasComma ? end - 1 : end);
    this.#at = hasComma ? end - 1 : end;
    // Only the parser of the whole looks for what no database can store.
    if (text.includes("\\u0000")) return null;
    try {
      const record = wireRecord(JSON.parse(text), ordinal, contract.fields.length, batchId);
      return { record, fault: record.op === "delete" ? null : faultOf(record.values) };
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof DuijieError) return null;
      throw error;
    }
  }

  #record(ordinal: number): OpenedRecord {
    const { batchId, faultOf } = this.#form;
    this.#expect(open);
    const op = this.#op();
    const key = this.#text();
    this.#expect(comma);
    this.#null();
    this.#expect(comma);
    if (key === "" || this.#number() !== Number(batchId)) throw otherForm;
    this.#expect(comma);
    const base = isNull(this.#bytes, this.#at) ? this.#null() : BigInt(this.#number());
    this.#expect(comma);
    const custodyEpoch = this.#number();
    const start = this.#out;
    this.#readValues();
    this.#expect(close);
    const values = this.#values;
    const parents = this.#parentsAt.map((at) => values[at] ?? null);
    const line = { bytes: this.#line, start, end: this.#out };
    const record = new PlainRecord({ ordinal, op, key, version: batchId, base, custodyEpoch, line, parents });
    return { record, fault: op === "delete" ? null : faultOf(values) };
  }

  /** One loop over local variables: fields of an object would take twice the time. */
  #readValues(): void {
    const [bytes, line, memory, values] = [this.#bytes, this.#line, this.#memory, this.#values];
    let at = this.#at;
    let out = this.#out;
    for (let field = 0; field < values.length; field += 1) {
      if (bytes[at] !== comma) throw otherForm;
      if (field > 0) line[out++] = tab;
      if (bytes[at + 1] === quote) {
        const start = at + 2;
        let all = 0;
        for (at = start; ; at += 1) {
          const byte = bytes[at] ?? 0;
          if (byte === quote) break;
          if (byte < 0x20 || byte === backslash) throw otherForm;
          all |= byte;
          line[out++] = byte;
        }
        values[field] = memory.text(field, bytes, start, at, all < 0x80);
        at += 1;
      } else {
        if (!isNull(bytes, at + 1)) throw otherForm;
        values[field] = null;
        line[out++] = backslash;
        line[out++] = capitalN;
        at += 5;
      }
    }
    this.#at = at;
    this.#out = out;
  }

  /** The place of the closing quotation mark of the text that begins at `start`. */
  #endOfText(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    let all = 0;
    for (;;) {
      const byte = bytes[at];
      if (byte === quote) break;
      if (byte === undefined || byte < 0x20 || byte === backslash) throw otherForm;
      all |= byte;
      at += 1;
    }
    this.#isAscii = all < 0x80;
    return at;
  }

  #text(): string {
    this.#expect(quote);
    const start = this.#at;
    const end = this.#endOfText(start);
    this.#at = end + 1;
    return this.#bytes.toString(this.#isAscii ? "latin1" : "utf8", start, end);
  }

  #op(): "upsert" | "delete" {
    if (this.#follows(upsertBytes)) return "upsert";
    if (this.#follows(deleteBytes)) return "delete";
    throw otherForm;
  }

  #follows(text: Buffer): boolean {
    for (let at = 0; at < text.length; at += 1) if (this.#bytes[this.#at + at] !== text[at]) return false;
    this.#at += text.length;
    return true;
  }

  #null(): null {
    if (!isNull(this.#bytes, this.#at)) throw otherForm;
    this.#at += 4;
    return null;
  }

  /** A whole number of at most fifteen digits, without a leading zero. */
  #number(): number {
    const start = this.#at;
    let number = 0;
    for (;;) {
      const digit = (this.#bytes[this.#at] ?? 0) - 48;
      if (digit < 0 || digit > 9) break;
      number = number * 10 + digit;
      this.#at += 1;
    }
    const digits = this.#at - start;
    const hasLeadingZero = digits > 1 && this.#bytes[start] === 48;
    if (digits === 0 || digits > 15 || hasLeadingZero) throw otherForm;
    return number;
  }

  #has(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  #expect(byte: number): void {
    if (!this.#has(byte)) throw otherForm;
  }
}

function isNull(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0x6e && bytes[at + 1] === 0x75 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0x6c;
}

/** A record that is kept as its line; its values are read from there when somebody wants them after all. */
class PlainRecord implements WireRecord {
  readonly previousKey = null;
  readonly ordinal: number;
  readonly op: "upsert" | "delete";
  readonly key: string;
  readonly version: bigint;
  readonly baseNationalVersion: bigint | null;
  readonly custodyEpoch: number;
  readonly line: ByteRange;
  readonly parents: readonly FieldValue[];

  constructor(parts: {
    readonly ordinal: number;
    readonly op: "upsert" | "delete";
    readonly key: string;
    readonly version: bigint;
    readonly base: bigint | null;
    readonly custodyEpoch: number;
    readonly line: ByteRange;
    readonly parents: readonly FieldValue[];
  }) {
    this.ordinal = parts.ordinal;
    this.op = parts.op;
    this.key = parts.key;
    this.version = parts.version;
    this.baseNationalVersion = parts.base;
    this.custodyEpoch = parts.custodyEpoch;
    this.line = parts.line;
    this.parents = parts.parents;
  }

  get values(): readonly FieldValue[] {
    return copyFields(this.line);
  }
}
