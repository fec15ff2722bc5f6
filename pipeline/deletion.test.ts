import { expect } from "chai";
import { textOf } from "../contracts/byte-range.ts";
import { wireDigest } from "../contracts/digest.ts";
import { entityContract } from "../contracts/registry.ts";
import type { KnownRow } from "../exchange-db/known-rows.ts";
import { mapStage } from "./stages/map.ts";
import { validateStage } from "./stages/validate.ts";
import type { CapturedRow, CapturedUnit } from "./unit.ts";

const never = () => {
  throw new Error("a deletion was mapped or validated");
};
const contract = entityContract("guardian");
const signal = new AbortController().signal;

async function judged(row: CapturedRow) {
  const mapped = await mapStage(never).run(unitOf(row), signal);
  return await validateStage(never, contract).run(mapped, signal);
}

describe("a deletion on its way up", () => {
  it("is neither mapped nor validated, and carries no value", async () => {
    const { passed, parked } = await judged(deletion({}));
    expect(parked).to.deep.equal([]);
    expect(passed.map(({ record }) => textOf(record))).to.deep.equal(["[null,null,null]"]);
    expect(passed[0]?.row.wireDigest).to.equal(wireDigest([null, null, null]).toString("hex"));
  });

  it("passes although its last row could not be decoded", async () => {
    const { passed } = await judged(deletion({ unreadable: { column: "name", hex: "ff" } }));
    expect(passed).to.have.length(1);
  });

  it("is unchanged where the key is deleted already", async () => {
    const { passed, unchangedCount } = await judged(deletion({ known: known("delete", "other") }));
    expect([passed.length, unchangedCount]).to.deep.equal([0, 1]);
  });

  it("is sent where the key is alive, whatever its hash", async () => {
    const { passed, unchangedCount } = await judged(deletion({ known: known("upsert", "h") }));
    expect([passed.length, unchangedCount]).to.deep.equal([1, 0]);
  });

  it("is sent again where it was parked", async () => {
    const { passed } = await judged(deletion({ known: known("delete", "h"), parkedIn: "7" }));
    expect(passed).to.have.length(1);
  });

  it("does not make unchanged what comes back with the same hash", async () => {
    const row: CapturedRow = { ...deletion({ known: known("delete", "h") }), op: "upsert" };
    const values = ["a", "b", null];
    const mapped = await mapStage(() => ({ values, findings: [] })).run(unitOf(row), signal);
    const valid = await validateStage(() => ({ errors: [], warnings: [] }), contract).run(mapped, signal);
    expect([valid.passed.length, valid.unchangedCount]).to.deep.equal([1, 0]);
  });
});

function deletion(over: Partial<CapturedRow>): CapturedRow {
  return {
    key: "k",
    hash: "h",
    county: null,
    op: "delete",
    raw: ["a", "b", null],
    line: null,
    unreadable: null,
    known: null,
    parkedIn: null,
    ...over,
  };
}

function known(op: KnownRow["op"], hash: string): KnownRow {
  const wire = op === "delete" ? wireDigest([null, null, null]) : wireDigest(["a", "b", null]);
  return {
    key: "k",
    op,
    hash,
    wireDigest: wire,
    contractVersion: 1,
    mappingVersion: "1",
    agreedNationalVersion: "5",
  };
}

function unitOf(row: CapturedRow): CapturedUnit {
  return {
    origin: { kind: "chunk", segment: 0, token: "t", isFirst: false },
    traceParent: "",
    batchIds: [1n],
    readCount: 1,
    unchangedCount: 0,
    rows: [row],
    keyless: [],
    counties: new Map(),
  };
}
