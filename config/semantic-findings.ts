import { codeTable } from "../contracts/codes.ts";
import type { Conversion } from "../contracts/conversion.ts";
import { loadTable } from "../contracts/ddl.ts";
import type { EntityName } from "../contracts/entity.ts";
import { entityNames } from "../contracts/entity.ts";
import type { ErrorParams } from "../contracts/errors.ts";
import type { Finding } from "../contracts/finding.ts";
import { nationalRegions } from "../contracts/regions.ts";
import type { FieldContract } from "../contracts/registry.ts";
import { entityContract, profileNames } from "../contracts/registry.ts";
import { isRegionTable } from "../contracts/value-check.ts";
import { codeKindOf, commonKind } from "./mapping-targets.ts";
import type { RawConfig, RawEntity, RawField, RawProvince } from "./raw-config.ts";
import { checkSchedule } from "./schedule-findings.ts";
import { sourceKinds } from "./schema.ts";
import { pathText } from "./schema-findings.ts";
import { suggest } from "./suggest.ts";
import type { Path, YamlSource } from "./yaml-source.ts";

export type Report = (name: string, path: Path, params?: ErrorParams) => void;

/** What a schema can't say: names of contracts, code tables and profiles, and parts that contradict each other. */
export function semanticFindings(config: RawConfig, source: YamlSource): readonly Finding[] {
  const findings: Finding[] = [];
  const report: Report = (name, path, params = {}) => {
    const key = path.at(-1);
    const line = typeof key === "string" ? source.lineOfKey(path.slice(0, -1), key) : source.lineOf(path);
    findings.push({ key: `config.finding.${name}`, params: { path: pathText(path), line, ...params } });
  };
  if (config.role === "province") checkProvinceNode(config, report);
  else {
    for (const province of Object.keys(config.keys.provinces)) {
      checkProvince(province, ["keys", "provinces", province], report);
    }
    checkProfile(config.apply.profile, ["apply", "profile"], report);
  }
  checkClient(config, report);
  checkPlainSecrets(config, [], report);
  return findings;
}

function checkProvinceNode(config: RawProvince, report: Report): void {
  checkProvince(config.province, ["province"], report);
  checkProfile(config.load.profile, ["load", "profile"], report);
  if (config.schedule !== undefined) checkSchedule(config.schedule, report);
  const kinds = new Map<string, string>();
  for (const entity of entityNames) {
    const raw = config.registry.entities[entity];
    if (raw === undefined) continue;
    checkSource(config.registry.engine, raw, ["registry", "entities", entity], report);
    if (config.registry.engine === "vendor") checkLoadTable(entity, raw, report);
    checkEntity(entity, raw, kinds, report);
    checkScope(entity, raw, config, report);
  }
}

/** A key of the other kind of log says that somebody expects it to be used. */
function checkClient({ kafka }: RawConfig, report: Report): void {
  const isPostgres = kafka.client === "postgres";
  const misplaced = isPostgres ? (["brokers", "tls", "sasl"] as const) : (["url", "password"] as const);
  const allowed = isPostgres ? "rdkafka, kafkajs" : "postgres";
  for (const key of misplaced) {
    if (kafka[key] !== undefined) report("otherClient", ["kafka", key], { found: kafka.client, allowed });
  }
}

function checkProvince(province: string, path: Path, report: Report): void {
  const { rows } = codeTable("region");
  if (!rows.some((row) => row["code"] === `${province}0000`))
    report("unknownProvince", path, { found: province });
}

function checkProfile(profile: string, path: Path, report: Report): void {
  const names = profileNames();
  if (!names.includes(profile)) report("notAllowed", path, { found: profile, allowed: names.join(", ") });
}

/** Pupils outside the scope must not leave the registry, so the scope has to be applicable to them. */
function checkScope(entity: EntityName, raw: RawEntity, config: RawProvince, report: Report): void {
  if (entity !== "student" && entity !== "guardian") return;
  const path = ["registry", "entities", entity];
  if (config.scope.counties !== undefined && raw.county === undefined)
    report("scopeColumn", [...path, "county"]);
  if (config.scope.phases !== undefined && raw.phase === undefined) report("scopeColumn", [...path, "phase"]);
}

/** A database has tables and answers queries, a folder has files. */
function checkSource(engine: string, raw: RawEntity, path: Path, report: Report): void {
  const possible = sourceKinds(engine);
  const allowed = possible.join(", ");
  const given = (["table", "query", "file"] as const).filter((kind) => raw[kind] !== undefined);
  const wrong = given.filter((kind) => !possible.includes(kind));
  for (const kind of wrong) report("sourceKind", [...path, kind], { found: kind, engine, allowed });
  if (wrong.length === 0 && given.length !== 1) report("tableOrQuery", path, { allowed });
}

/** Where vendors write is fixed; what would be ignored is refused. */
function checkLoadTable(entity: EntityName, raw: RawEntity, report: Report): void {
  const fixed = {
    table: loadTable(entity),
    query: undefined,
    key: "source_key",
    county: "county",
    phase: "phase",
  };
  for (const [name, allowed] of Object.entries(fixed)) {
    const value = Object.entries(raw).find(([one]) => one === name)?.[1];
    const found = Array.isArray(value) ? value.join(", ") : value;
    if (found !== allowed)
      report("notAllowed", ["registry", "entities", entity, name], {
        found: String(found),
        allowed: allowed ?? "",
      });
  }
}

function checkEntity(entity: EntityName, raw: RawEntity, kinds: Map<string, string>, report: Report): void {
  const path = ["registry", "entities", entity];
  const contract = entityContract(entity);
  for (const [name, field] of Object.entries(raw.fields)) {
    const at = [...path, "fields", name];
    const known = contract.fields.find((one) => one.name === name);
    if (known === undefined) unknownField(entity, name, at, report);
    else checkField(entity, known, field, kinds, at, report);
  }
}

/** The national system's own column names are well known, so they count as near. */
function unknownField(entity: EntityName, name: string, path: Path, report: Report): void {
  const { fields } = entityContract(entity);
  const byAlias = fields.find(({ alias }) => alias?.toLowerCase() === name.toLowerCase())?.name;
  const suggestion =
    byAlias ??
    suggest(
      name,
      fields.map((field) => field.name),
    );
  report("unknownField", path, { entity, found: name, ...(suggestion === undefined ? {} : { suggestion }) });
}

function checkField(
  entity: EntityName,
  contract: FieldContract,
  raw: RawField,
  kinds: Map<string, string>,
  path: Path,
  report: Report,
): void {
  if (typeof raw === "string") return;
  if ((raw.column === undefined) === (raw.constant === undefined)) report("columnOrConstant", path);
  const convert = raw.convert ?? [];
  for (const [at, conversion] of convert.entries())
    checkConversion(contract, conversion, [...path, "convert", at], report);
  if (raw.codes !== undefined) checkCodes(entity, contract, raw.codes, convert, kinds, path, report);
  else if (raw.constant !== undefined && convert.length === 0)
    checkConstant(contract, raw.constant, path, report);
}

/** Conversions that only make sense for some fields. */
const conversionTypes: Readonly<Record<string, readonly string[]>> = {
  date: ["date"],
  month: ["month"],
  decimal: ["decimal", "integer"],
  round: ["decimal", "integer"],
  boolean: ["yes-no"],
};

function checkConversion(contract: FieldContract, conversion: Conversion, path: Path, report: Report): void {
  const name = typeof conversion === "string" ? conversion : (Object.keys(conversion)[0] ?? "");
  const types = conversionTypes[name];
  const hasNames = contract.codeTable !== undefined && !isRegionTable(contract.codeTable);
  const fits = name === "nameToCode" ? hasNames : (types?.includes(contract.type) ?? true);
  if (!fits) report("conversionMisplaced", path, { found: name, field: contract.name, type: contract.type });
}

function checkCodes(
  entity: EntityName,
  contract: FieldContract,
  table: string,
  convert: readonly Conversion[],
  kinds: Map<string, string>,
  path: Path,
  report: Report,
): void {
  const at = [...path, "codes"];
  const kind = codeKindOf(entity, contract.name);
  if (kind === undefined) {
    report("codesMisplaced", at, { field: contract.name });
    return;
  }
  if (convert.some((one) => typeof one === "object" && "nameToCode" in one)) report("namesAndCodes", at);
  const before = kinds.get(table);
  const common = before === undefined ? kind : commonKind(before, kind);
  if (common === undefined)
    report("tableOfTwoKinds", at, { found: table, first: before ?? "", second: kind });
  else kinds.set(table, common);
}

function checkConstant(contract: FieldContract, constant: string, path: Path, report: Report): void {
  const { codeTable: table } = contract;
  if (table === undefined || isCode(table, constant.trim())) return;
  report("constantUnknown", [...path, "constant"], { found: constant, table });
}

function isCode(table: string, code: string): boolean {
  if (table === "region-any") return nationalRegions().resolveAny(code) !== null;
  if (table !== "region") return codeTable(table).codes.has(code);
  const found = nationalRegions().resolveCurrent(code);
  return found !== null && "code12" in found;
}

/** A password in the file ends up in backups and in version control. */
function checkPlainSecrets(value: unknown, path: Path, report: Report): void {
  if (typeof value === "string") {
    const key = path.at(-1);
    const isPassword = key === "password" || (key === "url" && hasPassword(value));
    if (isPassword && path.length <= secretDepthMax) report("plainSecret", path);
  } else if (typeof value === "object" && value !== null && path.length < secretDepthMax) {
    for (const [key, child] of Object.entries(value)) checkPlainSecrets(child, [...path, key], report);
  }
}

/** Secrets stand in `exchangeDb`, `registry`, `kafka.sasl`; below, `url` and `password` may name fields and columns. */
const secretDepthMax = 3;

function hasPassword(url: string): boolean {
  return (URL.canParse(url) && new URL(url).password !== "") || /[?&](?:ssl)?password=/i.test(url);
}
