import { codeTable } from "../../contracts/codes.ts";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { type InterfaceColumn, interfaceTable } from "../../contracts/interface/columns.ts";
import { dialectOf, interfaceRelation } from "../../contracts/interface/scripts.ts";
import {
  type EntityContract,
  entityContract,
  type FieldContract,
  profile,
} from "../../contracts/registry.ts";
import { createTexts, type Language, type Texts } from "../../contracts/texts.ts";
import { isRegionTable } from "../../contracts/value-check.ts";
import { faultKinds } from "../../pipeline/review/fault.ts";
import type { KitOptions } from "./kit-files.ts";
import { usedCodeTables } from "./used-code-tables.ts";

/** Longer tables are named with their size: they stand in a file of the kit. */
const listedRowsMax = 70;

/** The kit's page for people: all that a vendor has to know, in one language. */
export function guide(language: Language, options: KitOptions): string {
  const say = createTexts(language);
  const kit = (key: string, params: Parameters<Texts>[1] = {}) => say(`kit.${key}`, params);
  const parts = [
    `# ${kit("title", { engine: options.engine })}`,
    kit("intro", { ...options }),
    section(kit("files.title"), fileTable(kit)),
    section(kit("steps.title"), kit("steps.body")),
    section(kit("choose.title"), ...["tables", "views", "loads", "same"].map((one) => kit(`choose.${one}`))),
    section(kit("fill.title"), `${kit("fill.body")}\n${kit(`fill.${options.engine}`)}`),
    section(kit("tables.title"), kit("tables.intro", { profile: options.profile })),
    ...entityNames.map((entity) => entityPart({ entity, kit, language, options, say })),
    section(kit("load.title"), kit("load.body", { province: options.province })),
    section(kit("verdict.title"), kit("verdict.body"), outcomeTable(kit)),
    section(kit("verify.title"), faultTable(kit), kit("verify.closing")),
    section(kit("codes.title"), ...usedCodeTables().map((name) => codePart(name, kit, language))),
  ];
  return `${parts.join("\n\n")}\n`;
}

type Kit = (key: string, params?: Parameters<Texts>[1]) => string;

function section(title: string, ...paragraphs: readonly string[]): string {
  return [`## ${title}`, ...paragraphs].join("\n\n");
}

function fileTable(kit: Kit): string {
  const files = [
    ["`1-tables.sql`", "tables"],
    ["`2-views.sql`", "views"],
    ["`3-grants.sql`", "grants"],
    ["`4-example.sql`", "example"],
    ["`registry.yaml`", "registry"],
    ["`verify.yaml`", "verify"],
    ["`codes/*.csv`", "codes"],
  ] as const;
  return table(
    [kit("head.file"), kit("head.content")],
    files.map(([name, key]) => [name, kit(`files.${key}`)]),
  );
}

interface EntityPart {
  readonly entity: EntityName;
  readonly kit: Kit;
  readonly say: Texts;
  readonly language: Language;
  readonly options: KitOptions;
}

function entityPart(part: EntityPart): string {
  const { entity, kit, language } = part;
  const contract = entityContract(entity);
  const title = titleOf(contract, language);
  return [
    `### ${kit("table.title", { title, table: interfaceTable(entity) })}`,
    ...parentsOf(contract, kit),
    columnTable(part, contract),
    `#### ${kit("rules.title", { title })}`,
    ruleTable(contract, part.say, kit),
  ].join("\n\n");
}

function titleOf({ titleEn, titleZh }: EntityContract | FieldContract, language: Language): string {
  return language === "zh" ? titleZh : titleEn;
}

function parentsOf({ fields, parents }: EntityContract, kit: Kit): readonly string[] {
  if (parents.length === 0) return [];
  const list = parents.map((parent) => {
    const column = fields.find(({ name }) => name === parent.field)?.column ?? "";
    return kit("table.parent", { column, table: interfaceTable(parent.entity) });
  });
  return [kit("table.parents", { parents: list.join(", ") })];
}

function columnTable({ entity, kit, language, options }: EntityPart, contract: EntityContract): string {
  const dialect = dialectOf(options.engine);
  const required = profile(options.profile).required[contract.entity];
  const heads = ["column", "name", "type", "length", "required", "codes", "note"];
  const rows = interfaceRelation(entity, options.profile).columns.map((column) => {
    const { field, name } = column;
    const isRequired = name === "source_key" || (field !== null && required.includes(field.name));
    return [
      `\`${dialect.name(name)}\``,
      field === null ? "" : titleOf(field, language),
      dialect.type(column),
      field?.maxLength === undefined ? "" : String(field.maxLength),
      isRequired ? "★" : "",
      field?.codeTable === undefined ? "" : `[${field.codeTable}](#${field.codeTable})`,
      noteOf(column, kit),
    ];
  });
  return table(
    heads.map((head) => kit(`head.${head}`)),
    rows,
  );
}

function noteOf({ field, name }: InterfaceColumn, kit: Kit): string {
  if (field === null) return kit(`table.${name === "source_key" ? "key" : name}`);
  const notes = [
    ...(field.ref === undefined ? [] : [referenceOf(field.ref, kit)]),
    ...formOf(field, kit),
    ...(field.item === undefined ? [] : [kit("table.item", { item: field.item })]),
  ];
  return notes.join("; ");
}

function referenceOf(entity: EntityName, kit: Kit): string {
  const { fields, identifier } = entityContract(entity);
  const column = fields.find(({ name }) => name === identifier)?.column ?? "source_key";
  return kit("table.ref", { table: interfaceTable(entity), column });
}

function formOf({ codeTable: codes, pattern, type }: FieldContract, kit: Kit): readonly string[] {
  if (type === "date") return ["`YYYYMMDD`"];
  if (type === "month") return ["`YYYYMM`"];
  if (type === "yes-no") return ["`1` / `0`"];
  if (type === "decimal") return ["`0.0`"];
  return pattern === undefined || codes !== undefined ? [] : [kit("table.form", { pattern })];
}

function ruleTable({ fields, rules }: EntityContract, say: Texts, kit: Kit): string {
  const column = (name: string) => `\`${fields.find((field) => field.name === name)?.column ?? name}\``;
  const rows = rules.map((rule) => [
    `\`${rule.id}\``,
    kit(`severity.${rule.severity}`),
    rule.fields.map(column).join(" "),
    say(`rules.${rule.id}.title`),
    say(`rules.${rule.id}.fix`),
    rule.source,
  ]);
  const heads = ["rule", "severity", "column", "what", "fix", "why"];
  return table(
    heads.map((head) => kit(`head.${head}`)),
    rows,
  );
}

function outcomeTable(kit: Kit): string {
  const outcomes = ["applied", "quarantined", "rejected", "waiting"];
  return table(
    ["outcome", "meaning", "todo"].map((head) => kit(`head.${head}`)),
    outcomes.map((name) => [`\`${name}\``, kit(`verdict.${name}`), kit(`verdict.${name}.todo`)]),
  );
}

function faultTable(kit: Kit): string {
  return table(
    [kit("head.fault"), kit("head.meaning")],
    faultKinds.map((fault) => [`\`${fault}\``, kit(`verify.${fault}`)]),
  );
}

function codePart(name: string, kit: Kit, language: Language): string {
  if (isRegionTable(name)) {
    return `### ${name}\n\n${kit(name === "region" ? "codes.region" : "codes.regionAny")}`;
  }
  const { rows } = codeTable(name);
  const head = `### ${name}\n\n${kit("codes.file", { table: name, rows: rows.length })}`;
  if (rows.length > listedRowsMax) return head;
  const list = rows.map((row) => {
    const title = language === "en" ? row["name_en"] : undefined;
    return [`\`${row["code"] ?? ""}\``, title === undefined || title === "" ? (row["name_zh"] ?? "") : title];
  });
  return `${head}\n\n${table([kit("head.codes"), kit("head.name")], list)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
