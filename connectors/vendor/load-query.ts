import { loadTable } from "../../contracts/ddl.ts";
import type { EntityName } from "../../contracts/entity.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { entityContract } from "../../contracts/registry.ts";

/**
 * One load's rows of one entity. Numbers and province stand as literals, so that PostgreSQL reads key ranges by the index
 * and that each load has boundaries of its own. Without a load there are no rows.
 */
export function loadQuery(entity: EntityName, province: string, load: string | undefined): string {
  if (!/^\d{2}$/.test(province) || !/^\d*$/.test(load ?? ""))
    throw new DuijieError("INVARIANT_BROKEN", { what: "load", entity });
  const columns = [
    "source_key",
    "county",
    "phase",
    ...entityContract(entity).fields.map(({ column }) => column),
  ];
  const where = `province = '${province}' AND load_id = ${load ?? "0"}`;
  return `SELECT ${[...new Set(columns)].join(", ")} FROM ${loadTable(entity)} WHERE ${where}`;
}
