import { loadTable } from "../contracts/ddl.ts";
import { entityNames } from "../contracts/entity.ts";
import { entityContract } from "../contracts/registry.ts";

export type TablePrivilege = "SELECT" | "INSERT" | "UPDATE" | "DELETE";

/** What a role may do in one of our databases; `check` asks for a daemon's, `init` writes them as scripts. */
export interface RoleRights {
  /** The schema of the bindings between roles and provinces. */
  readonly home: "exchange" | "national";
  readonly schemas: readonly string[];
  /** `schema.table` → what the program does there and nothing more. */
  readonly tables: Readonly<Record<string, readonly TablePrivilege[]>>;
  /** `schema.table` → columns that may be read where the whole table may not. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** `schema.table` → columns that may be written where the others may not. */
  readonly writtenColumns?: Readonly<
    Record<string, Readonly<Partial<Record<"INSERT" | "UPDATE", readonly string[]>>>>
  >;
  readonly sequences: readonly string[];
  /** Functions that not everybody may call, with their arguments' types. */
  readonly functions: readonly string[];
}

const read: readonly TablePrivilege[] = ["SELECT"];
const append: readonly TablePrivilege[] = ["SELECT", "INSERT"];
const write: readonly TablePrivilege[] = ["SELECT", "INSERT", "UPDATE"];

/** Of the role that runs `load`, `quarantine` and `map` on the exchange-db. */
export function exchangeRights(): RoleRights {
  const staging = entityNames.flatMap((entity) => {
    const { table } = entityContract(entity);
    return [
      [`staging.${table}`, [...write, "DELETE"]] as const,
      [`staging.${table}_prior`, [...append, "DELETE"]] as const,
    ];
  });
  const loads = entityNames.map((entity) => [loadTable(entity), ["SELECT", "DELETE"]] as const);
  return {
    home: "exchange",
    schemas: ["exchange", "staging", "mapping"],
    tables: {
      "exchange.migration": read,
      "exchange.role_province": read,
      "exchange.hello": write,
      "exchange.run": write,
      "exchange.run_county": append,
      "exchange.schedule": write,
      "exchange.schedule_run": write,
      "exchange.schedule_alarm": write,
      "exchange.schedule_process": [...write, "DELETE"],
      "exchange.segment": [...write, "DELETE"],
      "exchange.chunk": write,
      "exchange.landing": append,
      "exchange.landing_county": append,
      "exchange.batch": write,
      "exchange.batch_payload": [...append, "DELETE"],
      "exchange.exception": write,
      "exchange.identifier": [...append, "DELETE"],
      "exchange.receipt": append,
      "exchange.refusal": append,
      "exchange.consumer_position": write,
      "exchange.reconciliation": write,
      "exchange.ledger": read,
      "exchange.mapping_gap": read,
      "mapping.version": append,
      "mapping.entry": write,
      ...Object.fromEntries(staging),
      "staging.vendor_load": ["SELECT", "UPDATE"],
      "staging.load_verdict": read,
      "staging.load_deletion": read,
      "staging.load_summary": read,
      ...Object.fromEntries(loads),
    },
    columns: {},
    sequences: ["exchange.batch_id_seq"],
    functions: ["exchange.raise_batch_ids(bigint)"],
  };
}

/** Of the role that runs `national`. Schools and regions are the ministry's: only the owner writes them. */
export function nationalRights(): RoleRights {
  const registry = entityNames.map((entity) => [`registry.${entityContract(entity).table}`, write] as const);
  return {
    home: "national",
    schemas: ["national", "ministry", "registry"],
    tables: {
      "national.migration": read,
      "national.role_province": read,
      "national.inbox": write,
      "national.answer": write,
      "national.refusal": append,
      "national.consumer_position": write,
      "ministry.region": read,
      "ministry.school": read,
      ...Object.fromEntries(registry),
    },
    columns: {},
    sequences: [],
    functions: [],
  };
}
