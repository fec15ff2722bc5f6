import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { campusRules } from "./entities/campus/rules.ts";
import { classRules } from "./entities/class/rules.ts";
import { gradeRules } from "./entities/grade/rules.ts";
import { guardianRules } from "./entities/guardian/rules.ts";
import { regionRules } from "./entities/region/rules.ts";
import { schoolRules } from "./entities/school/rules.ts";
import { studentRules } from "./entities/student/rules.ts";
import type { EntityName } from "./entity.ts";
import { entityNames } from "./entity.ts";
import { DuijieError } from "./errors.ts";
import { contractsPath } from "./package-root.ts";
import type { Rule } from "./rules.ts";
import type { FieldType } from "./value-check.ts";
import { addContractKeywords, fieldTypes } from "./value-check.ts";

/** One field of a record, as its schema describes it. */
export interface FieldContract {
  /** camelCase: the name in contracts, configuration and mappings. */
  readonly name: string;
  /** snake_case: the name in our databases. */
  readonly column: string;
  readonly type: FieldType;
  readonly titleZh: string;
  readonly titleEn: string;
  /** A table of `codes/`, or `region` (in force now) or `region-any` (of any year), both twelve digits. */
  readonly codeTable?: string;
  /** The parent entity that this value names by its identifier; of a student by its source key. */
  readonly ref?: EntityName;
  /** Code points. */
  readonly maxLength?: number;
  readonly pattern?: string;
  /** The column of the national 1.0 system. */
  readonly alias?: string;
  /** The number on the national form. */
  readonly item?: string;
}

/** The contract of one entity: its fields in the order of every array of values, its place among the others, its rules. */
export interface EntityContract {
  readonly entity: EntityName;
  readonly version: number;
  /** The table of its rows, in `staging` and in `registry`. */
  readonly table: string;
  readonly titleZh: string;
  readonly titleEn: string;
  readonly fields: readonly FieldContract[];
  /** Contract order; INVARIANT_BROKEN for a name that is no field. */
  indexOf(field: string): number;
  /** The field by which others refer to it; null where nobody does, or does so by source key. */
  readonly identifier: string | null;
  readonly parents: readonly { readonly field: string; readonly entity: EntityName }[];
  readonly rules: readonly Rule[];
  /** The schema as it stands in the file, and the part of it that describes one field. */
  readonly schema: object;
  schemaOf(field: string): object;
}

const rules: Readonly<Record<EntityName, readonly Rule[]>> = {
  region: regionRules,
  school: schoolRules,
  campus: campusRules,
  grade: gradeRules,
  class: classRules,
  student: studentRules,
  guardian: guardianRules,
};

/** The newest version of each contract. A published version stays readable for ever. */
const newest: Readonly<Record<EntityName, number>> = {
  region: 1,
  school: 1,
  campus: 1,
  grade: 1,
  class: 1,
  student: 1,
  guardian: 1,
};

const contracts = new Map<string, EntityContract>();

/** The contract of an entity, read once. CONTRACT_VERSION_UNKNOWN for a version that we do not have. */
export function entityContract(entity: EntityName, version: number = newest[entity]): EntityContract {
  const id = `${entity}:${version}`;
  const known = contracts.get(id);
  if (known !== undefined) return known;
  if (!contractVersions(entity).includes(version)) {
    throw new DuijieError("CONTRACT_VERSION_UNKNOWN", { entity, version });
  }
  const contract = readContract(entity, version);
  contracts.set(id, contract);
  return contract;
}

/** The versions of a contract that this program reads, ascending. */
export function contractVersions(entity: EntityName): readonly number[] {
  return Array.from({ length: newest[entity] }, (_, at) => at + 1);
}

/** What the shape of a schema file must be before we trust it. */
const metaSchema = {
  type: "object",
  required: ["$id", "title", "x-entity", "x-table", "x-title-zh", "x-identifier", "x-parents", "properties"],
  properties: {
    $id: { type: "string" },
    title: { type: "string" },
    "x-entity": { enum: entityNames },
    "x-table": { type: "string" },
    "x-title-zh": { type: "string" },
    "x-identifier": { type: ["string", "null"] },
    "x-parents": {
      type: "array",
      items: {
        type: "object",
        required: ["field", "entity"],
        additionalProperties: false,
        properties: { field: { type: "string" }, entity: { enum: entityNames } },
      },
    },
    properties: {
      type: "object",
      additionalProperties: {
        type: "object",
        required: ["type", "title", "x-title-en", "x-column", "x-type"],
        properties: {
          type: { const: ["string", "null"] },
          title: { type: "string" },
          "x-title-en": { type: "string" },
          "x-column": { type: "string", pattern: "^[a-z][a-z0-9_]*$" },
          "x-type": { enum: fieldTypes },
          "x-code-table": { type: "string" },
          "x-ref": { enum: entityNames },
          "x-item": { type: "string" },
          "x-alias": { type: "string" },
          maxLength: { type: "integer" },
          pattern: { type: "string" },
        },
      },
    },
  },
} as const;

interface SchemaProperty {
  readonly title: string;
  readonly "x-title-en": string;
  readonly "x-column": string;
  readonly "x-type": FieldType;
  readonly "x-code-table"?: string;
  readonly "x-ref"?: EntityName;
  readonly "x-item"?: string;
  readonly "x-alias"?: string;
  readonly maxLength?: number;
  readonly pattern?: string;
}

interface SchemaFile {
  readonly title: string;
  readonly "x-entity": EntityName;
  readonly "x-table": string;
  readonly "x-title-zh": string;
  readonly "x-identifier": string | null;
  readonly "x-parents": readonly { readonly field: string; readonly entity: EntityName }[];
  readonly properties: Readonly<Record<string, SchemaProperty>>;
}

/** One compiler for everything here. `$ref`s are not used, so instances do not get in each other's way. */
export function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, allErrors: false, allowUnionTypes: true });
  addContractKeywords(ajv);
  return ajv;
}

const isSchemaFile = new Ajv2020({ allowUnionTypes: true, strictTypes: false }).compile<SchemaFile>(
  metaSchema,
);

function readContract(entity: EntityName, version: number): EntityContract {
  const file = contractsPath("entities", entity, `record.v${version}.schema.json`);
  const schema: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!isSchemaFile(schema)) {
    const fault = isSchemaFile.errors?.[0];
    throw new DuijieError("INVARIANT_BROKEN", {
      what: "contract schema",
      entity,
      where: fault?.instancePath ?? "",
      fault: fault?.message ?? "",
    });
  }
  const fields = Object.entries(schema.properties).map(([name, property]) => fieldOf(name, property));
  const positions = new Map(fields.map((field, at) => [field.name, at]));
  return Object.freeze({
    entity,
    version,
    table: schema["x-table"],
    titleZh: schema["x-title-zh"],
    titleEn: schema.title,
    fields: Object.freeze(fields),
    indexOf(field: string): number {
      const at = positions.get(field);
      if (at === undefined) throw new DuijieError("INVARIANT_BROKEN", { what: "field", entity, field });
      return at;
    },
    identifier: schema["x-identifier"],
    parents: schema["x-parents"],
    rules: rules[entity],
    schema,
    schemaOf: (field: string): object => {
      const property = schema.properties[field];
      if (property === undefined) throw new DuijieError("INVARIANT_BROKEN", { what: "field", entity, field });
      return property;
    },
  });
}

function fieldOf(name: string, property: SchemaProperty): FieldContract {
  return Object.freeze({
    name,
    column: property["x-column"],
    type: property["x-type"],
    titleZh: property.title,
    titleEn: property["x-title-en"],
    ...given("codeTable", property["x-code-table"]),
    ...given("ref", property["x-ref"]),
    ...given("maxLength", property.maxLength),
    ...given("pattern", property.pattern),
    ...given("alias", property["x-alias"]),
    ...given("item", property["x-item"]),
  });
}

/** Leaves an absent value out, as exact optional properties want it. */
function given<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  if (value === undefined) return {};
  const result: Partial<Record<K, V>> = {};
  result[key] = value;
  return result;
}
