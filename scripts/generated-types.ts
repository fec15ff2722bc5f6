import { readFileSync } from "node:fs";
import { compile } from "json-schema-to-typescript";
import type { EntityName } from "../contracts/entity.ts";
import { contractsPath } from "../contracts/package-root.ts";

interface Property {
  readonly title: string;
  readonly "x-title-en": string;
}

/**
 * The TypeScript file of one entity, from its schema alone. It reads the file itself: the registry imports the rules,
 * and these import what is made here.
 */
export async function generatedTypes(entity: EntityName): Promise<string> {
  const properties = readProperties(entity);
  const names = Object.keys(properties);
  const record = await compile(recordSchema(entity, properties), recordName(entity), {
    bannerComment:
      "/* Written by `npm run generate` from the schema of this entity. Changes here are lost. */",
    style: { printWidth: 110 },
  });
  const index = names.map((name, at) => `  ${name}: ${at},`).join("\n");
  return `${record}
/** Every field in contract order. */
export const fields = [
${names.map((name) => `  ${JSON.stringify(name)},`).join("\n")}
] as const;

/** Where a field stands in an array of values. */
export const i = {
${index}
} as const;
`;
}

function recordName(entity: EntityName): string {
  return `${entity.slice(0, 1).toUpperCase()}${entity.slice(1)}Record`;
}

function readProperties(entity: EntityName): Readonly<Record<string, Property>> {
  const schema: unknown = JSON.parse(
    readFileSync(contractsPath("entities", entity, "record.v1.schema.json"), "utf8"),
  );
  if (!hasProperties(schema)) throw new Error(`no properties in the schema of ${entity}`);
  return schema.properties;
}

function hasProperties(schema: unknown): schema is { properties: Record<string, Property> } {
  return typeof schema === "object" && schema !== null && "properties" in schema;
}

/** Every key is there in memory, null where the value is absent; constraints say nothing to a type. */
function recordSchema(entity: EntityName, properties: Readonly<Record<string, Property>>) {
  return {
    title: recordName(entity),
    type: "object" as const,
    additionalProperties: false,
    required: Object.keys(properties),
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [
        name,
        {
          type: ["string", "null"] as ("string" | "null")[],
          description: `${property.title} · ${property["x-title-en"]}`,
        },
      ]),
    ),
  };
}
