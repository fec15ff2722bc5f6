import { entityNames } from "../contracts/entity.ts";
import { entityContract } from "../contracts/registry.ts";

export type TablePrivilege = "SELECT" | "INSERT" | "UPDATE" | "DELETE";

/** What a daemon's role may do in one of our databases; `check` asks for it, `init` writes it as a script. */
export interface DaemonRights {
  readonly schemas: readonly string[];
  /** `schema.table` → what the program does there and nothing more. */
  readonly tables: Readonly<Record<string, readonly TablePrivilege[]>>;
  readonly sequences: readonly string[];
  /** Functions that not everybody may call, with their arguments' types. */
  readonly functions: readonly string[];
}

const read: readonly TablePrivilege[] = ["SELECT"];
const append: readonly TablePrivilege[] = ["SELECT", "INSERT"];
const write: readonly TablePrivilege[] = ["SELECT", "INSERT", "UPDATE"];

/** Of the role that runs `load`, `quarantine` and `map` on the exchange-db. */
export function exchangeRights(): DaemonRights {
  const staging = entityNames.flatMap((entity) => {
    const { table } = entityContract(entity);
    return [[`staging.${table}`, write] as const, [`staging.${table}_prior`, append] as const];
  });
  return {
    schemas: ["exchange", "staging", "mapping"],
    tables: {
      "exchange.migration": read,
      "exchange.role_province": read,
      "exchange.hello": write,
      "exchange.run": write,
      "exchange.run_county": append,
      "exchange.segment": [...write, "DELETE"],
      "exchange.chunk": write,
      "exchange.landing": append,
      "exchange.landing_county": append,
      "exchange.batch": write,
      "exchange.batch_payload": [...append, "DELETE"],
      "exchange.exception": write,
      "exchange.identifier": append,
      "exchange.receipt": append,
      "exchange.refusal": append,
      "exchange.consumer_position": write,
      "exchange.reconciliation": write,
      "exchange.ledger": read,
      "exchange.mapping_gap": read,
      "mapping.version": append,
      "mapping.entry": write,
      ...Object.fromEntries(staging),
    },
    sequences: ["exchange.batch_id_seq"],
    functions: ["exchange.raise_batch_ids(bigint)"],
  };
}

/** Of the role that runs `national`. Schools and regions are the ministry's: only the owner writes them. */
export function nationalRights(): DaemonRights {
  const registry = entityNames.map((entity) => [`registry.${entityContract(entity).table}`, write] as const);
  return {
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
    sequences: [],
    functions: [],
  };
}

/** SQL for the database's owner, after `duijie migrate`: a role that owns nothing and bypasses nothing. */
export function daemonGrants(rights: DaemonRights, role: string, comments: readonly string[]): string {
  const grants = Object.entries(rights.tables).map(
    ([table, privileges]) => `GRANT ${privileges.join(", ")} ON ${table} TO ${role};`,
  );
  return `${[
    ...comments.map((line) => `-- ${line}`),
    "DO $$ BEGIN",
    `  IF to_regrole('${role}') IS NULL THEN CREATE ROLE ${role} LOGIN; END IF;`,
    `  EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO ${role}', current_database());`,
    "END $$;",
    `GRANT USAGE ON SCHEMA ${rights.schemas.join(", ")} TO ${role};`,
    ...grants,
    // To take numbers, never to set them back.
    ...rights.sequences.map((name) => `GRANT USAGE, SELECT ON SEQUENCE ${name} TO ${role};`),
    ...rights.functions.map((name) => `GRANT EXECUTE ON FUNCTION ${name} TO ${role};`),
  ].join("\n")}\n`;
}
