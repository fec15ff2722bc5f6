import { expect } from "chai";
import fc from "fast-check";
import { DuijieError } from "../contracts/errors.ts";
import {
  batchEntity,
  batchType,
  buildHeaders,
  type Envelope,
  parseHeaders,
  parseType,
  traceId,
  traceParent,
} from "./envelope.ts";

const full: Envelope = {
  id: "1042",
  source: "34",
  type: "student.batch.v1",
  mappingVersion: 7,
  recordCount: 2000,
  keyId: "34-2026",
  encryptionKeyId: "reserved-1",
  traceParent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
};

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DuijieError) return `${error.code} ${error.params["header"]}`;
    throw error;
  }
  return "accepted";
}

describe("envelope", () => {
  it("is written as CloudEvents headers in Kafka binary mode", () => {
    expect(buildHeaders(full)).to.deep.equal({
      ce_specversion: "1.0",
      ce_id: "1042",
      ce_source: "/provinces/34",
      ce_type: "student.batch.v1",
      ce_mappingversion: "7",
      ce_recordcount: "2000",
      ce_keyid: "34-2026",
      ce_encryptionkeyid: "reserved-1",
      "content-type": "application/json",
      "content-encoding": "gzip",
      traceparent: full.traceParent,
    });
  });

  it("is read back as it was written", () => {
    const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
    const envelopes: fc.Arbitrary<Envelope> = fc.record({
      id: fc.stringMatching(/^[A-Za-z0-9._:-]{1,128}$/),
      source: fc.constantFrom("nation" as const, "11" as const, "65" as const),
      type: fc.constantFrom("student.batch.v1", "receipt.v1", "hello.v12", "business.key-data.apply.v3"),
      mappingVersion: optional(fc.nat(999_999_999)),
      recordCount: optional(fc.nat(999_999_999)),
      keyId: fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
      encryptionKeyId: optional(fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/)),
      traceParent: optional(fc.constantFrom(traceParent(), traceParent())),
    });
    fc.assert(
      fc.property(envelopes, (envelope) => {
        expect(parseHeaders(buildHeaders(envelope))).to.deep.equal(envelope);
      }),
    );
  });

  it("names the header that is missing, wrong or unknown", () => {
    const headers = buildHeaders(full);
    const cases: [string, Record<string, string>][] = [
      ["ce_specversion", { ce_specversion: "0.3" }],
      ["ce_id", { ce_id: "" }],
      ["ce_id", { ce_id: "a\nb" }],
      ["ce_source", { ce_source: "/provinces/3" }],
      ["ce_source", { ce_source: "/nation/x" }],
      ["ce_type", { ce_type: "student.batch" }],
      ["ce_type", { ce_type: "student.batch.v0" }],
      ["ce_mappingversion", { ce_mappingversion: "-1" }],
      ["ce_recordcount", { ce_recordcount: "1e3" }],
      ["ce_keyid", { ce_keyid: "a\0b" }],
      ["ce_signature", { ce_signature: "not base64" }],
      ["content-encoding", { "content-encoding": "identity" }],
      ["content-type", { "content-type": "text/plain" }],
      ["traceparent", { traceparent: "x" }],
    ];
    for (const [name, change] of cases) {
      expect(
        refusal(() => parseHeaders({ ...headers, ...change })),
        name,
      ).to.equal(`MESSAGE_MALFORMED ${name}`);
    }
    for (const name of ["ce_id", "ce_source", "ce_type", "ce_keyid", "content-encoding"]) {
      const { [name]: _gone, ...rest } = headers;
      expect(
        refusal(() => parseHeaders(rest)),
        name,
      ).to.equal(`MESSAGE_MALFORMED ${name}`);
    }
    expect(refusal(() => parseHeaders({ ...headers, ce_other: "1" }))).to.match(/^MESSAGE_MALFORMED/);
  });

  it("leaves headers of other programs alone", () => {
    expect(parseHeaders({ ...buildHeaders(full), "x-proxy": "anything" })).to.deep.equal(full);
  });

  it("refuses to build what it would refuse to read", () => {
    expect(refusal(() => buildHeaders({ ...full, id: "a b" }))).to.equal("MESSAGE_MALFORMED ce_id");
  });
});

describe("message types", () => {
  it("split into name and version", () => {
    expect(parseType("student.batch.v1")).to.deep.equal({ name: "student.batch", version: 1 });
    expect(parseType(batchType("class", 12))).to.deep.equal({ name: "class.batch", version: 12 });
    expect(refusal(() => parseType("receipt"))).to.equal("MESSAGE_MALFORMED ce_type");
  });

  it("tell a batch's entity", () => {
    expect(batchEntity("guardian.batch")).to.equal("guardian");
    expect(batchEntity("teacher.batch")).to.equal(null);
    expect(batchEntity("receipt")).to.equal(null);
  });
});

describe("traces", () => {
  it("keep their id from span to span", () => {
    const first = traceParent();
    const second = traceParent(first);
    expect(second).to.not.equal(first);
    expect(traceId(second)).to.equal(traceId(first));
    expect(first).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it("have an id of zeros where there is none", () => {
    expect(traceId(null)).to.equal("0".repeat(32));
  });
});
