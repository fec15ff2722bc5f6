import { entityNames } from "../../contracts/entity.ts";
import { entityContract } from "../../contracts/registry.ts";
import { isRegionTable } from "../../contracts/value-check.ts";

/** Code tables that fields of the contracts use, by name. */
export function usedCodeTables(): readonly string[] {
  const names = entityNames.flatMap((entity) =>
    entityContract(entity).fields.map(({ codeTable }) => codeTable ?? ""),
  );
  return [...new Set(names)].filter((name) => name !== "").toSorted();
}

/** The files that hold their codes: lists of regions are kept in several. */
export function shippedCodeTables(): readonly string[] {
  const plain = usedCodeTables().filter((name) => !isRegionTable(name));
  return [...plain, "region", "region-history", "region-nbs-extra"].toSorted();
}
