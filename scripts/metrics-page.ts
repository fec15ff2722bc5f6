import { metricNames, metrics } from "../contracts/metrics.ts";
import { createTexts } from "../contracts/texts.ts";

const roles = { province: "省级 · province", national: "国家级 · nation", both: "两端 · both" } as const;

/** docs/metrics.md: every metric with its labels and meaning, made from the catalogue and its texts alone. */
export function metricsPage(): string {
  const zh = createTexts("zh");
  const en = createTexts("en");
  const rows = metricNames.map((name) => {
    const { from, kind, labels, role } = metrics[name];
    const label = labels.map((one) => `\`${one}\``).join(" ");
    const key = `metrics.${name}`;
    return `| \`${name}\` | ${kind} | ${label} | ${roles[role]} | ${from} | ${zh(key)} · ${en(key)} |`;
  });
  return `# 指标 · Metrics

<!-- Written by \`npm run generate\` from contracts/metrics.ts and contracts/texts. Changes here are lost. -->

如何打开、如何接入 Prometheus 和 Grafana：[operations.md](operations.md)“监控”。\`sql\`：有人来取时向本侧数据库查询，同一侧任一进程所见相同；\`process\`：该进程启动以来自己的计数。标签只有代码和区县代码，没有任何个人信息。

How to switch them on, and Prometheus and Grafana: [operations.md](operations.md), Monitoring. \`sql\`: asked of this side's database at each scrape, the same from every process of a side; \`process\`: counted by the process since it began. Labels are codes and county codes; nothing personal.

| 指标 · metric | 类型 · type | 标签 · labels | 谁有 · who | 来自 · from | 含义 · meaning |
|---|---|---|---|---|---|
${rows.join("\n")}
`;
}
