import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DuijieError } from "../contracts/errors.ts";
import { packageRoot } from "../contracts/package-root.ts";
import type { Language } from "../contracts/texts.ts";
import { sourceKinds } from "./schema.ts";

export interface ProvinceTemplateOptions {
  /** Two digits. */
  readonly province: string;
  readonly brokers?: readonly string[];
  readonly client?: "rdkafka" | "kafkajs" | "postgres";
  /** What the registry runs on; PostgreSQL where left out. */
  readonly engine?: string;
  /** The id of the signing key; its file is `./keys/<province>.key`. */
  readonly keyId?: string;
}

/** The commented configuration of a province, for `duijie init`: `examples/province.yaml` with comments of one language. */
export function provinceTemplate(options: ProvinceTemplateOptions, language: Language): string {
  const { province, keyId = `${province}-1` } = options;
  const text = filled("province", language, [
    ['province: "34"', `province: "${province}"`],
    ["clientId: duijie-34", `clientId: duijie-${province}`],
    ["username: duijie-34", `username: duijie-${province}`],
    [
      "{ id: 34-2026, privateKeyFile: ./keys/34.key }",
      `{ id: ${keyId}, privateKeyFile: ./keys/${province}.key }`,
    ],
  ]);
  return withKafka(withEngine(text, options.engine ?? exampleEngine, language), options);
}

/** What `examples/province.yaml` is written for. */
const exampleEngine = "postgres";

/**
 * The registry's head of another engine, from `examples/registry-<engine>.yaml`. An engine that reads files gets one
 * file an entity, also where the example has a query.
 */
function withEngine(text: string, engine: string, language: Language): string {
  if (engine === exampleEngine) return text;
  const head = filled(`registry-${engine}`, language, []);
  const from = text.indexOf(registryHead);
  const to = /^ {2}#?entities:/m.test(head) ? scopeAt(text) : text.indexOf("  limits:", from);
  if (from === -1 || to === -1) throw new DuijieError("INVARIANT_BROKEN", { what: "configuration template" });
  const before = text.slice(0, from).replace(/(\n *# .*)+\n$/, "\n");
  const whole = before + head + text.slice(to);
  return sourceKinds(engine).includes("file") ? withFiles(whole) : whole;
}

/** Where the part after the registry and its mapping tables begins, with its comment. */
function scopeAt(text: string): number {
  const at = text.lastIndexOf("\n\n", text.indexOf("#scope:"));
  return at === -1 ? -1 : at + 1;
}

const registryHead = "registry:\n  engine: postgres\n";

function withFiles(text: string): string {
  return text
    .replaceAll(/^( +)table: (\w+)$/gm, "$1file: $2.csv")
    .replace("table（表或视图）或 query（查询）", "file（文件名）")
    .replace("table (or view) or query", "file (its name)")
    .replace(/( +# .*\n)*( +)query: \|\n(?: {8,}.*\n)+/, "$2file: jt_jbxx.csv\n");
}

export interface NationalTemplateOptions {
  readonly provinces: readonly string[];
  readonly brokers?: readonly string[];
  readonly client?: "rdkafka" | "kafkajs" | "postgres";
}

/** The commented configuration of the national node: `examples/national.yaml` with comments of one language. */
export function nationalTemplate(options: NationalTemplateOptions, language: Language): string {
  const keys = options.provinces.map(
    (province) => `    "${province}":\n      - { id: ${province}-1, publicKeyFile: ./keys/${province}.pub }`,
  );
  const text = filled("national", language, [
    ['    "34":\n      - { id: 34-2026, publicKeyFile: ./keys/34.pub }', keys.join("\n")],
  ]);
  return withKafka(text, options);
}

type Replacement = readonly [from: string, to: string];

function filled(name: string, language: Language, replacements: readonly Replacement[]): string {
  const example = readFileSync(join(packageRoot, "config", "examples", `${name}.yaml`), "utf8");
  const text = example
    .split("\n")
    .filter((line) => isWanted(line, language))
    .join("\n")
    .replace("language: zh", `language: ${language}`);
  return replacements.reduce(replaceOnce, text);
}

/** Prose begins with `# `, a part that is switched off with `#` alone; a line with Han is the Chinese one. */
function isWanted(line: string, language: Language): boolean {
  if (!/^\s*# /.test(line)) return true;
  return /\p{Script=Han}/u.test(line) === (language === "zh");
}

function replaceOnce(text: string, [from, to]: Replacement): string {
  if (!text.includes(from)) throw new DuijieError("INVARIANT_BROKEN", { what: "configuration template" });
  return text.replace(from, () => to);
}

/** A log in PostgreSQL in place of Kafka. */
const trial: readonly Replacement[] = [
  ["client: rdkafka", "client: postgres"],
  ["  brokers:\n    - kafka.example:9092", "  url: { env: DUIJIE_BROKER_URL }"],
];

function withKafka(text: string, options: Pick<ProvinceTemplateOptions, "brokers" | "client">): string {
  const { brokers = [], client } = options;
  if (client === "postgres") return trial.reduce(replaceOnce, text);
  const list = brokers.map((broker) => `    - ${broker}`).join("\n");
  const replacements: readonly Replacement[] = [
    ...(brokers.length === 0 ? [] : [["    - kafka.example:9092", list] as const]),
    ...(client === undefined ? [] : [["client: rdkafka", `client: ${client}`] as const]),
  ];
  return replacements.reduce(replaceOnce, text);
}
