import { expect } from "chai";
import type { Conversion } from "../contracts/conversion.ts";
import type { EntityName } from "../contracts/entity.ts";
import { DuijieError } from "../contracts/errors.ts";
import { nationalRegions } from "../contracts/regions.ts";
import { entityContract } from "../contracts/registry.ts";
import { MappingTables } from "./mapping-tables.ts";
import type { MapFinding } from "./record-mapper.ts";
import { createRecordMapper } from "./record-mapper.ts";

const tables = new MappingTables("3", [
  { table: "hukou", sourceCode: "1", targetCode: "2" },
  { table: "hukou", sourceCode: "2", targetCode: "1" },
  { table: "school", sourceCode: "A-17", targetCode: "2134000017" },
  { table: "county", sourceCode: "349901", targetCode: "340104" },
]);

interface One {
  readonly value: string | null | undefined;
  readonly findings: readonly MapFinding[];
}

function mapOne(
  entity: EntityName,
  field: string,
  raw: string | null,
  options: { readonly convert?: readonly Conversion[]; readonly codes?: string } = {},
): One {
  const contract = entityContract(entity);
  const mapping = { field, from: { column: 0 }, convert: [], ...options };
  const { values, findings } = createRecordMapper(contract, [mapping], tables, nationalRegions())([raw]);
  expect(values).to.have.length(contract.fields.length);
  return { value: values[contract.indexOf(field)], findings };
}

function expectUnmapped(one: One, rule: string, value: string): void {
  expect(one.value).to.equal(null);
  expect(one.findings).to.have.length(1);
  expect(one.findings[0]).to.include({ code: "MAPPING_MISSING", rule, value });
}

function expectMalformed(one: One, rule: string): void {
  expect(one.value).to.equal(null);
  expect(one.findings).to.have.length(1);
  expect(one.findings[0]).to.include({ code: "RECORD_MALFORMED", rule, value: null });
}

describe("record mapper", () => {
  it("puts values in contract order and leaves fields without a mapping null", () => {
    const contract = entityContract("campus");
    const map = createRecordMapper(
      contract,
      [
        { field: "name", from: { column: 1 }, convert: [] },
        { field: "campusNo", from: { constant: " 1 " }, convert: [] },
        { field: "schoolId", from: { column: 0 }, convert: [], codes: "school" },
      ],
      tables,
      nationalRegions(),
    );
    expect(map(["A-17", " 北校区　"])).to.deep.equal({
      values: ["2134000017", "1", "北校区", null, null, null],
      findings: [],
    });
  });

  it("reports every fault of a record, not the first one only", () => {
    const contract = entityContract("student");
    const map = createRecordMapper(
      contract,
      [
        { field: "genderCode", from: { column: 0 }, convert: [] },
        { field: "birthDate", from: { column: 1 }, convert: [{ date: "YYYY-MM-DD" }] },
        { field: "hukouKindCode", from: { column: 2 }, convert: [], codes: "hukou" },
      ],
      tables,
      nationalRegions(),
    );
    expect(map(["7", "2013-02-29", "3"]).findings).to.deep.equal([
      { code: "MAPPING_MISSING", field: "genderCode", rule: "gender", value: "7" },
      { code: "RECORD_MALFORMED", field: "birthDate", rule: "date", value: null },
      { code: "MAPPING_MISSING", field: "hukouKindCode", rule: "hukou", value: "3" },
    ]);
  });

  it("keeps records apart from each other", () => {
    const map = createRecordMapper(
      entityContract("student"),
      [{ field: "genderCode", from: { column: 0 }, convert: [] }],
      tables,
      nationalRegions(),
    );
    const bad = map(["7"]);
    const good = map(["1"]);
    expect([bad.findings.length, good.findings.length, map(["7"]).findings.length]).to.deep.equal([1, 0, 1]);
  });

  it("cuts blanks and makes empty text null, also where no conversion is configured", () => {
    expect(mapOne("student", "name", " 　王 小明\t")).to.deep.equal({ value: "王 小明", findings: [] });
    for (const empty of ["", "  ", "　", null]) {
      expect(mapOne("student", "name", empty)).to.deep.equal({ value: null, findings: [] });
      expect(mapOne("student", "genderCode", empty)).to.deep.equal({ value: null, findings: [] });
    }
  });

  it("lets the province's own table alone decide, although its digits are national codes too", () => {
    expect(mapOne("student", "hukouKindCode", "1", { codes: "hukou" }).value).to.equal("2");
    expect(mapOne("student", "hukouKindCode", "2", { codes: "hukou" }).value).to.equal("1");
    expectUnmapped(mapOne("student", "hukouKindCode", "3", { codes: "hukou" }), "hukou", "3");
    expectUnmapped(mapOne("student", "hukouKindCode", "1", { codes: "never-loaded" }), "never-loaded", "1");
  });

  it("takes a national code only where no table is named", () => {
    expect(mapOne("student", "ethnicityCode", " 01 ").value).to.equal("01");
    expectUnmapped(mapOne("student", "ethnicityCode", "1"), "ethnicity", "1");
    expectUnmapped(mapOne("student", "isOrphan", "是"), "yes-no", "是");
  });

  it("maps legacy school codes to school ids", () => {
    expect(mapOne("student", "schoolId", "A-17", { codes: "school" }).value).to.equal("2134000017");
    expectUnmapped(mapOne("student", "schoolId", "A-18", { codes: "school" }), "school", "A-18");
    expect(mapOne("student", "schoolId", "2134000099").value).to.equal("2134000099");
  });

  it("turns names into codes and leaves codes alone", () => {
    const convert: Conversion[] = [{ nameToCode: true }];
    expect(mapOne("student", "genderCode", "男", { convert }).value).to.equal("1");
    expect(mapOne("student", "genderCode", "2", { convert }).value).to.equal("2");
    expectUnmapped(mapOne("student", "genderCode", "男生", { convert }), "gender", "男生");
  });

  it("makes twelve digits of a region, following the one successor", () => {
    expect(mapOne("student", "hukouRegionCode", "340104").value).to.equal("340104000000");
    expect(mapOne("student", "hukouRegionCode", "340104001002").value).to.equal("340104001002");
    expect(mapOne("student", "hukouRegionCode", "110103").value).to.equal("110101000000");
  });

  it("refuses a region that is unknown or was divided", () => {
    expectUnmapped(mapOne("student", "hukouRegionCode", "349901"), "region", "349901");
    const divided = [...dividedRegions()][0] ?? "";
    expectUnmapped(mapOne("student", "hukouRegionCode", divided, { codes: "county" }), "county", divided);
  });

  it("asks the province's table of regions first and the national list for what it does not name", () => {
    expect(mapOne("student", "hukouRegionCode", "349901", { codes: "county" }).value).to.equal(
      "340104000000",
    );
    expect(mapOne("student", "hukouRegionCode", "340111", { codes: "county" }).value).to.equal(
      "340111000000",
    );
  });

  it("keeps the place of birth as it was called then", () => {
    expect(mapOne("student", "birthRegionCode", "110103").value).to.equal("110103000000");
    expectUnmapped(mapOne("student", "birthRegionCode", "999999"), "region-any", "999999");
  });

  it("brings dates, months and numbers into their one form", () => {
    expect(mapOne("student", "birthDate", "20130506").value).to.equal("20130506");
    expect(mapOne("student", "birthDate", "2013-05-06").value).to.equal("20130506");
    expect(mapOne("student", "enrolledMonth", "2019-09").value).to.equal("201909");
    expect(mapOne("student", "commuteKm", "02.50").value).to.equal("2.5");
    expect(mapOne("school", "primaryYears", "06").value).to.equal("6");
    expectMalformed(mapOne("student", "birthDate", "2013/05/06"), "date");
    expectMalformed(mapOne("student", "birthDate", "20130230"), "date");
    expectMalformed(mapOne("student", "enrolledMonth", "201913"), "month");
    expectMalformed(mapOne("student", "commuteKm", "1.25"), "decimal");
    expectMalformed(mapOne("school", "primaryYears", "六"), "integer");
  });

  it("checks what a conversion gave like any other value", () => {
    expectMalformed(mapOne("student", "birthDate", "130506", { convert: [{ padStart: 8 }] }), "date");
    expectUnmapped(mapOne("student", "ethnicityCode", "99x", { convert: ["upper"] }), "ethnicity", "99X");
  });

  it("writes citizen IDs in ASCII with a capital X and leaves other documents' letters", () => {
    expect(mapOne("student", "idDocNo", "１１０１０５194912310０2x").value).to.equal("11010519491231002X");
    expect(mapOne("guardian", "idDocNo", "11010519491231002ｘ").value).to.equal("11010519491231002X");
    expect(mapOne("student", "idDocNo", "Ex1234567").value).to.equal("Ex1234567");
  });

  it("refuses NUL, lone surrogates, control characters and what a failed decoding left", () => {
    for (const bad of ["王\u0000明", "王\ud842", "王\u0007", "王\ufffd", "a\nb"]) {
      expectMalformed(mapOne("student", "name", bad), "text");
      expectMalformed(mapOne("student", "genderCode", bad), "text");
      expectMalformed(mapOne("student", "schoolId", bad, { codes: "school" }), "text");
    }
    expect(mapOne("student", "name", "𠮷野·阿卜").value).to.equal("𠮷野·阿卜");
  });

  it("takes the key of another row as it is, blanks and all", () => {
    expect(mapOne("guardian", "studentKey", " 7 ").value).to.equal(" 7 ");
    expect(mapOne("guardian", "studentKey", "").value).to.equal(null);
  });

  it("gives the same answer the first time and every time after", () => {
    const contract = entityContract("student");
    const map = createRecordMapper(
      contract,
      [{ field: "hukouKindCode", from: { column: 0 }, convert: [], codes: "hukou" }],
      tables,
      nationalRegions(),
    );
    const at = contract.indexOf("hukouKindCode");
    for (const raw of ["1", "9", null, " 1", "1", "9"]) {
      const { values, findings } = map([raw]);
      const code = raw?.trim();
      expect(values[at]).to.equal(code === "1" ? "2" : null);
      expect(findings).to.have.length(code === "9" ? 1 : 0);
    }
  });

  it("stops at a row that lacks a configured column", () => {
    const map = createRecordMapper(
      entityContract("student"),
      [{ field: "name", from: { column: 3 }, convert: [] }],
      tables,
      nationalRegions(),
    );
    expect(() => map(["a", "b", "c"]))
      .to.throw(DuijieError)
      .that.includes({ code: "INVARIANT_BROKEN" });
  });

  it("is not made of a field mapped twice, an unknown field or a pattern that is no date", () => {
    const make = (...fields: { field: string; convert: readonly Conversion[] }[]) =>
      createRecordMapper(
        entityContract("student"),
        fields.map((one) => ({ ...one, from: { column: 0 } })),
        tables,
        nationalRegions(),
      );
    expect(() => make({ field: "name", convert: [] }, { field: "name", convert: [] })).to.throw(DuijieError);
    expect(() => make({ field: "nmae", convert: [] })).to.throw(DuijieError);
    expect(() => make({ field: "birthDate", convert: [{ date: "YYYY" }] })).to.throw(DuijieError);
  });
});

function* dividedRegions(): Iterable<string> {
  const regions = nationalRegions();
  for (let code = 110000; code < 660000; code += 1) {
    const found = regions.resolveCurrent(String(code));
    if (found !== null && "ambiguous" in found) yield String(code);
  }
}
