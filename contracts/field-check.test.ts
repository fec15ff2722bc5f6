import { expect } from "chai";
import fc from "fast-check";
import { codeTable } from "./codes.ts";
import { entityNames } from "./entity.ts";
import { createAjv, type EntityContract, entityContract, type FieldContract } from "./entity-contract.ts";
import { fieldCheck } from "./field-check.ts";
import { isRegionTable } from "./value-check.ts";

const piece = fc.constantFrom(
  "",
  "0",
  "1",
  "9",
  "2026",
  "0901",
  "340102000000",
  "34",
  "X",
  "张",
  "𠮷",
  " ",
  "\n",
  "\u0000",
  "\ud800",
  "\ufffd",
  ".",
  "-",
  "a",
  "A",
);

function textOf(field: FieldContract): fc.Arbitrary<string> {
  const any = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
  const long = fc.integer({ min: 0, max: (field.maxLength ?? 20) + 3 }).map((length) => "长".repeat(length));
  const digits = fc.stringMatching(/^\d{1,12}$/);
  const table = field.codeTable;
  if (table === undefined || isRegionTable(table)) return fc.oneof(any, long, digits);
  return fc.oneof(any, long, fc.constantFrom(...codeTable(table).codes));
}

describe("checks put together from keywords", () => {
  for (const entity of entityNames) {
    it(`answer as the compiled schema does, for every field of ${entity}`, () => {
      const contract = entityContract(entity);
      const ajv = createAjv();
      for (const field of contract.fields) {
        const check = fieldCheck(contract, field);
        const isValid = ajv.compile(contract.schemaOf(field.name));
        fc.assert(
          fc.property(textOf(field), (text) => {
            expect(check(text), JSON.stringify(text)).to.equal(isValid(text));
          }),
          { numRuns: 60 },
        );
      }
    }).timeout(20_000);
  }

  it("leave a keyword that they do not understand to the schema", () => {
    const contract = entityContract("campus");
    const [field] = contract.fields;
    if (field === undefined) throw new Error("no field");
    const stricter: EntityContract = {
      ...contract,
      schemaOf: (name) => ({ ...contract.schemaOf(name), enum: ["2134000001"] }),
    };
    const check = fieldCheck(stricter, field);
    expect(check("2134000001")).to.equal(true);
    expect(check("2134000002")).to.equal(false);
  });
});
