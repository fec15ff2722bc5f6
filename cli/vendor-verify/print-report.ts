import type { Cell } from "../table-text.ts";
import type { Terminal } from "../terminal.ts";
import { type ReportedColumn, type ReportedEntity, type ReportedFault, type VendorReport } from "./report.ts";

const codesShownMax = 5;

/** The report as a person reads it: what was read, each fault under its table and column, and the acceptance. */
export function printReport(terminal: Terminal, report: VendorReport): void {
  const kind = report.source.load === null ? "Registry" : "Load";
  terminal.say(`verify.head${kind}`, headParams(report));
  terminal.table(
    ["relation", "title", "rows", "sound", "faulty"],
    report.entities.map((entity) => [
      entity.relation,
      terminal.text(`entity.${entity.entity}`),
      entity.rows,
      entity.soundRows,
      entity.rows - entity.soundRows,
    ]),
  );
  const lines = report.entities.flatMap((entity) => entityLines(terminal, entity));
  if (lines.length > 0) {
    terminal.say("verify.faults");
    terminal.table(["relation", "column", "name", "fault", "rows", "keys"], lines);
  }
  printAcceptance(terminal, report);
  terminal.say(`verify.${report.clean ? "clean" : "notClean"}`, {
    faulty: report.rows - report.soundRows,
    rows: report.rows,
  });
}

function headParams({ mappingVersion, profile, source }: VendorReport) {
  return {
    profile,
    engine: source.engine,
    load: source.load ?? "",
    mappingVersion: mappingVersion ?? "–",
  };
}

function entityLines(terminal: Terminal, entity: ReportedEntity): readonly (readonly Cell[])[] {
  const ofRows = entity.faults.map((fault) => faultLine(terminal, entity, null, fault));
  const ofColumns = entity.columns.flatMap((column) =>
    column.faults.map((fault) => faultLine(terminal, entity, column, fault)),
  );
  return [...ofRows, ...ofColumns];
}

function faultLine(
  terminal: Terminal,
  { relation }: ReportedEntity,
  column: ReportedColumn | null,
  fault: ReportedFault,
): readonly Cell[] {
  return [
    relation,
    column === null ? "–" : (column.column ?? column.field),
    column === null ? "" : columnTitle(terminal, column),
    faultText(terminal, fault),
    fault.rows,
    fault.keys.join(", "),
  ];
}

/** The English name stands in the contract's field name. */
function columnTitle(terminal: Terminal, { field, nameZh }: ReportedColumn): string {
  return terminal.text("verify.columnTitle", { field, nameZh });
}

function faultText(terminal: Terminal, fault: ReportedFault): string {
  const what =
    fault.kind === "RULE" && fault.rule !== null
      ? `${fault.rule} ${terminal.texts(`rules.${fault.rule}.title`)}`
      : terminal.texts(`kit.verify.${fault.kind}`);
  const kind = terminal.text(`verify.${fault.severity}`, { what });
  return `${kind}${detailOf(terminal, fault)}`;
}

function detailOf(terminal: Terminal, { code, codes, longest }: ReportedFault): string {
  if (code !== undefined) return terminal.text("verify.detail.code", { code });
  if (longest !== undefined) return terminal.text("verify.detail.longest", { longest });
  if (codes === undefined) return "";
  if (codes.length === 0) return terminal.text("verify.detail.noCodes");
  const shown = codes.slice(0, codesShownMax).map((one) => `${one.code}×${one.rows}`);
  const list = codes.length > codesShownMax ? [...shown, "…"] : shown;
  return terminal.text("verify.detail.codes", { list: list.join(" ") });
}

function printAcceptance(terminal: Terminal, { acceptance, entities }: VendorReport): void {
  const { VA1, VA2, VA3 } = acceptance;
  const state = (passed: boolean) => terminal.text(`verify.${passed ? "passed" : "failed"}`);
  const place = ({ entity, column, field }: (typeof VA1.absent)[number]) => {
    const relation = entities.find((one) => one.entity === entity)?.relation ?? entity;
    return `${relation}.${column ?? field}`;
  };
  terminal.table(
    ["criterion", "result", "measured", "lacking"],
    [
      [
        terminal.text("verify.VA1"),
        state(VA1.passed),
        ratio(VA1.present, VA1.required),
        VA1.absent.map(place).join(", "),
      ],
      [
        terminal.text("verify.VA2"),
        state(VA2.passed),
        ratio(VA2.mapped, VA2.inUse),
        VA2.toOther.length === 0
          ? ""
          : terminal.text("verify.lumped", { list: VA2.toOther.map(place).join(", ") }),
      ],
      [terminal.text("verify.VA3"), state(VA3.passed), ratio(VA3.passing, VA3.all), ""],
    ],
  );
}

function ratio(part: number, whole: number): string {
  return `${part}/${whole}`;
}
