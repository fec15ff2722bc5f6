import { readFile } from "node:fs/promises";
import { CsvError, parse } from "csv-parse/sync";
import { codeTable, codeTableNames } from "../contracts/codes.ts";
import { DuijieError } from "../contracts/errors.ts";
import type { Finding } from "../contracts/finding.ts";
import { FindingsError } from "../contracts/finding.ts";
import { nationalRegions } from "../contracts/regions.ts";
import { entityContract } from "../contracts/registry.ts";
import { isPlainText } from "../contracts/value-check.ts";

/** What a province's table maps to, and how its file is written. */
export interface MappingTarget {
  /** A national code table, `region`, `region-any`, or `school`. */
  readonly kind: string;
  readonly charset?: "utf8" | "gb18030";
}

export interface MappingLine {
  readonly sourceCode: string;
  readonly targetCode: string;
  readonly note: string | null;
}

const header = ["source_code", "target_code"];

/**
 * Reads `source_code,target_code[,note]`. MAPPING_FILE_INVALID with every fault of the file and its line;
 * FILE_UNREADABLE where there is no file. A line that stands there twice alike counts once.
 */
export async function readMappingCsv(
  file: string,
  target: MappingTarget,
): Promise<{ readonly entries: readonly MappingLine[] }> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new DuijieError("FILE_UNREADABLE", { file }, error);
  });
  const { entries, faults } = parsed(decode(bytes, target.charset ?? "utf8", file), target.kind);
  if (faults.length > 0) throw invalid(file, faults);
  return { entries };
}

function invalid(file: string, faults: readonly Finding[]): FindingsError {
  return new FindingsError("MAPPING_FILE_INVALID", { file, line: faults[0]?.params["line"] ?? 1 }, faults);
}

/** Fails on bytes that are no text of this charset: a wrong guess would map other words than were written. */
function decode(bytes: Buffer, charset: "utf8" | "gb18030", file: string): string {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw invalid(file, [{ key: "mappings.fault.charset", params: { line: 1, charset } }]);
  }
}

interface Line {
  readonly cells: readonly string[];
  readonly line: number;
}

/** A quotation mark that is never closed is the one fault after which nothing can be told of the rest. */
function parsed(text: string, kind: string): Parsed {
  try {
    return parseMapping(text, kind);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error["lines"]);
    return { entries: [], faults: [fault("quote", Number.isSafeInteger(line) ? line : 1, {})] };
  }
}

interface Parsed {
  readonly entries: readonly MappingLine[];
  readonly faults: readonly Finding[];
}

function parseMapping(text: string, kind: string): Parsed {
  const isTarget = targetCheck(kind);
  const [first, ...lines] = readLines(text);
  if (first === undefined || !isHeader(first.cells)) {
    return { entries: [], faults: [fault("header", first?.line ?? 1, {})] };
  }
  const faults: Finding[] = [];
  const entries = new Map<string, MappingLine>();
  const firstLines = new Map<string, number>();
  for (const { cells, line } of lines) {
    const [sourceCode = "", targetCode = "", note = ""] = cells;
    const found = faultsOf(cells, line, kind, isTarget);
    faults.push(...found);
    const before = entries.get(sourceCode);
    if (before !== undefined && before.targetCode !== targetCode) {
      faults.push(
        fault("duplicate", line, { value: sourceCode, firstLine: firstLines.get(sourceCode) ?? 0 }),
      );
    }
    if (before === undefined && found.length === 0) {
      entries.set(sourceCode, { sourceCode, targetCode, note: note === "" ? null : note });
      firstLines.set(sourceCode, line);
    }
  }
  return { entries: [...entries.values()], faults };
}

function readLines(text: string): readonly Line[] {
  const rows: Line[] = [];
  parse(text, {
    trim: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    on_record: (record: readonly string[], { lines }) => {
      rows.push({ cells: record, line: lines });
      return null;
    },
  });
  return rows;
}

function isHeader(cells: readonly string[]): boolean {
  const isNamed = header.every((name, at) => cells[at] === name);
  return isNamed && (cells.length === 2 || (cells.length === 3 && cells[2] === "note"));
}

/** How a spreadsheet writes a long number that it took for a quantity. */
const eaten = /^\d(?:\.\d+)?[Ee]\+\d+$/;

function faultsOf(
  cells: readonly string[],
  line: number,
  kind: string,
  isTarget: (code: string) => boolean,
): Finding[] {
  const [source = "", target = ""] = cells;
  const faults: Finding[] = [];
  if (cells.length < 2 || cells.length > 3) faults.push(fault("columns", line, { found: cells.length }));
  if (source === "") faults.push(fault("blankSource", line, {}));
  if (target === "") faults.push(fault("blankTarget", line, {}));
  for (const value of [source, target]) {
    if (eaten.test(value)) faults.push(fault("eaten", line, { value }));
  }
  if (!cells.every(isPlainText)) faults.push(fault("characters", line, {}));
  else if (target !== "" && !eaten.test(target) && !isTarget(target)) {
    faults.push(fault("unknownTarget", line, { value: target, target: kind }));
  }
  return faults;
}

function fault(name: string, line: number, params: Readonly<Record<string, string | number>>): Finding {
  return { key: `mappings.fault.${name}`, params: { line, ...params } };
}

/** The kinds that a table may map to. */
export function mappingTargetKinds(): readonly string[] {
  return [...new Set([...codeTableNames(), "region", "region-any", "school"])].toSorted();
}

function targetCheck(kind: string): (code: string) => boolean {
  if (kind === "school") {
    const form = new RegExp(schoolIdPattern(), "u");
    return (code) => form.test(code);
  }
  if (kind === "region") return isCurrentRegion;
  if (kind === "region-any") return (code) => nationalRegions().resolveAny(code) !== null;
  const { codes } = codeTable(kind);
  return (code) => codes.has(code);
}

/** A table has to say where a pupil belongs now; an abolished code as its target would only move the question. */
function isCurrentRegion(code: string): boolean {
  const regions = nationalRegions();
  return code.length === 6 ? regions.current.has(code) : regions.isCurrent12(code);
}

function schoolIdPattern(): string {
  const school = entityContract("school");
  const pattern = school.fields[school.indexOf("schoolId")]?.pattern;
  if (pattern === undefined)
    throw new DuijieError("INVARIANT_BROKEN", { entity: "school", field: "schoolId" });
  return pattern;
}
