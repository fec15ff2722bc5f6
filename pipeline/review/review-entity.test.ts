import { expect } from "chai";
import type { Connector, KeyRange, SourceEntity, SourceRow } from "../../connectors/connector.ts";
import type { EntityName } from "../../contracts/entity.ts";
import { entityContract } from "../../contracts/registry.ts";
import { MappingTables } from "../../mappings/mapping-tables.ts";
import { dryRun } from "../dry-run.ts";
import { entityPlan } from "../entity-plan.ts";
import { type EntityTally, lumpedRows } from "./entity-tally.ts";
import { IdentifierSet } from "./identifier-set.ts";
import { reviewEntity } from "./review-entity.ts";

const contract = entityContract("class");
const source: SourceEntity = {
  entity: "class",
  from: { relation: "dj_class" },
  key: ["id"],
  columns: contract.fields.map((field) => ({ field: field.name, column: field.column })),
};
const plan = entityPlan(
  source,
  contract.fields.map((field, column) => ({
    field: field.name,
    from: { column },
    convert: [],
    ...(field.name === "classTypeCode" ? { codes: "kinds" } : {}),
  })),
  contract.version,
);
const sound: Readonly<Record<string, string>> = {
  schoolId: "2134000001",
  gradeId: "G1",
  classNo: "1",
  name: "一班",
  classTypeCode: "1",
  isValid: "1",
};
const tables = new MappingTables("1", [
  { table: "kinds", sourceCode: "1", targetCode: "10" },
  { table: "kinds", sourceCode: "x", targetCode: "11" },
]);

function row(key: string | null, more: Readonly<Record<string, string | null>> = {}): SourceRow {
  const all: Readonly<Record<string, string | null>> = { ...sound, classId: key, ...more };
  return { key, hash: key ?? "", county: null, values: contract.fields.map(({ name }) => all[name] ?? null) };
}

function connectorOf(ranges: readonly (readonly (readonly SourceRow[])[])[]): Connector {
  const refused = () => Promise.reject(new Error("not asked by a review"));
  const keys = ranges.map((_, at): KeyRange => ({ lower: [String(at)], upper: null, nullKeys: false }));
  return {
    engine: "memory",
    capabilities: {
      snapshot: true,
      hashRange: false,
      emptyText: true,
      queries: true,
      readOnly: true,
      changes: false,
    },
    planRanges: () => Promise.resolve(keys),
    async *readRange(_source, range) {
      for (const page of ranges[Number(range.lower?.[0])] ?? []) yield await Promise.resolve(page);
    },
    check: refused,
    count: refused,
    counties: refused,
    hashRange: refused,
    close: refused,
  };
}

type Ranges = readonly (readonly (readonly SourceRow[])[])[];

const base = (ranges: Ranges) => ({
  connector: connectorOf(ranges),
  limits: { pageRows: 10 },
  tables,
  profile: "national-2013",
  today: "20260901",
  chunkRows: 10,
  readers: 2,
});

async function review(ranges: Ranges, parents = schoolsAndGrades(), isPartial = false): Promise<EntityTally> {
  const options = { ...base(ranges), samples: 2, isPartial, progress: () => undefined };
  return await reviewEntity(options, plan, parents, new AbortController().signal);
}

function schoolsAndGrades(): Map<EntityName, IdentifierSet> {
  const [school, grade] = [new IdentifierSet(), new IdentifierSet()];
  school.add("2134000001");
  grade.add("G1");
  return new Map([
    ["school", school],
    ["grade", grade],
  ]);
}

const brief = (tally: EntityTally) =>
  tally.faults
    .all()
    .map(({ field, keys, kind, rows }) => `${kind} ${field ?? "–"} ${rows} ${keys.join(",")}`);

describe("the review of what a vendor filled", () => {
  it("finds nothing where nothing is wrong, and adds what children may refer to", async () => {
    const parents = schoolsAndGrades();
    const tally = await review([[[row("1"), row("2")]], [[row("3")]]], parents);
    expect([tally.rows, tally.sound, brief(tally)]).to.deep.equal([3, 3, []]);
    expect(parents.get("class")?.has("3")).to.equal(true);
  });

  it("names all faults of a row, also beside a code that is not mapped", async () => {
    const tally = await review([[[row("1", { classTypeCode: "7", name: null, formedMonth: "202613" })]]]);
    expect(brief(tally)).to.deep.equal([
      "REQUIRED name 1 1",
      "FORM formedMonth 1 1",
      "CODE_UNMAPPED classTypeCode 1 1",
    ]);
    expect(tally.sound).to.equal(0);
  });

  it("judges no rule that reads a field which mapping could not tell", async () => {
    const tally = await review([[[row("1", { classTypeCode: "7", isMultiGrade: "1" })]]]);
    expect(brief(tally)).to.deep.equal(["CODE_UNMAPPED classTypeCode 1 1"]);
  });

  it("counts warnings and calls their rows sound", async () => {
    const tally = await review([[[row("1", { isMultiGrade: "1" })]]]);
    expect(tally.faults.all()[0]).to.deep.include({
      kind: "RULE",
      severity: "warning",
      rule: "CLASS_MULTI_GRADE",
    });
    expect(tally.sound).to.equal(1);
  });

  it("counts every row of a doubled key, whatever page the first stood on", async () => {
    const tally = await review([
      [
        [row("1"), row("2")],
        [row("1"), row("1", { name: null })],
      ],
      [[row(null)]],
    ]);
    expect(brief(tally)).to.deep.equal([
      "KEY_MISSING – 1 ",
      "KEY_DUPLICATE – 3 1",
      "REQUIRED classId 1 ",
      "REQUIRED name 1 1",
    ]);
    expect([tally.rows, tally.sound]).to.deep.equal([5, 1]);
  });

  it("names rows whose identifier another row has, and parents that are not there", async () => {
    const tally = await review([
      [
        [
          row("1"),
          row("2", { classId: "1" }),
          row("3", { gradeId: "G9" }),
          row("4", { schoolId: "2134000009" }),
        ],
      ],
    ]);
    expect(brief(tally)).to.deep.equal([
      "IDENTIFIER_DUPLICATE classId 1 2",
      "PARENT_MISSING gradeId 1 3",
      "PARENT_MISSING schoolId 1 4",
    ]);
    expect(tally.sound).to.equal(1);
  });

  it("does not ask for parents that nobody read, and only warns in a part of a province", async () => {
    const rows = [[[row("1", { gradeId: "G9" })]]];
    expect(brief(await review(rows, new Map()))).to.deep.equal([]);
    const partial = await review(rows, schoolsAndGrades(), true);
    expect(partial.faults.all()[0]).to.deep.include({ kind: "PARENT_MISSING", severity: "warning" });
    expect(partial.sound).to.equal(1);
  });

  it("tells too long from wrongly written, and bytes that are no text from both", async () => {
    const unreadable = { ...row("3", { name: null }), unreadable: { column: "name", hex: "ff" } };
    const tally = await review([
      [[row("1", { name: "班".repeat(41) }), row("2", { classNo: "1\u0000" }), unreadable]],
    ]);
    expect(brief(tally)).to.deep.equal([
      "TOO_LONG name 1 1",
      "CHARACTERS classNo 1 2",
      "UNREADABLE name 1 3",
    ]);
    expect(tally.faults.all()[0]?.longest).to.equal(41);
  });

  it("shows codes with their rows, but no value that can't be one", async () => {
    const codes = ["7", "7", "13900000001", "110101199003071234"];
    const tally = await review([[codes.map((classTypeCode, at) => row(`${at}`, { classTypeCode }))]]);
    expect(tally.faults.all()[0]).to.deep.include({ rows: 4, codes: [{ code: "7", rows: 2 }] });
    const names = Array.from({ length: 300 }, (_, at) => row(`${at}`, { classTypeCode: `名${at}` }));
    expect((await review([[names]])).faults.all()[0]).to.deep.include({ rows: 300, codes: [] });
  });

  it("counts filled values and codes in use", async () => {
    const tally = await review([
      [[row("1"), row("2", { classTypeCode: "x", headTeacher: " " }), row("3", { classTypeCode: "7" })]],
    ]);
    const of = (name: string) => tally.columns[contract.indexOf(name)];
    expect(of("headTeacher")?.filled).to.equal(0);
    expect(of("classTypeCode")?.filled).to.equal(3);
    const codes = of("classTypeCode")?.codes;
    expect([codes?.mapped.size, codes?.unmapped.size]).to.deep.equal([2, 1]);
  });

  it("takes one code that is mapped to other for the province's own, and more for a default", () => {
    const lumped = (toOther: readonly (readonly [string, number])[]) =>
      lumpedRows({ mapped: new Set(), unmapped: new Set(), toOther: new Map(toOther) });
    expect(lumped([])).to.equal(0);
    expect(lumped([["9", 40]])).to.equal(0);
    expect(
      lumped([
        ["9", 40],
        ["7", 3],
        ["8", 2],
      ]),
    ).to.equal(5);
  });

  it("keeps the same keys however many read side by side", async () => {
    const ranges = Array.from({ length: 9 }, (_, at) => [[row(`${9 - at}`, { name: null })]]);
    const tally = await review(ranges);
    expect(tally.faults.all()[0]).to.deep.include({ rows: 9, keys: ["1", "2"] });
  });

  it("parks what a dry run parks: rows with a fault, but for what only a look at other rows tells", async () => {
    const ranges = [
      [[row("1"), row("2", { name: null }), row("2"), row(null), row("4", { classTypeCode: "7" })]],
      [[row("5", { formedMonth: "x" }), row("6", { name: "班\u0000" }), row("7")]],
    ];
    const dry = await dryRun({ ...base(ranges), found: () => undefined }, plan, new AbortController().signal);
    const tally = await review(ranges);
    expect(tally.rows - tally.sound).to.equal(dry.wouldPark);
    expect(tally.rows).to.equal(dry.read);
  });
});
