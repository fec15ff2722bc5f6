import type { ErrorObject } from "ajv/dist/2020.js";
import type { ErrorParams } from "../contracts/errors.ts";
import type { Finding } from "../contracts/finding.ts";
import { suggest } from "./suggest.ts";
import type { Path, YamlSource } from "./yaml-source.ts";

/** What the schema objects to, as a person can act on it: where, what was found, what is allowed. */
export function schemaFindings(errors: readonly ErrorObject[], source: YamlSource): readonly Finding[] {
  const alternatives = errors
    .filter((error) => error.keyword === "oneOf")
    .map((error) => `${error.schemaPath}/`);
  const findings = errors
    // Of a choice and of a name only the whole is reported: which branch failed, and how, says nothing more.
    .filter(({ keyword, propertyName }) => keyword !== "if" && propertyName === undefined)
    .filter((error) => !alternatives.some((path) => error.schemaPath.startsWith(path)))
    .map((error) => findingOf(error, source));
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

function findingOf(error: ErrorObject, source: YamlSource): Finding {
  const path = pathOf(error.instancePath, source.content);
  const { keyword } = error;
  if (keyword === "additionalProperties") return unknownKey(error, path, source);
  if (keyword === "required" || keyword === "dependentRequired") return missingKey(error, path, source);
  if (keyword === "propertyNames") return wrongName(error, path, source);
  const params = { path: pathText(path), line: source.lineOf(path), found: foundText(error.data, path) };
  return { key: `config.finding.${keyOf(error)}`, params: { ...params, ...allowedOf(error) } };
}

/** JSON pointers name list places and keys alike by text; a list's are numbers. */
function pathOf(pointer: string, content: unknown): Path {
  let at: unknown = content;
  return pointer
    .split("/")
    .slice(1)
    .map((part) => {
      const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
      const step = Array.isArray(at) ? Number(key) : key;
      at = childOf(at, step);
      return step;
    });
}

function childOf(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return value[Number(key)];
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

export function pathText(path: Path): string {
  return path
    .map((part, at) => (typeof part === "number" ? `[${part}]` : at === 0 ? part : `.${part}`))
    .join("");
}

function unknownKey(error: ErrorObject, path: Path, source: YamlSource): Finding {
  const key = textOf(error.params["additionalProperty"]);
  const known = Object.keys(propertiesOf(error.parentSchema));
  const suggestion = suggest(key, known);
  return {
    key: "config.finding.unknownKey",
    params: {
      path: pathText([...path, key]),
      line: source.lineOfKey(path, key),
      allowed: known.join(", "),
      ...(suggestion === undefined ? {} : { suggestion }),
    },
  };
}

function missingKey(error: ErrorObject, path: Path, source: YamlSource): Finding {
  const key = textOf(error.params["missingProperty"]);
  return {
    key: "config.finding.missing",
    params: { path: pathText([...path, key]), line: source.lineOf(path) },
  };
}

function wrongName(error: ErrorObject, path: Path, source: YamlSource): Finding {
  const key = textOf(error.params["propertyName"]);
  return {
    key: "config.finding.wrongName",
    params: { path: pathText([...path, key]), line: source.lineOfKey(path, key) },
  };
}

function propertiesOf(schema: ErrorObject["parentSchema"]): object {
  const properties: unknown = schema?.["properties"];
  return typeof properties === "object" && properties !== null ? properties : {};
}

const keysOfKeywords: Readonly<Record<string, string>> = {
  enum: "notAllowed",
  const: "notAllowed",
  pattern: "wrongForm",
  oneOf: "wrongChoice",
  uniqueItems: "twice",
};

function keyOf(error: ErrorObject): string {
  if (error.keyword === "type") return `type.${[textOf(error.params["type"])].flat()[0]}`;
  return keysOfKeywords[error.keyword] ?? "outOfRange";
}

function allowedOf(error: ErrorObject): ErrorParams {
  const { keyword, params, parentSchema } = error;
  if (keyword === "enum") return { allowed: listText(params["allowedValues"]) };
  if (keyword === "const") return { allowed: textOf(params["allowedValue"]) };
  if (keyword === "pattern") {
    const examples = listText(parentSchema?.["examples"]);
    return examples === "" ? {} : { example: examples };
  }
  if (keyword === "oneOf") return { allowed: choicesText(parentSchema?.["oneOf"]) };
  if (params["limit"] !== undefined)
    return { allowed: `${comparisons[keyword] ?? ""} ${textOf(params["limit"])}`.trim() };
  return {};
}

const comparisons: Readonly<Record<string, string>> = {
  minimum: "≥",
  exclusiveMinimum: ">",
  minLength: "≥",
  minItems: "≥",
  minProperties: "≥",
  maximum: "≤",
  maxLength: "≤",
  maxItems: "≤",
  maxProperties: "≤",
};

function choicesText(choices: unknown): string {
  if (!Array.isArray(choices)) return "";
  const texts = choices.map((choice: unknown) => {
    const needed = childOf(choice, "required");
    return Array.isArray(needed) ? needed.join(" + ") : textOf(childOf(choice, "type"));
  });
  return texts.join(" | ");
}

function listText(values: unknown): string {
  return Array.isArray(values) ? values.map(textOf).join(", ") : "";
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

const secretKeys: ReadonlySet<string | number> = new Set(["url", "password"]);
const foundLengthMax = 60;

/** What stands there; never where a secret belongs, as it may stand there in plain text. */
function foundText(value: unknown, path: Path): string {
  const last = path.at(-1);
  if (path.includes("tls") || (last !== undefined && secretKeys.has(last))) return "***";
  if (Array.isArray(value)) return "[…]";
  if (typeof value === "object" && value !== null) return "{…}";
  const text = textOf(value);
  return text.length > foundLengthMax ? `${text.slice(0, foundLengthMax)}…` : text;
}
