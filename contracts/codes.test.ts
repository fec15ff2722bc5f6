import { readFileSync } from "node:fs";
import { expect } from "chai";
import type { CodeRow } from "./codes.ts";
import { codeAttribute, codeTable, codeTableNames } from "./codes.ts";
import { contractsPath } from "./package-root.ts";

/** Tables whose rows are told apart by more than a code. */
const keys: Readonly<Record<string, readonly string[]>> = {
  "region-history": ["code", "effective_from", "name_zh"],
  "region-changes": ["old_code", "new_code", "year", "old_name_zh"],
  "nutrition-standard": ["effective_from"],
  "mapping-examples": ["source_table", "source_code", "target_table"],
};

/** Columns that name a code of another table. */
const references = [
  ["grade", "phase_code", "school-phase"],
  ["class-type", "phase_code", "school-phase"],
  ["schooling-system", "phase_code", "school-phase"],
  ["status-change-type", "resulting_status_code", "student-status"],
  ["disability-kind", "matching_inclusive_class_code", "inclusive-class"],
] as const;

function rowsOf(table: string): readonly CodeRow[] {
  return codeTable(table).rows;
}

function duplicates(values: readonly string[]): string[] {
  return values.filter((value, at) => values.indexOf(value) !== at);
}

describe("national code tables", () => {
  it("are all there", () => {
    expect(codeTableNames().length).to.be.at.least(50);
    expect(codeTableNames()).to.include.members(["region", "ethnicity", "school-type", "mapping-examples"]);
  });

  for (const name of codeTableNames()) {
    it(`${name}: UTF-8 without a mark, LF, even rows, no blank or double code`, () => {
      const bytes = readFileSync(contractsPath("codes", `${name}.csv`));
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      expect(text.startsWith("\ufeff")).to.equal(false);
      expect(text).not.to.include("\r");
      expect(text.endsWith("\n")).to.equal(true);
      const rows = rowsOf(name);
      expect(rows.length).to.be.at.least(1);
      const columns = keys[name] ?? ["code"];
      const found = new Set(rows.map((row) => columns.map((column) => row[column] ?? "").join("|")));
      expect(found.size).to.equal(rows.length);
      for (const row of rows) {
        for (const column of ["code", "name_zh"]) if (column in row) expect(row[column]).not.to.equal("");
      }
    });

    it(`${name}: parents exist`, () => {
      const { codes, rows } = codeTable(name);
      const missing = rows.filter((row) => row["parent_code"] && !codes.has(row["parent_code"]));
      expect(missing).to.deep.equal([]);
    });
  }

  for (const [table, column, to] of references) {
    it(`${table}.${column} names codes of ${to}`, () => {
      const { codes } = codeTable(to);
      const values = rowsOf(table).map((row) => row[column] ?? "");
      expect(values.filter((value) => value !== "").length).to.be.at.least(1);
      expect(values.filter((value) => value !== "" && !codes.has(value))).to.deep.equal([]);
    });
  }

  it("mapping examples lead to codes that exist", () => {
    const wrong = rowsOf("mapping-examples").filter((row) => {
      const [table = "", column = "code"] = (row["target_table"] ?? "").split(".");
      const values = new Set(rowsOf(table).map((one) => one[column]));
      return row["target_code"] !== "" && !values.has(row["target_code"] ?? "");
    });
    expect(wrong).to.deep.equal([]);
  });

  it("refuse a name that is no table", () => {
    expect(() => codeTable("../profiles/national-2013"))
      .to.throw()
      .with.property("code", "INVARIANT_BROKEN");
  });
});

describe("names of codes", () => {
  it("lead to their code, old and misspelt ones of ethnicities too", () => {
    const { nameToCode } = codeTable("ethnicity");
    expect(nameToCode.get("汉族")).to.equal("01");
    expect(nameToCode.get("毛难族")).to.equal("36");
    expect(nameToCode.get("崩龙族")).to.equal("46");
    expect(codeTable("left-behind-kind").nameToCode.get("单亲留守儿童")).to.equal("1");
  });

  it("lead nowhere when two codes share them", () => {
    expect(codeTable("enrolment-mode").nameToCode.has("其他")).to.equal(false);
    expect(codeTable("enrolment-mode").nameToCode.get("就近入学")).to.equal("11");
    const names = rowsOf("region").map((row) => row["name_zh"] ?? "");
    const shared = duplicates(names).slice(0, 20);
    expect(shared).to.have.lengthOf(20);
    for (const name of shared) expect(codeTable("region").nameToCode.has(name)).to.equal(false);
  });

  it("leave out empty attributes", () => {
    expect(codeAttribute("school-type", "phases").get("345")).to.equal("PJS");
    expect(codeAttribute("school-type", "phases").has("111")).to.equal(false);
  });
});

describe("region tables", () => {
  const regions = rowsOf("region");
  const byCode = new Map(regions.map((row) => [row["code"], row]));
  const history = new Set(rowsOf("region-history").map((row) => row["code"]));

  it("have codes of six digits whose zeros show the level", () => {
    const wrong = regions.filter(({ code = "", level }) => {
      const expected = code.endsWith("0000") ? "province" : code.endsWith("00") ? "prefecture" : "county";
      return !/^\d{6}$/.test(code) || expected !== level;
    });
    expect(wrong).to.deep.equal([]);
  });

  it("put each county into a prefecture or a province", () => {
    const wrong = regions.filter(
      (row) => row["level"] === "county" && byCode.get(row["parent_code"])?.["level"] === "county",
    );
    expect(wrong).to.deep.equal([]);
  });

  it("change only regions that the history knows", () => {
    const wrong = rowsOf("region-changes").filter(
      (row) => !history.has(row["old_code"]) || (row["new_code"] !== "" && !history.has(row["new_code"])),
    );
    expect(wrong).to.deep.equal([]);
  });

  it("hold 34 provinces, 333 prefectures and 2,846 counties in force", () => {
    const count = (level: string) =>
      regions.filter((row) => row["origin"] === "MCA" && row["level"] === level).length;
    expect([count("province"), count("prefecture"), count("county")]).to.deep.equal([34, 333, 2846]);
  });

  it("extra regions of the statistics list lie in a region in force", () => {
    const wrong = rowsOf("region-nbs-extra").filter((row) => !byCode.has(row["parent_region_code"]));
    expect(wrong).to.deep.equal([]);
  });
});
