import { existsSync, readFileSync } from "node:fs";
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from "yaml";
import { DuijieError } from "../contracts/errors.ts";
import type { Finding } from "../contracts/finding.ts";
import { FindingsError } from "../contracts/finding.ts";

export type Path = readonly (string | number)[];

/** A YAML file that was parsed, and where each of its parts stands. */
export interface YamlSource {
  readonly file: string;
  readonly content: unknown;
  /** The line of a value; of the nearest part above it where there is none. */
  lineOf(path: Path): number;
  /** The line of a key of the map at `path`. */
  lineOfKey(path: Path, key: string): number;
}

/** CONFIG_NOT_FOUND, FILE_UNREADABLE, or CONFIG_INVALID with every fault of its YAML. */
export function readYaml(file: string): YamlSource {
  if (!existsSync(file)) throw new DuijieError("CONFIG_NOT_FOUND", { file });
  const text = readText(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const faults = document.errors.map((error) => yamlFault(error.code, lines.linePos(error.pos[0]).line));
  if (faults.length > 0) throw new FindingsError("CONFIG_INVALID", { file }, faults);
  return { file, content: contentOf(document, file), ...locations(document, lines) };
}

function readText(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (!(error instanceof TypeError)) throw new DuijieError("FILE_UNREADABLE", { file }, error);
    throw new FindingsError("CONFIG_INVALID", { file }, [
      { key: "config.finding.encoding", params: { line: 1 } },
    ]);
  }
}

function yamlFault(code: string, line: number): Finding {
  const key = code === "DUPLICATE_KEY" ? "config.finding.duplicateKey" : "config.finding.yaml";
  return { key, params: { line, found: code } };
}

function contentOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const fault: Finding = { key: "config.finding.yaml", params: { line: 1, found: "ALIAS" } };
    throw new FindingsError("CONFIG_INVALID", { file, reason: error instanceof Error ? error.name : "" }, [
      fault,
    ]);
  }
}

function locations(document: Document, lines: LineCounter): Pick<YamlSource, "lineOf" | "lineOfKey"> {
  const lineAt = (offset: number | undefined): number =>
    offset === undefined ? 1 : lines.linePos(offset).line;
  const lineOf = (path: Path): number => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) {
        // A map begins below its key; a person looks for the key.
        const key = path[length - 1];
        return isMap(node) && typeof key === "string"
          ? lineOfKey(path.slice(0, length - 1), key)
          : lineAt(node.range[0]);
      }
    }
    return 1;
  };
  const lineOfKey = (path: Path, key: string): number => {
    const map = path.length === 0 ? document.contents : document.getIn(path, true);
    if (!isMap(map)) return lineOf(path);
    const pair = map.items.find(
      (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key,
    );
    return isScalar(pair?.key) && pair.key.range ? lineAt(pair.key.range[0]) : lineOf(path);
  };
  return { lineOf, lineOfKey };
}
