import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import type { EntityName, FieldValue } from "./entity.ts";
import { entityNames } from "./entity.ts";
import { createAjv, entityContract } from "./entity-contract.ts";
import { contractsPath } from "./package-root.ts";
import type { RecordFinding } from "./validator.ts";
import { recordValidator } from "./validator.ts";

/** The examples were made for this day. */
const today = "20251101";

type Example = Readonly<Record<string, FieldValue>>;

const record = { type: "object", additionalProperties: { type: ["string", "null"] } } as const;
const ajv = new Ajv2020({ allowUnionTypes: true });
const isRecord = ajv.compile<Example>(record);
const isInvalidExample = ajv.compile<{ expected: RecordFinding[]; record: Example }>({
  type: "object",
  required: ["expected", "record"],
  properties: { expected: { type: "array", minItems: 1 }, record },
});
const isRuleExamples = ajv.compile<Record<string, { valid: Example[]; invalid: Example[] }>>({
  type: "object",
  additionalProperties: {
    type: "object",
    required: ["valid", "invalid"],
    properties: {
      valid: { type: "array", minItems: 1, items: record },
      invalid: { type: "array", minItems: 1, items: record },
    },
  },
});

function read(entity: EntityName, file: string): unknown {
  return JSON.parse(readFileSync(contractsPath("entities", entity, "examples", file), "utf8"));
}

function files(entity: EntityName, start: string): string[] {
  return readdirSync(contractsPath("entities", entity, "examples")).filter((file) => file.startsWith(start));
}

function expectRecord(value: unknown): Example {
  if (!isRecord(value)) throw new Error("not a record");
  return value;
}

function toValues(entity: EntityName, example: Example): FieldValue[] {
  const contract = entityContract(entity);
  for (const name of Object.keys(example)) contract.indexOf(name);
  return contract.fields.map((field) => example[field.name] ?? null);
}

for (const entity of entityNames) {
  describe(`examples of ${entity}`, () => {
    const validate = recordValidator(entity, "national-2013", { today });

    it("are at least two valid and two invalid ones", () => {
      expect(files(entity, "valid-").length).to.be.at.least(2);
      expect(files(entity, "invalid-").length).to.be.at.least(2);
    });

    for (const file of files(entity, "valid-")) {
      it(`${file} has no finding and meets the schema as a whole`, () => {
        const example = expectRecord(read(entity, file));
        expect(validate(toValues(entity, example))).to.deep.equal({ errors: [], warnings: [] });
        const isValid = createAjv().compile(entityContract(entity).schema);
        expect(isValid(example), JSON.stringify(isValid.errors)).to.equal(true);
      });
    }

    for (const file of files(entity, "invalid-")) {
      it(`${file} has exactly the errors that it names`, () => {
        const example = read(entity, file);
        if (!isInvalidExample(example)) throw new Error("not an invalid example");
        expect(validate(toValues(entity, example.record)).errors).to.have.deep.members(example.expected);
      });
    }
  });

  describe(`rules of ${entity}`, () => {
    const validate = recordValidator(entity, "national-2013", { today });
    const base = expectRecord(read(entity, "valid-1.json"));
    const examples = read(entity, "rules.json");
    if (!isRuleExamples(examples)) throw new Error(`malformed rules.json of ${entity}`);
    const contract = entityContract(entity);

    it("have examples, each of them, and examples have a rule", () => {
      expect(Object.keys(examples)).to.have.members(contract.rules.map((rule) => rule.id));
    });

    for (const rule of contract.rules) {
      const { valid = [], invalid = [] } = examples[rule.id] ?? {};
      const found = (patch: Example) => {
        const validation = validate(toValues(entity, { ...base, ...patch }));
        return [
          ...validation.errors.map((one) => ({ ...one, severity: "error" })),
          ...validation.warnings.map((one) => ({ ...one, severity: "warning" })),
        ];
      };

      // By number: a title is printed, and what looks like an identity number is searched for in all that is printed.
      for (const [at, patch] of valid.entries()) {
        it(`${rule.id} accepts example ${at + 1}`, () => {
          const findings = found(patch);
          expect(findings.filter((one) => one.rule === rule.id)).to.deep.equal([]);
          expect(findings.filter((one) => one.rule === "SCHEMA")).to.deep.equal([]);
        });
      }

      for (const [at, patch] of invalid.entries()) {
        it(`${rule.id} finds example ${at + 1}`, () => {
          expect(found(patch)).to.deep.include({
            rule: rule.id,
            field: rule.fields[0],
            severity: rule.severity,
          });
        });
      }

      it(`${rule.id} reads no field that it does not name`, () => {
        const allowed = new Set(rule.fields.map((field) => contract.indexOf(field)));
        for (const patch of [{}, ...valid, ...invalid]) {
          const watched = new Proxy(toValues(entity, { ...base, ...patch }), {
            get(values, key, receiver): unknown {
              if (typeof key === "string" && /^\d+$/.test(key)) expect(allowed).to.include(Number(key));
              return Reflect.get(values, key, receiver);
            },
          });
          rule.check(watched, { today });
        }
      });
    }
  });
}
