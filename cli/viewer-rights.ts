import { entityNames } from "../contracts/entity.ts";
import { entityContract } from "../contracts/registry.ts";
import type { RoleRights } from "./daemon-rights.ts";

const read = ["SELECT"] as const;

/**
 * Of a person who watches: counts, codes and states of the own province. No staging row, no key of a record, no raw
 * value, no bytes of a message; so nothing that tells of a child.
 */
export function exchangeViewerRights(): RoleRights {
  return {
    home: "exchange",
    schemas: ["exchange", "mapping"],
    tables: {
      "exchange.migration": read,
      "exchange.role_province": read,
      "exchange.hello": read,
      "exchange.run": read,
      "exchange.run_county": read,
      "exchange.schedule": read,
      "exchange.schedule_run": read,
      "exchange.schedule_alarm": read,
      "exchange.schedule_process": read,
      "exchange.chunk": read,
      "exchange.landing": read,
      "exchange.landing_county": read,
      "exchange.batch": read,
      "exchange.refusal": read,
      "exchange.consumer_position": read,
      "exchange.reconciliation": read,
      "exchange.ledger": read,
      "exchange.mapping_gap": read,
      "mapping.version": read,
      "mapping.entry": read,
    },
    columns: {
      "exchange.exception": [
        "batch_id",
        "ordinal",
        "run_id",
        "province",
        "entity",
        "county",
        "on_wire",
        "outcome",
        "code",
        "field",
        "findings",
        "parent_entity",
        "recorded_at",
      ],
      "exchange.receipt": ["batch_id", "province", "message_id", "received_at"],
    },
    sequences: [],
    functions: [],
  };
}

/** The same at the nation: what came in, what was answered, how many records are held. */
export function nationalViewerRights(): RoleRights {
  const registry = entityNames.map((entity) => [
    `registry.${entityContract(entity).table}`,
    ["province", "version", "batch_id", "is_deleted", "custody_epoch"],
  ]);
  return {
    home: "national",
    schemas: ["national", "ministry", "registry"],
    tables: {
      "national.migration": read,
      "national.role_province": read,
      "national.inbox": read,
      "national.refusal": read,
      "national.consumer_position": read,
      "ministry.region": read,
      "ministry.school": read,
    },
    columns: {
      "national.answer": ["province", "message_id", "in_reply_to", "sent_at", "created_at"],
      ...Object.fromEntries(registry),
    },
    sequences: [],
    functions: [],
  };
}
