import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DuijieError } from "../contracts/errors.ts";
import type { KeptFinding } from "../exchange-db/landing.ts";
import type { FailingRow } from "../pipeline/dry-run.ts";
import { csvLines, csvText } from "./csv-text.ts";
import { fixHint } from "./fix-hint.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The failing rows of a dry run, `<entity>/<county>/<school>.csv`, a line per finding: to be handed to those who can set
 * them right. The files hold source keys and are readable by their owner alone.
 */
export class FailingRowsFolder {
  readonly folder: string;
  readonly #terminal: Terminal;
  readonly #begun = new Set<string>();

  /** Throws FILE_EXISTS for a folder that holds anything: two runs in one folder would add up to nonsense. */
  constructor(folder: string, terminal: Terminal) {
    if (existsSync(folder) && readdirSync(folder).length > 0) {
      throw new DuijieError("FILE_EXISTS", { file: folder });
    }
    this.folder = folder;
    this.#terminal = terminal;
    this.#kept(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  }

  add(rows: readonly FailingRow[]): void {
    const linesOf = new Map<string, (string | null)[][]>();
    for (const row of rows) {
      const file = this.#fileOf(row);
      const lines = linesOf.get(file) ?? [];
      lines.push(...row.findings.map((finding) => this.#line(row, finding)));
      linesOf.set(file, lines);
    }
    for (const [file, lines] of linesOf) this.#kept(file, () => this.#append(file, lines));
  }

  writeSummary(summary: object): void {
    const file = join(this.folder, "summary.json");
    this.#kept(file, () =>
      writeFileSync(file, `${JSON.stringify(summary, undefined, 2)}\n`, { mode: 0o600 }),
    );
  }

  #append(file: string, lines: readonly (string | null)[][]): void {
    if (this.#begun.has(file)) {
      appendFileSync(file, csvLines(lines));
      return;
    }
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const heads = ["key", "code", "field", "rule", "sourceCode", "fix"];
    const headings = heads.map((name) => this.#terminal.text(`heading.${name}`));
    writeFileSync(file, csvText(headings, lines), { mode: 0o600 });
    this.#begun.add(file);
  }

  #line(row: FailingRow, finding: KeptFinding): (string | null)[] {
    const { code, field, rule, value } = finding;
    return [row.key, code, field, rule, value, fixHint(this.#terminal.texts, finding)];
  }

  #fileOf({ county, entity, school }: FailingRow): string {
    return join(this.folder, entity, safeName(county), `${safeName(school)}.csv`);
  }

  #kept(file: string, write: () => void): void {
    try {
      write();
    } catch (error) {
      throw new DuijieError("FILE_UNREADABLE", { file }, error);
    }
  }
}

const plainName = /^[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff_-]{0,59}$/u;

/** A code of the registry as a file's name; where that needs changes, a digest keeps two codes apart. */
export function safeName(code: string | null): string {
  if (code === null || code === "") return "none";
  if (plainName.test(code)) return code;
  const cleaned = code.replace(/[^A-Za-z0-9\u4e00-\u9fff_-]/gu, "_").slice(0, 50);
  return `_${cleaned}-${createHash("sha256").update(code).digest("hex").slice(0, 8)}`;
}
