import { loadTable } from "../contracts/ddl.ts";
import { type EntityName, entityNames } from "../contracts/entity.ts";
import { entityContract } from "../contracts/registry.ts";
import type { RoleRights } from "./daemon-rights.ts";

const read = ["SELECT"] as const;

/**
 * Of a vendor: opens and closes loads, adds rows to open ones, reads what became of them. It reads no row, changes none
 * and numbers none; a state that is ours is out of its reach.
 */
export function vendorRights(): RoleRights {
  return {
    home: "exchange",
    schemas: ["exchange", "staging"],
    tables: {
      "exchange.role_province": read,
      "staging.vendor_load": read,
      "staging.load_verdict": read,
      "staging.load_deletion": read,
      "staging.load_summary": read,
    },
    columns: {},
    writtenColumns: {
      "staging.vendor_load": {
        INSERT: ["province", "vendor", "note"],
        UPDATE: ["state", "is_complete", "declared"],
      },
      ...Object.fromEntries(
        entityNames.map((entity) => [loadTable(entity), { INSERT: writtenColumns(entity) }]),
      ),
    },
    sequences: [],
    functions: [],
  };
}

function writtenColumns(entity: EntityName): readonly string[] {
  const fields = entityContract(entity).fields.map((field) => field.column);
  return ["province", "load_id", "source_key", "row_ref", "county", "phase", ...fields];
}
