import { conformanceCases, conformanceGroups } from "../connectors/conformance.ts";
import { createTexts } from "../contracts/texts.ts";

/** docs/conformance.md: every case that each engine must pass, made from the list and its texts alone. */
export function conformancePage(): string {
  const zh = createTexts("zh");
  const en = createTexts("en");
  const rows = conformanceGroups.flatMap(({ cases, requirement }) =>
    cases.map((each) => {
      const needs = (each.needs ?? []).map((feature) => `\`${feature}\``).join(" ");
      const key = `conformance.case.${each.id}`;
      return `| \`${each.id}\` | ${zh(key)} · ${en(key)} | ${each.requirement ?? requirement} | ${needs} |`;
    }),
  );
  return `# 连接器一致性检查 · Conformance of connectors

<!-- Written by \`npm run generate\` from connectors/conformance and contracts/texts. Changes here are lost. -->

每个引擎的连接器都要原样通过下面 ${conformanceCases.length} 项，名称不变。\`npm run conformance -- --json f\` 在这里能得到的每个引擎上运行；\`duijie connector verify\` 在您自己的服务器上运行（[connectors.md](connectors.md)）。“需要”一栏：引擎没有该特性时，这一项报告为“引擎不具备”并写明原因；没有连上真实服务器的引擎报告为“未运行”，从不算作通过。

Every engine's connector passes these ${conformanceCases.length} cases unchanged; names are stable. \`npm run conformance -- --json f\` runs them on every engine that can be had here, \`duijie connector verify\` on your own server ([connectors.md](connectors.md)). "Needs": where an engine has no such feature, the case is reported as unsupported, with the reason. An engine without a live server is reported as not run, never as passed.

| 名称 · name | 证明 · proves | 要求 · requirement | 需要 · needs |
|---|---|---|---|
${rows.join("\n")}
`;
}
