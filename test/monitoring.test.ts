import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { isMetricName, metricNames, metrics } from "../contracts/metrics.ts";
import { packageRoot } from "../contracts/package-root.ts";

const read = (path: string) => readFileSync(join(packageRoot, path), "utf8");

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly summary_en: string; readonly runbook: string };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const rules: readonly Rule[] = (
  parse(read("docs/monitoring/alerts.yaml")) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read("docs/monitoring/grafana-dashboard.json")) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
};
const panels = dashboard.panels.filter(({ type }) => type !== "row");
const shown = panels.flatMap(({ targets = [] }) => targets);

/** Metrics of ours in a PromQL expression with the labels that it selects or groups by; a histogram by its own name. */
function usesOf(expr: string): readonly { readonly name: string; readonly labels: readonly string[] }[] {
  return [...expr.matchAll(/\b(duijie_[a-z0-9_]+)(\{[^}]*\})?/g)].map(([, found = "", selector = ""]) => {
    const histogram = found.replace(/_(?:bucket|sum|count)$/, "");
    const name = isMetricName(found) ? found : histogram;
    return {
      name,
      labels: [...selector.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map((match) => match[1] ?? ""),
    };
  });
}

/** Labels that groupings and legends name. */
function groupedBy(expr: string): readonly string[] {
  return [...expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap((match) =>
    (match[1] ?? "").split(",").map((label) => label.trim()),
  );
}

/** Put there by Prometheus. */
const ofPrometheus = ["job", "instance", "le"];

function faultsOf(expr: string): string[] {
  const uses = usesOf(expr);
  const unknown = uses.filter(({ name }) => !isMetricName(name)).map(({ name }) => `${name}: no such metric`);
  const known = uses.flatMap(({ name }) => (isMetricName(name) ? [...metrics[name].labels] : []));
  const selected = uses.flatMap(({ labels, name }) =>
    labels
      .filter(
        (label) =>
          isMetricName(name) && ![...ofPrometheus, ...metrics[name].labels].some((one) => one === label),
      )
      .map((label) => `${name}: no label ${label}`),
  );
  const grouped = groupedBy(expr)
    .filter((label) => ![...ofPrometheus, ...known].includes(label))
    .map((label) => `${expr}: groups by ${label}`);
  return [...unknown, ...selected, ...grouped];
}

describe("the alert rules", () => {
  it("use metrics and labels that exist", () => {
    expect(rules.length).to.be.above(10);
    expect(rules.flatMap(({ expr }) => faultsOf(expr))).to.deep.equal([]);
  });

  it("would be seen to use what does not exist", () => {
    expect(faultsOf("max by (job) (duijie_no_such_thing) > 0")).to.have.length(1);
    expect(faultsOf('sum(duijie_batches{colour="red"})')).to.have.length(1);
    expect(faultsOf("sum by (colour) (duijie_batches)")).to.have.length(1);
  });

  it("say in both languages what is wrong, and where it is told what to do", () => {
    const manual = read("docs/operations.md");
    for (const { alert, annotations, for: wait, labels } of rules) {
      expect(annotations.summary, alert).to.match(/\p{Script=Han}{2}/u);
      expect(annotations.summary_en, alert).to.match(/[a-z]{3}/);
      const [, anchor = ""] = /^docs\/operations\.md#([a-z-]+)$/.exec(annotations.runbook) ?? [];
      expect(manual, alert).to.include(`<a id="${anchor}"></a>`);
      expect(manual, alert).to.match(
        new RegExp(`\\| [^|\\n]*\\b${alert}\\b[^|\\n]*\\| [^\\n]*\\(#${anchor}\\)`),
      );
      expect(wait, alert).to.match(/^\d+[smh]$/);
      expect(labels.severity, alert).to.be.oneOf(["warning", "critical"]);
    }
    expect(new Set(rules.map(({ alert }) => alert)).size).to.equal(rules.length);
  });
});

describe("the Grafana dashboard", () => {
  it("uses metrics and labels that exist", () => {
    expect(shown.length).to.be.above(30);
    expect(shown.flatMap(({ expr }) => faultsOf(expr))).to.deep.equal([]);
  });

  it("names in its legends only labels that are left after grouping", () => {
    for (const { expr, legendFormat } of shown) {
      const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? "");
      const left = [...groupedBy(expr), ...(groupedBy(expr).length === 0 ? ["instance", "job"] : [])];
      expect(left, expr).to.include.members(named);
    }
  });

  it("has Chinese titles with an English one beside, and its own ids and places", () => {
    for (const { title } of panels) expect(title).to.match(/^(?:CPU|\p{Script=Han}.*· [A-Z].*)$/u);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).to.equal(dashboard.panels.length);
    const places = dashboard.panels.map(({ gridPos: { x, y } }) => `${x},${y}`);
    expect(new Set(places).size).to.equal(places.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).to.be.at.most(24);
    expect(dashboard.templating.list.map(({ name }) => name)).to.deep.equal(["datasource", "job"]);
  });

  it("shows every metric that a database tells", () => {
    const used = new Set(
      [...shown.map(({ expr }) => expr), ...rules.map(({ expr }) => expr)].flatMap((expr) =>
        usesOf(expr).map(({ name }) => name),
      ),
    );
    const unseen = metricNames.filter((name) => metrics[name].from === "sql" && !used.has(name));
    // The sum of outcomes that are all shown; and what an alert would need no graph for.
    expect(unseen).to.deep.equal(["duijie_records_read", "duijie_national_batches"]);
  });
});
