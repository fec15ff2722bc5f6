/**
 * Every error kind of duijie: its stable code and what is done about it. The text a person reads (what was
 * found, where, the remedy) stands in `texts/{zh,en}/errors.json` under the same code; `docs/errors.md` lists all.
 */
export type Disposition =
  /** Try again, with a budget. */
  | "retry"
  /** Wait for one named thing. */
  | "wait"
  /** Refuse the whole message; record and count it; go on. */
  | "refuse"
  /** Park this one record with its reason; go on. */
  | "quarantine"
  /** The nation answered no for this one record. */
  | "reject"
  /** Stop this entity until a person acted; others go on. */
  | "pause"
  /** Stop the process: exit 2 when it is about set-up or usage. */
  | "halt";

export const errorKinds = {
  // set-up and usage
  USAGE_INVALID: { disposition: "halt", exitCode: 2 },
  CONFIG_NOT_FOUND: { disposition: "halt", exitCode: 2 },
  CONFIG_INVALID: { disposition: "halt", exitCode: 2 },
  SECRET_MISSING: { disposition: "halt", exitCode: 2 },
  KEY_FILE_INVALID: { disposition: "halt", exitCode: 2 },
  FILE_UNREADABLE: { disposition: "halt", exitCode: 2 },
  FILE_EXISTS: { disposition: "halt", exitCode: 2 },
  MAPPING_FILE_INVALID: { disposition: "halt", exitCode: 2 },
  SCHOOL_FILE_INVALID: { disposition: "halt", exitCode: 2 },
  JAVA_MISSING: { disposition: "halt", exitCode: 2 },
  MAVEN_MISSING: { disposition: "halt", exitCode: 2 },
  NODE_TOO_OLD: { disposition: "halt", exitCode: 2 },
  SETUP_FAILED: { disposition: "halt", exitCode: 2 },
  // the registry
  SOURCE_UNREACHABLE: { disposition: "retry", exitCode: 1 },
  SOURCE_REFUSED: { disposition: "pause", exitCode: 1 },
  SOURCE_CHANGED: { disposition: "pause", exitCode: 1 },
  SOURCE_CHARSET_WRONG: { disposition: "pause", exitCode: 1 },
  SOURCE_FILE_EMPTY: { disposition: "pause", exitCode: 1 },
  SOURCE_HEADER_MISSING: { disposition: "pause", exitCode: 1 },
  SOURCE_HEADER_DOUBLED: { disposition: "pause", exitCode: 1 },
  SOURCE_ROW_RAGGED: { disposition: "pause", exitCode: 1 },
  SOURCE_QUOTE_OPEN: { disposition: "pause", exitCode: 1 },
  SOURCE_QUOTE_STRAY: { disposition: "pause", exitCode: 1 },
  SOURCE_BYTE_NUL: { disposition: "pause", exitCode: 1 },
  PACKAGE_MALFORMED: { disposition: "pause", exitCode: 1 },
  PACKAGE_SIGNATURE_INVALID: { disposition: "pause", exitCode: 1 },
  PACKAGE_FOREIGN: { disposition: "pause", exitCode: 1 },
  PACKAGE_MISSING: { disposition: "pause", exitCode: 1 },
  PACKAGE_FILE_WRONG: { disposition: "pause", exitCode: 1 },
  // the exchange-db and the national database
  STORE_UNREACHABLE: { disposition: "retry", exitCode: 1 },
  STORE_REFUSED: { disposition: "halt", exitCode: 1 },
  STORE_CONFLICT: { disposition: "retry", exitCode: 1 },
  SCHEMA_MISSING: { disposition: "halt", exitCode: 2 },
  SCHEMA_AHEAD: { disposition: "halt", exitCode: 2 },
  ROW_SECURITY_MISSING: { disposition: "halt", exitCode: 2 },
  ROLE_UNBOUND: { disposition: "halt", exitCode: 2 },
  // Kafka
  BROKER_UNREACHABLE: { disposition: "retry", exitCode: 1 },
  BROKER_REFUSED: { disposition: "halt", exitCode: 1 },
  TOPIC_MISSING: { disposition: "halt", exitCode: 2 },
  POSITION_LOST: { disposition: "halt", exitCode: 1 },
  // the other side
  NATION_SILENT: { disposition: "retry", exitCode: 1 },
  BACKLOG_UNREAD: { disposition: "retry", exitCode: 1 },
  RECEIPT_OVERDUE: { disposition: "retry", exitCode: 1 },
  CONTRACT_NOT_SHARED: { disposition: "halt", exitCode: 1 },
  // messages
  SIGNATURE_INVALID: { disposition: "refuse", exitCode: 1 },
  PROVINCE_FOREIGN: { disposition: "refuse", exitCode: 1 },
  MESSAGE_TYPE_UNKNOWN: { disposition: "refuse", exitCode: 1 },
  CONTRACT_VERSION_UNKNOWN: { disposition: "refuse", exitCode: 1 },
  MESSAGE_ID_REUSED: { disposition: "refuse", exitCode: 1 },
  MESSAGE_MALFORMED: { disposition: "refuse", exitCode: 1 },
  // records
  RECORD_MALFORMED: { disposition: "quarantine", exitCode: 3 },
  KEY_MISSING: { disposition: "quarantine", exitCode: 3 },
  KEY_DUPLICATE: { disposition: "quarantine", exitCode: 3 },
  MAPPING_MISSING: { disposition: "quarantine", exitCode: 3 },
  CONTRACT_VIOLATION: { disposition: "quarantine", exitCode: 3 },
  MESSAGE_TOO_LARGE: { disposition: "quarantine", exitCode: 3 },
  RECALL_INEXACT: { disposition: "quarantine", exitCode: 3 },
  PARENT_MISSING: { disposition: "wait", exitCode: 3 },
  REGION_UNKNOWN: { disposition: "reject", exitCode: 3 },
  SCHOOL_UNKNOWN: { disposition: "reject", exitCode: 3 },
  IDENTIFIER_TAKEN: { disposition: "reject", exitCode: 3 },
  VERSION_SUPERSEDED: { disposition: "reject", exitCode: 0 },
  // the load
  QUARANTINE_SHARE_EXCEEDED: { disposition: "pause", exitCode: 3 },
  DELETION_SHARE_EXCEEDED: { disposition: "pause", exitCode: 3 },
  LEASE_LOST: { disposition: "retry", exitCode: 1 },
  LOAD_NOT_FOUND: { disposition: "halt", exitCode: 2 },
  LOAD_STATE_WRONG: { disposition: "halt", exitCode: 2 },
  RECALL_RUNNING: { disposition: "halt", exitCode: 1 },
  RECALL_PRIOR_GONE: { disposition: "halt", exitCode: 1 },
  SCHEDULE_MISSING: { disposition: "halt", exitCode: 2 },
  OUTSIDE_WINDOW: { disposition: "halt", exitCode: 2 },
  INVARIANT_BROKEN: { disposition: "halt", exitCode: 1 },
} as const satisfies Record<string, { disposition: Disposition; exitCode: 0 | 1 | 2 | 3 }>;

export type ErrorCode = keyof typeof errorKinds;

/** Where it happened and what was found: keys, counts, codes, file and field names. Never a person's data. */
export type ErrorParams = Readonly<Record<string, string | number>>;

/** The one error class: what went wrong is its `code`, never its message. Drivers' errors are kept as `cause`. */
export class DuijieError extends Error {
  override readonly name = "DuijieError";
  readonly code: ErrorCode;
  readonly params: ErrorParams;

  constructor(code: ErrorCode, params: ErrorParams = {}, cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause });
    this.code = code;
    this.params = params;
  }

  get disposition(): Disposition {
    return errorKinds[this.code].disposition;
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(errorKinds, value);
}
