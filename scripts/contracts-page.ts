import { codeTable } from "../contracts/codes.ts";
import { entityNames } from "../contracts/entity.ts";
import type { EntityContract, FieldContract, Rule } from "../contracts/registry.ts";
import { entityContract, profile, profileNames } from "../contracts/registry.ts";
import { createTexts } from "../contracts/texts.ts";
import { isRegionTable } from "../contracts/value-check.ts";

/** Longer tables are named with their size: nobody reads 250 countries in a page. */
const listedRowsMax = 64;

/** docs/contracts.md: every field, code and rule in Chinese and English, made from the contracts alone. */
export function contractsPage(): string {
  const parts = [
    introduction(),
    ...entityNames.map((entity) => entitySection(entityContract(entity))),
    codesSection(),
  ];
  return `${parts.join("\n\n")}\n`;
}

function introduction(): string {
  return `# 数据契约 · Data contracts

<!-- Written by \`npm run generate\` from contracts/. Changes here are lost. -->

每个字段的值都是文本或空（null）：日期 \`YYYYMMDD\`，年月 \`YYYYMM\`，小数保留一位，是否 \`0\`/\`1\`，区划 12 位。★ 为配置 \`${profileNames().join("`、`")}\` 的必填项；有条件的必填项是规则。

Every value is text or null: dates \`YYYYMMDD\`, months \`YYYYMM\`, decimals with one digit, yes/no \`0\`/\`1\`, regions twelve digits. ★ marks what the profile \`${profileNames().join("`, `")}\` requires; what is required in certain cases only is a rule. Severity \`error\` parks a record, \`warning\` is counted.`;
}

function entitySection(contract: EntityContract): string {
  return [
    `## ${contract.titleZh} · ${contract.titleEn}`,
    `\`${contract.entity}\`, ${contract.fields.length} 个字段 · fields, \`contracts/entities/${contract.entity}/record.v${contract.version}.schema.json\`, \`staging.${contract.table}\`, \`registry.${contract.table}\`.`,
    fieldTable(contract),
    ...(contract.rules.length === 0 ? [] : [ruleTable(contract.rules)]),
  ].join("\n\n");
}

function fieldTable(contract: EntityContract): string {
  const required = profileNames().flatMap((name) => profile(name).required[contract.entity]);
  const rows = contract.fields.map((field) => [
    field.item ?? "",
    field.titleZh,
    field.titleEn,
    code(field.name),
    code(field.column),
    field.alias === undefined ? "" : code(field.alias),
    typeOf(field),
    required.includes(field.name) ? "★" : "",
    field.codeTable === undefined ? "" : codeLink(field.codeTable),
    field.pattern === undefined || field.codeTable !== undefined ? "" : code(field.pattern),
  ]);
  return table(["#", "中文", "English", "field", "column", "alias", "type", "★", "codes", "form"], rows);
}

function ruleTable(rules: readonly Rule[]): string {
  const [zh, en] = [createTexts("zh"), createTexts("en")];
  const rows = rules.map((rule) => [
    code(rule.id),
    rule.severity,
    rule.owner,
    rule.fields.map(code).join(" "),
    `${zh(`rules.${rule.id}.title`)} · ${en(`rules.${rule.id}.title`)}`,
    `${zh(`rules.${rule.id}.fix`)} · ${en(`rules.${rule.id}.fix`)}`,
    rule.source,
  ]);
  return table(
    ["规则 · rule", "severity", "owner", "fields", "说明 · what", "处理 · fix", "依据 · source"],
    rows,
  );
}

function typeOf(field: FieldContract): string {
  if (field.ref !== undefined) return `→ ${field.ref}`;
  const isFree = field.type === "text" || field.type === "code";
  return isFree && field.maxLength !== undefined ? `${field.type}(${field.maxLength})` : field.type;
}

function codesSection(): string {
  const names = entityNames.flatMap((entity) =>
    entityContract(entity).fields.map((field) => field.codeTable ?? ""),
  );
  const used = [...new Set(names)].filter((name) => name !== "").toSorted();
  return ["## 代码表 · Code tables", ...used.map(codeTableSection)].join("\n\n");
}

function codeTableSection(name: string): string {
  if (isRegionTable(name)) {
    const meaning =
      name === "region"
        ? "现行区划，12 位 · a region in force, twelve digits: `region.csv`, `region-nbs-extra.csv`"
        : "任何年份的区划，12 位 · a region of any year, twelve digits: also `region-history.csv`";
    return `### ${name}\n\n${meaning}`;
  }
  const { rows } = codeTable(name);
  const heading = `### ${name}\n\n\`contracts/codes/${name}.csv\``;
  if (rows.length > listedRowsMax) return `${heading}, ${rows.length} 个代码 · codes`;
  const lines = rows.map((row) => [code(row["code"] ?? ""), row["name_zh"] ?? "", row["name_en"] ?? ""]);
  return `${heading}\n\n${table(["code", "中文", "English"], lines)}`;
}

function codeLink(name: string): string {
  return `[${name}](#${name})`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
