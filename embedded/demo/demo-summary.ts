import type { Texts } from "../../contracts/texts.ts";
import type { CheckResult } from "./checker.ts";
import { checkedEntities } from "./checker-rows.ts";
import { addsUp, type EntityResults, ledgerHeads, ledgerRows } from "./demo-result.ts";

export interface SummaryFiles {
  readonly truth: string;
  readonly config: string;
  readonly urls: string | null;
}

/** The lines that end a demo: the ledger, why records were parked, what the checker found, where to look next. */
export function summaryLines(
  texts: Texts,
  results: EntityResults,
  check: CheckResult,
  seconds: { readonly load: number; readonly total: number },
  files: SummaryFiles,
): string[] {
  const text: Texts = (key, params) => texts(`demo.${key}`, params);
  return [
    "",
    ...ledgerLines(text, results),
    text(addsUp(results) ? "summary.adds" : "summary.wrong"),
    "",
    ...reasonLines(text, results),
    "",
    ...checkLines(text, check),
    text("speed", { seconds: seconds.load.toFixed(1), total: seconds.total.toFixed(1) }),
    "",
    ...nextLines(text, files),
  ];
}

function ledgerLines(text: Texts, results: EntityResults): string[] {
  const heads = ["entity", ...ledgerHeads].map((head) => text(`heading.${head}`));
  const rows = ledgerRows(results).map(([entity, ...counts]) => [
    text(`entity.${entity === "" ? "sum" : entity}`),
    ...counts.map((count) => count.toLocaleString("en-US")),
  ]);
  return aligned([heads, ...rows]);
}

function reasonLines(text: Texts, results: EntityResults): string[] {
  const lines = checkedEntities.flatMap((entity) => {
    const name = text(`entity.${entity}`);
    const { quarantined, rejected, waiting } = results[entity];
    const reasons = Object.entries({ ...quarantined, ...rejected }).map(([code, count]) =>
      text("summary.reason", { entity: name, code, count }),
    );
    return waiting === 0
      ? reasons
      : [...reasons, text("summary.waitingReason", { entity: name, count: waiting })];
  });
  return lines.length === 0 ? [] : [text("summary.reasons"), ...lines];
}

function checkLines(text: Texts, check: CheckResult): string[] {
  const { differences, entities } = check;
  if (differences === 0) {
    const parts = Object.values(entities);
    const sum = (name: "rows" | "fields") =>
      parts.reduce((total, part) => total + part[name], 0).toLocaleString("en-US");
    return [text("check.equal", { rows: sum("rows"), fields: sum("fields") })];
  }
  return [
    text("check.differs", { differences }),
    ...samples(check).map((where) => text("check.sample", { where })),
  ];
}

/** Keys and fields; never a value. */
function samples({ entities, staging, exceptions, ledger, foreign }: CheckResult): string[] {
  const keyed = checkedEntities.flatMap((entity) => [
    ...entities[entity].samples.map((sample) => `registry ${entity} ${sample}`),
    ...staging[entity].samples.map((sample) => `staging ${entity} ${sample}`),
    ...exceptions[entity].findings,
  ]);
  return [...ledger.findings, ...foreign.findings, ...keyed].slice(0, 12);
}

function nextLines(text: Texts, { config, truth, urls }: SummaryFiles): string[] {
  const file = config;
  const always = [text("next.truth", { file: truth }), text("next.config", { file })];
  if (urls === null) return [text("next"), ...always, text("next.keep")];
  const commands = [text("next.status", { file }), text("next.quarantine", { file })];
  return [text("next"), ...always, ...commands, text("next.urls", { file: urls }), text("next.stop")];
}

const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/g;

/** The first column stands to the left, counts to the right; Chinese characters take two places. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const width = (cell: string) => cell.length + (cell.match(wide)?.length ?? 0);
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => width(row[at] ?? ""))));
  return rows.map((row) =>
    row
      .map((cell, at) => {
        const blanks = " ".repeat((widths[at] ?? 0) - width(cell));
        return at === 0 ? cell + blanks : blanks + cell;
      })
      .join("  "),
  );
}
