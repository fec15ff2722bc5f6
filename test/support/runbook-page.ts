import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../contracts/package-root.ts";

/** A section of docs/runbook.md: what shows the fault, what cures it, what proves that it is gone. */
export interface RunbookSection {
  readonly code: string;
  readonly check: readonly string[];
  readonly cure: readonly string[];
  readonly proof: readonly string[];
  /** Why no test runs it; null: a test does. */
  readonly notRun: string | null;
}

export interface Runbook {
  readonly sections: readonly RunbookSection[];
  /** Reasons that the page explains. */
  readonly reasons: readonly string[];
}

export function readRunbook(): Runbook {
  const page = readFileSync(join(packageRoot, "docs", "runbook.md"), "utf8");
  const [head = "", ...parts] = page.split(/^<a id="/m);
  return {
    sections: parts.map(sectionOf),
    reasons: [...head.matchAll(/^\| `([a-z]+)` \|/gm)].map((match) => match[1] ?? ""),
  };
}

function sectionOf(part: string): RunbookSection {
  const [, anchor = "", code = ""] = /^(\w+)"><\/a>\n## (\w+)\n/.exec(part) ?? [];
  if (anchor !== code || code === "") throw new Error(`a section without its anchor: ${part.slice(0, 60)}`);
  return {
    code,
    check: linesOf(part, "check"),
    cure: linesOf(part, "cure"),
    proof: linesOf(part, "proof"),
    notRun: /not executed by the test: `(\w+)`/.exec(part)?.[1] ?? null,
  };
}

function linesOf(part: string, name: string): string[] {
  const block = new RegExp(` · ${name}:\\n\\n\`\`\`sh\\n([\\s\\S]*?)\`\`\``).exec(part)?.[1] ?? "";
  return block.split("\n").filter((line) => line.trim() !== "");
}
