import { type EntityName, entityNames } from "../entity.ts";
import { entityContract } from "../entity-contract.ts";
import { type InterfaceEngine, interfaceSchema, interfaceTable } from "./columns.ts";

/** `registry` of a province's configuration that reads the interface tables, as YAML; `head` are its comments. */
export function registryYaml(engine: InterfaceEngine, head: readonly string[]): string {
  return `${[...comments(head), ...registryLines(engine)].join("\n")}\n`;
}

export interface VerifyOptions {
  readonly engine: InterfaceEngine;
  readonly province: string;
  readonly profile: string;
}

/** A whole configuration around it, for whoever has the tables and nothing else. */
export function verifyYaml(
  { engine, profile, province }: VerifyOptions,
  head: readonly string[],
  aboutMappings: readonly string[],
): string {
  const lines = [
    ...comments(head),
    "role: province",
    `province: "${province}"`,
    "exchangeDb: { url: postgres://127.0.0.1/duijie }",
    "kafka: { client: kafkajs, brokers: [127.0.0.1:9092] }",
    "keys:",
    `  signing: { id: ${province}-1, privateKeyFile: ./keys/${province}.key }`,
    "  nation: [{ id: nation-1, publicKeyFile: ./keys/nation.pub }]",
    ...registryLines(engine),
    ...comments(aboutMappings),
    "#mappings:",
    "#  hukou-kind: ./mappings/hukou-kind.csv",
    `load: { profile: ${profile} }`,
  ];
  return `${lines.join("\n")}\n`;
}

function comments(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `# ${line}`);
}

function registryLines(engine: InterfaceEngine): readonly string[] {
  return [
    "registry:",
    `  engine: ${engine}`,
    "  url: { env: REGISTRY_URL }",
    "  limits: { concurrentReads: 2 }",
    "  entities:",
    ...entityNames.flatMap((entity) => entityLines(entity, engine)),
  ];
}

function entityLines(entity: EntityName, engine: InterfaceEngine): readonly string[] {
  // Names without quotes are stored in capitals there, and configuration spells them as they are stored.
  const spelt = (name: string) => (engine === "oracle" ? name.toUpperCase() : name);
  return [
    `    ${entity}:`,
    `      table: ${spelt(`${interfaceSchema}.${interfaceTable(entity)}`)}`,
    `      key: [${spelt("source_key")}]`,
    `      county: ${spelt("county")}`,
    `      phase: ${spelt("phase")}`,
    "      fields:",
    ...entityContract(entity).fields.map(({ column, name }) => `        ${name}: ${spelt(column)}`),
  ];
}
