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
    text("summary.processes"),
    ...Object.keys(peakRssMb).map((name) =>
      text("summary.process", {
        name: name.padEnd(10),
        cpu: (cpuMicrosPerRow[name] ?? 0).toFixed(1).padStart(7),
        mb: String(peakRssMb[name] ?? 0).padStart(5),
      }),
    ),
    text(differences === 0 ? "summary.equal" : "summary.differs", { differences }),
  ];
}
