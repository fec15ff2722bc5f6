import { DuijieError } from "../../contracts/errors.ts";
import type { CheckFinding, SourceEntity } from "../connector.ts";
import { usedColumns } from "../used-columns.ts";
import { askFolder, fileError, openSource, sourceFile } from "./file-access.ts";
import { charsetOf, type FileHeader, headerFaults, readHeader } from "./file-header.ts";
import type { FileIndex } from "./file-index.ts";
import type { CsvOptions } from "./options.ts";

export async function checkFolder(folder: string): Promise<CheckFinding> {
  try {
    await askFolder(folder);
    return { ok: true, subject: "server", detail: { folder } };
  } catch (error) {
    return failure("server", error);
  }
}

/** About one file: its header first, then all of it, from the first byte to the last. `ask` gives its index. */
export async function checkSource(
  source: SourceEntity,
  options: CsvOptions,
  ask: () => Promise<FileIndex>,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const { entity } = source;
  const findings: CheckFinding[] = [];
  try {
    const { bytes, header } = await headerOf(source, options, signal);
    const { place } = sourceFile(options.folder, source);
    const faults = headerFaults(header, source, place);
    if (faults.length > 0) return faults.map((fault) => ({ ...failure("column", fault), entity }));
    const table = tableOf(source);
    findings.push({ ok: true, subject: "table", entity, detail: { table, bytes } });
    findings.push({
      ok: true,
      subject: "column",
      entity,
      detail: { table, columns: usedColumns(source).length },
    });
    return [...findings, ...rowFindings(source, options, await ask())];
  } catch (error) {
    return [...findings, ...faultFindings(error, source)];
  }
}

async function headerOf(
  source: SourceEntity,
  options: CsvOptions,
  signal: AbortSignal,
): Promise<{ bytes: number; header: FileHeader }> {
  const { folder } = options;
  const file = sourceFile(folder, source);
  const handle = await openSource(folder, file);
  try {
    const { size } = await handle.stat();
    return { bytes: size, header: await readHeader(handle, options, file.place, signal) };
  } catch (error) {
    signal.throwIfAborted();
    throw await fileError(error, folder, file.place);
  } finally {
    await handle.close();
  }
}

function rowFindings(source: SourceEntity, options: CsvOptions, index: FileIndex): readonly CheckFinding[] {
  const { entity } = source;
  const { beyondAscii, keys, unreadable } = index;
  const key = source.key.join(", ");
  const { keys: doubledKeys, rows: doubledRows } = keys.doubled;
  const sample = { rows: keys.rows, beyondAscii, unreadable };
  return [
    { ok: true, subject: "charset", entity, detail: { table: tableOf(source), charset: charsetOf(options) } },
    counted("sample", sample, unreadable > 0 ? "unreadable" : null),
    counted("null-keys", { key, rows: keys.keylessRows }, keys.keylessRows > 0 ? "null-keys" : null),
    counted(
      "key-duplicates",
      { key, keys: doubledKeys, rows: doubledRows },
      doubledKeys > 0 ? "key-duplicates" : null,
    ),
  ].map((finding) => ({ ...finding, entity }));
}

function counted(
  subject: string,
  detail: Readonly<Record<string, string | number>>,
  warning: string | null,
): CheckFinding {
  return { ok: true, subject, detail: warning === null ? detail : { ...detail, warning } };
}

/** A wrong charset also says what the bytes look like, where the counts stand. */
function faultFindings(error: unknown, source: SourceEntity): readonly CheckFinding[] {
  const { entity } = source;
  const isCharset = error instanceof DuijieError && error.code === "SOURCE_CHARSET_WRONG";
  const found = { ...failure(isCharset ? "charset" : "table", error), entity };
  if (!isCharset) return [found];
  const { looksLike = "unknown" } = error.params;
  return [found, { ok: true, subject: "sample", entity, detail: { table: tableOf(source), looksLike } }];
}

function tableOf({ from }: SourceEntity): string {
  return "relation" in from ? from.relation : "";
}

/** An error that is not ours (an abort) is no finding. */
function failure(subject: string, error: unknown): CheckFinding {
  if (!(error instanceof DuijieError)) throw error;
  const subjectOf = error.code === "SOURCE_REFUSED" && subject === "table" ? "right" : subject;
  return { ok: false, subject: subjectOf, code: error.code, detail: error.params };
}
