import type { Texts } from "../contracts/texts.ts";
import type { BenchFigures } from "./figures.ts";

/** What a person reads at the end. */
export function summaryLines(texts: Texts, figures: BenchFigures): readonly string[] {
  const text: Texts = (key, params) => texts(`bench.${key}`, params);
  const { cpuMicrosPerRow, differences, limit, path, peakRssMb, ratio } = figures;
  const unmeasured = text("summary.unmeasured");
  return [
    "",
    text("summary.unit"),
    text("summary.limit", {
      rows: limit === null ? unmeasured : limit.rowsPerSecond.toLocaleString("en-US"),
    }),
    text("summary.path", {
      rows: path.rowsPerSecond.toLocaleString("en-US"),
      students: path.studentSeconds,
      guardians: path.guardianSeconds,
    }),
    text("summary.ratio", { ratio: ratio === null ? unmeasured : ratio.toFixed(3) }),
    ...keyLines(text, figures),
    text("summary.processes"),
    ...Object.keys(peakRssMb).map((name) =>
      text("summary.process", {
        name: name.padEnd(10),
        cpu: (cpuMicrosPerRow[name] ?? 0).toFixed(1).padStart(7),
        mb: String(peakRssMb[name] ?? 0).padStart(5),
      }),
    ),
    ...stageLines(text, figures),
    text(differences === 0 ? "summary.equal" : "summary.differs", { differences }),
  ];
}

function keyLines(text: Texts, { limitKeyIndexOnly, ratioKeyIndexOnly }: BenchFigures): readonly string[] {
  if (limitKeyIndexOnly === null || ratioKeyIndexOnly === null) return [];
  const rows = limitKeyIndexOnly.rowsPerSecond.toLocaleString("en-US");
  return [text("summary.keyIndexOnly", { rows, ratio: ratioKeyIndexOnly.toFixed(3) })];
}

function stageLines(text: Texts, { stages }: BenchFigures): readonly string[] {
  if (stages === null) return [];
  const names = [...new Set(Object.values(stages).flatMap((costs) => Object.keys(costs)))];
  const entities = Object.keys(stages);
  const line = (name: string, cells: readonly string[]) =>
    `${name.padEnd(14)}${cells.map((cell) => cell.padStart(10)).join("")}`;
  return [
    text("summary.stages"),
    line("", entities),
    ...names.map((name) =>
      line(
        name,
        entities.map((entity) => (stages[entity]?.[name] ?? 0).toFixed(2)),
      ),
    ),
  ];
}
