import type { EntityName } from "./entity.ts";
import type { EntityContract, FieldContract } from "./entity-contract.ts";
import { entityContract } from "./entity-contract.ts";

interface Column {
  readonly name: string;
  readonly type: string;
  readonly commentZh: string;
}

/**
 * What a staging row says besides its values. `batch_ordinal` has its long name because `ordinal` is a column of the
 * guardian's contract.
 */
const stagingBookkeeping: readonly Column[] = [
  { name: "province", type: "text NOT NULL", commentZh: "省级行政区划代码前两位" },
  { name: "source_key", type: 'text COLLATE "C" NOT NULL', commentZh: "省级系统中的主键" },
  { name: "batch_id", type: "bigint NOT NULL", commentZh: "批次号，即记录版本" },
  { name: "batch_ordinal", type: "integer NOT NULL", commentZh: "批次内序号" },
  { name: "segment", type: "integer NOT NULL", commentZh: "读取分段号" },
  { name: "source_hash", type: "text NOT NULL", commentZh: "源数据行摘要，由源数据库计算" },
  { name: "wire_digest", type: "bytea", commentZh: "上报记录摘要（SHA-256），未上报为空" },
  { name: "contract_version", type: "smallint NOT NULL", commentZh: "数据契约版本" },
  { name: "mapping_version", type: "bigint NOT NULL", commentZh: "代码映射版本" },
  { name: "origin", type: "text NOT NULL", commentZh: "数据来源" },
  { name: "op", type: "text NOT NULL", commentZh: "操作：新增或更新、删除" },
  { name: "agreed_national_version", type: "bigint", commentZh: "双方一致的全国版本" },
  { name: "county", type: "text", commentZh: "所属区县（源数据原值）" },
];

/** What a vendor's row says besides its values. Its number is ours, so that no key tells what another province holds. */
const loadBookkeeping: readonly Column[] = [
  { name: "province", type: "text NOT NULL", commentZh: "省级行政区划代码前两位" },
  { name: "load_id", type: "bigint NOT NULL", commentZh: "装载号，由 staging.open_load 返回" },
  { name: "row_no", type: "bigint GENERATED ALWAYS AS IDENTITY", commentZh: "行号，自动编号，不要填写" },
  {
    name: "source_key",
    type: 'text COLLATE "C"',
    commentZh: "省级系统中的主键；同一装载内应唯一，空或重复的行会被隔离",
  },
  { name: "row_ref", type: "text", commentZh: "厂商自己的行标识，可空，在结果中原样返回；不要写个人信息" },
  { name: "county", type: "text", commentZh: "所属区县（源数据原值）" },
  { name: "phase", type: "text", commentZh: "所属学段（源数据原值）" },
];

const registryBookkeeping: readonly Column[] = [
  { name: "province", type: "text NOT NULL", commentZh: "省级行政区划代码前两位" },
  { name: "source_key", type: 'text COLLATE "C" NOT NULL', commentZh: "省级系统中的主键" },
  { name: "version", type: "bigint NOT NULL", commentZh: "记录版本" },
  { name: "batch_id", type: "bigint NOT NULL", commentZh: "写入该记录的批次号" },
  { name: "is_deleted", type: "boolean NOT NULL DEFAULT false", commentZh: "是否已删除" },
  { name: "custody_epoch", type: "integer NOT NULL DEFAULT 0", commentZh: "管理权转移次数" },
];

/** Values arrive as canonical text and the nation keeps them typed; a tombstone keeps none, so all may be null. */
const registryTypes: Readonly<Record<FieldContract["type"], string>> = {
  text: "text",
  ref: "text",
  code: "text",
  date: "date",
  month: "text",
  decimal: "numeric(5,1)",
  integer: "smallint",
  "yes-no": "boolean",
};

/** Bookkeeping columns of a staging table, in table order, before the contract's columns. */
export const stagingBookkeepingColumns: readonly string[] = stagingBookkeeping.map((column) => column.name);

/** The latest landed row of each key: raw text of the source, whatever its state. */
export function stagingTableSql(entity: EntityName): string {
  const contract = entityContract(entity);
  return tableSql(
    `staging.${contract.table}`,
    `${contract.titleZh}（交换库暂存，保留源数据原文）`,
    [...stagingBookkeeping, ...rawColumns(contract)],
    "province, source_key",
  );
}

/** Rows that newer batches replaced. Same columns in the same order as the staging table. */
export function stagingPriorTableSql(entity: EntityName): string {
  const contract = entityContract(entity);
  return tableSql(
    `staging.${contract.table}_prior`,
    `${contract.titleZh}（被新批次替换的旧记录）`,
    [...stagingBookkeeping, ...rawColumns(contract)],
    "province, source_key, batch_id",
  );
}

/** Where a vendor writes rows of an entity, all as text; only closed loads are read. */
export function loadTableSql(entity: EntityName): string {
  const contract = entityContract(entity);
  const table = loadTable(entity);
  const fields = contract.fields.map((field) => ({
    name: field.column,
    type: "text",
    commentZh: `${field.titleZh}${formZh(field)}`,
  }));
  const sql = tableSql(
    table,
    `厂商写入：${contract.titleZh}（一行一条，装载关闭后才读取）`,
    [...loadBookkeeping, ...fields],
    "province, load_id, row_no",
  );
  // Ranges of keys are read by it, under the collation of the column.
  return `${sql}CREATE INDEX load_${entity}_key ON ${table} (province, load_id, source_key);\n`;
}

export function loadTable(entity: EntityName): string {
  return `staging.load_${entity}`;
}

/** What a value looks like where no mapping or conversion is configured. */
export function formZh({ codeTable, type, ref }: FieldContract): string {
  if (type === "date") return "（YYYYMMDD）";
  if (type === "month") return "（YYYYMM）";
  if (type === "yes-no") return "（1 是，0 否）";
  if (type === "decimal") return "（一位小数）";
  if (type === "integer") return "（整数）";
  if (codeTable === "region" || codeTable === "region-any") return "（行政区划代码）";
  if (codeTable !== undefined) return `（代码表 ${codeTable}）`;
  return ref === undefined ? "" : `（指向 ${ref}）`;
}

/** The national registry's table with its unique identifiers, typed. */
export function registryTableSql(entity: EntityName): string {
  const contract = entityContract(entity);
  const columns = contract.fields.map((field) => ({
    name: field.column,
    type: registryTypes[field.type],
    commentZh: field.titleZh,
  }));
  const table = tableSql(
    `registry.${contract.table}`,
    `${contract.titleZh}（全国学籍库）`,
    [...registryBookkeeping, ...columns],
    "province, source_key",
  );
  return table + identifierIndexSql(contract);
}

/**
 * A SQL expression (text, never null) that computes `digestText` from the typed columns of a registry row: the nation
 * proves what it holds, it does not repeat what it was told. Needs a UTF-8 database.
 */
export function registryDigestSql(entity: EntityName, alias: string): string {
  const parts = entityContract(entity).fields.map((field) => digestPart(field, `${alias}.${field.column}`));
  return `concat_ws(',', ${parts.join(", ")})`;
}

function digestPart(field: FieldContract, column: string): string {
  if (field.type === "yes-no")
    return `CASE WHEN ${column} THEN '1:1' WHEN NOT ${column} THEN '1:0' ELSE '-' END`;
  // A date alone would be taken as a timestamp with time zone, and some midnights do not exist.
  if (field.type === "date") return `coalesce('8:' || to_char(${column}::timestamp, 'YYYYMMDD'), '-')`;
  if (registryTypes[field.type] === "text")
    return `coalesce(octet_length(${column}) || ':' || ${column}, '-')`;
  return `coalesce(length(${column}::text) || ':' || ${column}::text, '-')`;
}

function rawColumns(contract: EntityContract): readonly Column[] {
  return contract.fields.map((field) => ({ name: field.column, type: "text", commentZh: field.titleZh }));
}

function tableSql(table: string, commentZh: string, columns: readonly Column[], primaryKey: string): string {
  const lines = columns.map((column) => `  ${column.name} ${column.type},`);
  const comments = columns.map(
    (column) => `COMMENT ON COLUMN ${table}.${column.name} IS ${literal(column.commentZh)};\n`,
  );
  return `CREATE TABLE ${table} (\n${lines.join("\n")}\n  PRIMARY KEY (${primaryKey})\n);
COMMENT ON TABLE ${table} IS ${literal(commentZh)};\n${comments.join("")}`;
}

/** Tombstones don't hold an identifier. A school id is the ministry's and unique in the nation, others in a province. */
function identifierIndexSql(contract: EntityContract): string {
  if (contract.identifier === null) return "";
  const column = contract.fields[contract.indexOf(contract.identifier)]?.column ?? "";
  const scope = contract.entity === "school" ? column : `province, ${column}`;
  return `CREATE UNIQUE INDEX ${contract.table}_${column}_key ON registry.${contract.table} (${scope}) WHERE NOT is_deleted;\n`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
