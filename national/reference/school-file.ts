import { readFile } from "node:fs/promises";
import { CsvError, parse } from "csv-parse/sync";
import { codeTable } from "../../contracts/codes.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { type Finding, FindingsError } from "../../contracts/finding.ts";
import { nationalRegions } from "../../contracts/regions.ts";
import { entityContract } from "../../contracts/registry.ts";
import { type MinistrySchool, schoolColumns } from "./ministry-schools.ts";

interface Line {
  readonly cells: readonly string[];
  readonly line: number;
}

/**
 * Reads the ministry's schools: UTF-8, the columns of `schoolColumns` in this order. SCHOOL_FILE_INVALID with every
 * fault of the file and its line; FILE_UNREADABLE where there is none.
 */
export async function readSchoolsCsv(file: string): Promise<readonly MinistrySchool[]> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new DuijieError("FILE_UNREADABLE", { file }, error);
  });
  const [header, ...lines] = readLines(bytes, file);
  if (header === undefined || header.cells.join(",") !== schoolColumns.join(",")) {
    throw invalid(file, [fault("header", 1, { expected: schoolColumns.join(",") })]);
  }
  const checks = columnChecks();
  const faults: Finding[] = [];
  const firstLines = new Map<string, number>();
  for (const { cells, line } of lines) {
    faults.push(...faultsOf(cells, line, checks));
    const id = cells[0] ?? "";
    const firstLine = firstLines.get(id);
    if (firstLine !== undefined) faults.push(fault("duplicate", line, { found: id, firstLine }));
    else firstLines.set(id, line);
  }
  if (faults.length > 0) throw invalid(file, faults);
  return lines.map(({ cells }) => schoolOf(cells));
}

function readLines(bytes: Buffer, file: string): readonly Line[] {
  const lines: Line[] = [];
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    parse(text, {
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (cells: readonly string[], { lines: line }) => {
        lines.push({ cells, line });
        return null;
      },
    });
    return lines;
  } catch (error) {
    if (error instanceof TypeError) throw invalid(file, [fault("charset", 1, {})]);
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error["lines"]);
    throw invalid(file, [fault("quote", Number.isSafeInteger(line) ? line : 1, {})]);
  }
}

type Check = (value: string) => boolean;

/** In the order of `schoolColumns`. */
function columnChecks(): readonly Check[] {
  const school = entityContract("school");
  const idForm = new RegExp(school.fields[school.indexOf("schoolId")]?.pattern ?? "^$", "u");
  const types = codeTable("school-type").codes;
  const regions = nationalRegions();
  const isRegion: Check = (value) => regions.isCurrent12(value);
  return [
    (value) => idForm.test(value),
    (value) => value !== "" && value.length <= 200,
    (value) => types.has(value),
    isRegion,
    isRegion,
  ];
}

function faultsOf(cells: readonly string[], line: number, checks: readonly Check[]): readonly Finding[] {
  if (cells.length !== schoolColumns.length) return [fault("columns", line, { found: cells.length })];
  return schoolColumns.flatMap((column, at) => {
    const value = cells[at] ?? "";
    return checks[at]?.(value) === true ? [] : [fault("value", line, { column, found: value })];
  });
}

function schoolOf(cells: readonly string[]): MinistrySchool {
  const [school_id = "", name = "", school_type_code = "", region_code = "", managing_authority_code = ""] =
    cells;
  return { school_id, name, school_type_code, region_code, managing_authority_code };
}

function fault(name: string, line: number, params: Readonly<Record<string, string | number>>): Finding {
  return { key: `national.schoolFile.${name}`, params: { line, ...params } };
}

function invalid(file: string, faults: readonly Finding[]): FindingsError {
  return new FindingsError("SCHOOL_FILE_INVALID", { file, line: faults[0]?.params["line"] ?? 1 }, faults);
}
