import { type EntityContract, entityContract } from "../../contracts/registry.ts";

/**
 * Join each incoming record to the registry by index: the planner knows nothing of a table that was made in this
 * transaction, and would rather read the whole registry for every batch.
 */
export const planSettings = ["seqscan", "hashjoin", "mergejoin", "material", "bitmapscan"]
  .map((method) => `SET LOCAL enable_${method} = off; `)
  // The second: a batch is sorted by key before it is inserted, in memory and not in a file.
  .concat("SET LOCAL jit = off; ", "SET LOCAL work_mem = '32MB'; ")
  .join("");

/**
 * One statement that finds each incoming record that can't be applied, with the first reason in the order: overtaken by
 * a newer version, unknown to the ministry, identifier held by another record, parent missing. Tombstones have only
 * the first. `$1` is the province. Wants `planSettings`, and a plan of its own each time: one that was made while the
 * registry was empty takes any index for as good as the right one.
 */
export function verdictSql(contract: EntityContract): string {
  const branches = [
    `WHEN r.version >= i.version THEN ARRAY['VERSION_SUPERSEDED', NULL, NULL, NULL]`,
    `WHEN i.is_deleted THEN NULL`,
    ...ministryBranches(contract),
    ...identifierBranches(contract),
    ...parentBranches(contract),
  ];
  return `SELECT ordinal, key, reason[1] AS code, reason[2] AS field, reason[3] AS "parentEntity", reason[4] AS "parentIdentifier"
    FROM (SELECT i.wire_ordinal AS ordinal, i.source_key AS key, CASE ${branches.join("\n")} END AS reason
          FROM ${incomingSql(contract)} i
          LEFT JOIN registry.${contract.table} r ON r.province = $1 AND r.source_key = i.source_key
          ${lookups(contract).join("\n")}) judged
    WHERE reason IS NOT NULL ORDER BY ordinal`;
}

/** One index probe a record and question. LIMIT keeps the planner from turning a question into a join over all. */
function lookups(contract: EntityContract): string[] {
  const { identifier, table } = contract;
  const found = (alias: string, where: string) =>
    `LEFT JOIN LATERAL (SELECT true AS is_found FROM ${where} LIMIT 1) ${alias} ON true`;
  const parents = contract.parents.map((parent, at) => {
    const target = entityContract(parent.entity);
    const key = target.identifier === null ? "source_key" : fieldOf(target, target.identifier).column;
    return found(
      `parent_${at}`,
      `registry.${target.table} p
       WHERE p.province = $1 AND p.${key} = i.${fieldOf(contract, parent.field).column} AND NOT p.is_deleted`,
    );
  });
  if (identifier === null) return parents;
  const { column } = fieldOf(contract, identifier);
  const holder = found(
    "other_holder",
    `registry.${table} o WHERE o.province = $1 AND o.${column} = i.${column} AND o.source_key <> i.source_key AND NOT o.is_deleted`,
  );
  return [holder, ...parents];
}

/** Regions and schools are the ministry's: a province can complete them, never create one. */
function ministryBranches(contract: EntityContract): string[] {
  if (contract.entity === "region") {
    return [
      `WHEN NOT EXISTS (SELECT 1 FROM ministry.region m WHERE m.code = i.code AND left(m.code, 2) = $1)
       THEN ARRAY['REGION_UNKNOWN', 'code', NULL, NULL]`,
    ];
  }
  if (contract.entity === "school") {
    return [
      `WHEN NOT EXISTS (SELECT 1 FROM ministry.school m WHERE m.school_id = i.school_id AND m.province = $1)
       THEN ARRAY['SCHOOL_UNKNOWN', 'schoolId', NULL, NULL]`,
    ];
  }
  return [];
}

/** With an identifier, each record's rank among those of the batch that claim the same one: the first may hold it. */
function incomingSql(contract: EntityContract): string {
  const table = `incoming_${contract.table}`;
  if (contract.identifier === null) return table;
  const { column } = fieldOf(contract, contract.identifier);
  return `(SELECT *, row_number() OVER (PARTITION BY ${column}, is_deleted ORDER BY wire_ordinal) AS holder FROM ${table})`;
}

function identifierBranches(contract: EntityContract): string[] {
  if (contract.identifier === null) return [];
  const { column } = fieldOf(contract, contract.identifier);
  const reason = `ARRAY['IDENTIFIER_TAKEN', '${contract.identifier}', NULL, NULL]`;
  return [
    `WHEN other_holder.is_found THEN ${reason}`,
    `WHEN i.holder > 1 AND i.${column} IS NOT NULL THEN ${reason}`,
  ];
}

function parentBranches(contract: EntityContract): string[] {
  return contract.parents.map((parent, at) => {
    const { column } = fieldOf(contract, parent.field);
    return `WHEN i.${column} IS NOT NULL AND parent_${at}.is_found IS NULL
       THEN ARRAY['PARENT_MISSING', '${parent.field}', '${parent.entity}', i.${column}]`;
  });
}

function fieldOf(contract: EntityContract, name: string): EntityContract["fields"][number] {
  const field = contract.fields[contract.indexOf(name)];
  if (field === undefined) throw new Error(`no field ${name}`);
  return field;
}
