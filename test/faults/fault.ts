/** What is done to whom. */
export type FaultKind =
  | "kill"
  | "pause"
  | "restart"
  | "restart-loop"
  | "cut"
  | "stall"
  | "half-open"
  | "slow"
  | "terminate"
  | "disk-full"
  | "duplicate"
  | "reorder"
  | "corrupt"
  | "forge"
  | "forge-receipt";

export type DaemonRole = "loader" | "nation";
export type ServerName = "broker" | "exchange-server" | "national-server";
export type LinkName =
  | "exchange-link"
  | "national-link"
  | "registry-link"
  | "province-broker-link"
  | "nation-broker-link";
export type SessionsName = "exchange-sessions" | "national-sessions" | "registry-sessions";
export type DiskName = "exchange-disk" | "national-disk" | "broker-disk" | "log-disk";
export type Target = DaemonRole | ServerName | LinkName | SessionsName | DiskName | "messages";

/**
 * The moment that a fault waits for. `transaction`: one of ours has written and not committed. `lease`: a chunk is leased
 * and not in its landing. `read`: a transaction of ours is open in the registry. `message`: the broker holds messages that
 * nobody has applied yet.
 */
export type Moment = "transaction" | "lease" | "read" | "message";

/** One fault of a schedule; JSON. */
export interface FaultSpec {
  readonly number: number;
  readonly kind: FaultKind;
  readonly target: Target;
  readonly at: Moment;
  /** Rest before the moment is looked for. */
  readonly afterMs: number;
  /** How long it lasts, for a fault that lasts. */
  readonly durationMs: number;
  /** 0–999: what is left to choose, such as which of two processes or which byte. */
  readonly draw: number;
}
