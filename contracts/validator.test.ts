import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { codeTable, codeTableNames } from "./codes.ts";
import type { FieldValue } from "./entity.ts";
import { entityNames } from "./entity.ts";
import { contractsPath } from "./package-root.ts";
import { contractVersions, entityContract, profile, profileNames, recordValidator } from "./registry.ts";
import { isDate, isMonth, isPlainText, isRegionTable } from "./value-check.ts";

const today = "20251101";

function example(file: string): FieldValue[] {
  const text = readFileSync(contractsPath("entities", "student", "examples", file), "utf8");
  const record = new Map<string, unknown>(Object.entries(JSON.parse(text)));
  return entityContract("student").fields.map((field) => {
    const value = record.get(field.name);
    return typeof value === "string" ? value : null;
  });
}

function changed(field: string, value: FieldValue): FieldValue[] {
  return example("valid-1.json").with(entityContract("student").indexOf(field), value);
}

describe("the record validator", () => {
  const validate = recordValidator("student", "national-2013", { today });

  it("answers a clean record with one shared object", () => {
    expect(validate(example("valid-1.json"))).to.equal(validate(example("valid-2.json")));
  });

  it("finds every required field that is absent, and no other", () => {
    const empty = entityContract("student").fields.map(() => null);
    const missing = validate(empty).errors.filter((one) => one.rule === "REQUIRED");
    expect(missing.map((one) => one.field)).to.have.members([...profile("national-2013").required.student]);
  });

  it("takes empty text for absent in a required field, and for malformed in another", () => {
    expect(validate(changed("phone", "")).errors).to.deep.equal([{ rule: "REQUIRED", field: "phone" }]);
    expect(validate(changed("talent", "")).errors).to.deep.equal([{ rule: "SCHEMA", field: "talent" }]);
  });

  it("finds a bad value in every field at once", () => {
    const bad = entityContract("student").fields.map(() => "\u0000");
    const fields = validate(bad).errors.map((one) => one.field);
    expect(fields).to.deep.equal(entityContract("student").fields.map((field) => field.name));
  });

  it("judges a value alike whatever record came before", () => {
    const fields = entityContract("student").fields;
    const values = fc.option(
      fc.constantFrom(
        "",
        "0",
        "1",
        "99",
        "20170607",
        "200.0",
        "340111000000",
        "示例",
        "\ufffd",
        "x".repeat(200),
      ),
    );
    const record = fc.array(values, { minLength: fields.length, maxLength: fields.length });
    fc.assert(
      fc.property(record, fc.nat(fields.length - 1), record, (before, at, other) => {
        const mixed = before.with(at, other[at] ?? null);
        validate(before);
        const fresh = recordValidator("student", "national-2013", { today });
        expect(validate(mixed)).to.deep.equal(fresh(mixed));
      }),
      { numRuns: 100 },
    );
  });

  it("counts code points, not halves of surrogate pairs", () => {
    expect(validate(changed("name", "𠮷".repeat(60))).errors).to.deep.equal([]);
    expect(validate(changed("name", "𠮷".repeat(61))).errors).to.deep.equal([
      { rule: "SCHEMA", field: "name" },
    ]);
  });

  it("refuses what a failed decoding leaves, controls and half characters", () => {
    for (const name of ["示\ufffd", "示\u0000", "示\n例", "示\u0085", "\ud842", "示\udfb7例"]) {
      expect(validate(changed("name", name)).errors).to.deep.equal([{ rule: "SCHEMA", field: "name" }]);
    }
  });

  it("does not ask a rule about a field that is malformed", () => {
    const findings = validate(changed("birthDate", "2017-06-07"));
    expect(findings).to.deep.equal({ errors: [{ rule: "SCHEMA", field: "birthDate" }], warnings: [] });
  });

  it("takes codes of the table that the field also allows: gender has no 0 and no 9", () => {
    const gender = (value: string) =>
      validate(changed("genderCode", value)).errors.some((one) => one.rule === "SCHEMA");
    expect(["0", "1", "2", "9", "男"].map(gender)).to.deep.equal([true, false, false, true, true]);
  });

  it("takes a birth place of any year, a residence in force only", () => {
    expect(validate(changed("birthRegionCode", "110103000000")).errors).to.deep.equal([]);
    expect(validate(changed("hukouRegionCode", "110103000000")).errors).to.deep.equal([
      { rule: "SCHEMA", field: "hukouRegionCode" },
    ]);
  });

  it("judges by the reference day that it was given", () => {
    const born = changed("birthDate", "20251101")
      .with(entityContract("student").indexOf("idDocType"), "Z")
      .with(entityContract("student").indexOf("idDocNo"), null);
    const isFuture = (day: string) =>
      recordValidator("student", "national-2013", { today: day })(born).errors.some(
        (one) => one.rule === "STUDENT_BIRTH_DATE_FUTURE",
      );
    expect([isFuture("20251031"), isFuture("20251101")]).to.deep.equal([true, false]);
  });

  it("refuses a record of another width, a profile that is not there, a day that does not exist", () => {
    const broken = [
      () => validate([]),
      () => recordValidator("student", "national-1913", { today }),
      () => recordValidator("student", "national-2013", { today: "20250229" }),
    ];
    for (const run of broken) expect(run).to.throw().with.property("code", "INVARIANT_BROKEN");
  });
});

describe("entity contracts", () => {
  for (const entity of entityNames) {
    const contract = entityContract(entity);

    it(`${entity}: identifier, parents, code tables and references exist`, () => {
      const names = contract.fields.map((field) => field.name);
      if (contract.identifier !== null) expect(names).to.include(contract.identifier);
      for (const parent of contract.parents) {
        const field = contract.fields[contract.indexOf(parent.field)];
        expect(field?.ref).to.equal(parent.entity);
        expect(entityNames.indexOf(parent.entity)).to.be.below(entityNames.indexOf(entity));
      }
      for (const field of contract.fields) {
        const table = field.codeTable;
        if (table !== undefined && !isRegionTable(table)) expect(codeTableNames()).to.include(table);
        if (field.type === "code" || field.type === "yes-no") expect(table).to.be.a("string");
      }
    });

    it(`${entity}: columns are the field names in snake case, each once`, () => {
      const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      for (const field of contract.fields) expect(field.column).to.equal(snake(field.name));
      expect(new Set(contract.fields.map((field) => field.column)).size).to.equal(contract.fields.length);
    });

    it(`${entity}: a code field accepts at least one code`, () => {
      const validate = recordValidator(entity, "national-2013", { today });
      for (const [at, field] of contract.fields.entries()) {
        if (field.codeTable === undefined || isRegionTable(field.codeTable)) continue;
        const accepted = [...codeTable(field.codeTable).codes].filter((code) => {
          const record: FieldValue[] = contract.fields.map(() => null);
          record[at] = code;
          return !validate(record).errors.some((one) => one.rule === "SCHEMA");
        });
        expect(accepted.length, field.name).to.be.at.least(1);
      }
    });
  }

  it("have the 48 items of the national form and both blocks of 12 in their order", () => {
    const items = (entity: "student" | "guardian") =>
      entityContract(entity)
        .fields.map((field) => field.item)
        .filter((item) => item !== undefined);
    expect(items("student")).to.deep.equal(Array.from({ length: 48 }, (_, at) => `${at + 1}`));
    expect(items("guardian")).to.deep.equal(Array.from({ length: 12 }, (_, at) => `${at + 49}/${at + 61}`));
  });

  it("refuse versions and fields that are not there", () => {
    expect(contractVersions("student")).to.deep.equal([1]);
    expect(() => entityContract("student", 2))
      .to.throw()
      .with.property("code", "CONTRACT_VERSION_UNKNOWN");
    expect(() => entityContract("student").indexOf("shoeSize"))
      .to.throw()
      .with.property("code", "INVARIANT_BROKEN");
  });

  it("have profiles that name fields of theirs", () => {
    expect(profileNames()).to.include("national-2013");
    for (const name of profileNames()) expect(profile(name).id).to.equal(name);
  });
});

describe("forms of values", () => {
  it("know the calendar", () => {
    const days = [
      "20240229",
      "20250229",
      "19000229",
      "20000229",
      "20250431",
      "20251301",
      "20250100",
      "17991231",
      "2025010a",
      "2025-1-1",
    ];
    expect(days.map(isDate)).to.deep.equal([
      true,
      false,
      false,
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(["202501", "202513", "202500", "20251", "2025011"].map(isMonth)).to.deep.equal([
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it("agree with the calendar of the machine", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1790, max: 2210 }), fc.nat(14), fc.nat(33), (year, month, day) => {
        const text = `${year}${String(month).padStart(2, "0")}${String(day).padStart(2, "0")}`;
        const date = new Date(Date.UTC(year, month - 1, day));
        const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
        expect(isDate(text)).to.equal(exists && year >= 1800 && year <= 2199);
      }),
    );
  });

  it("take whole characters of every plane", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => {
        const isPlain = text.isWellFormed() && !/[\p{Cc}\ufffd\ufffe\uffff]/u.test(text);
        expect(isPlainText(text)).to.equal(isPlain);
      }),
    );
  });
});
