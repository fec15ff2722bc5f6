/**
 * What may stand in a log line, complete. A log is read by people who must not know a child, so this is an allow-list:
 * numbers, codes and the machine's own names. Source keys are left out, as a registry may use an ID number as its key.
 * `config/log.ts` checks each value again when it is written, because a type can't see what a variable holds.
 */
export interface LogFields {
  // whole numbers
  readonly batchId?: number | bigint;
  readonly runId?: number | bigint | string;
  readonly segment?: number;
  readonly chunk?: number;
  readonly ordinal?: number;
  readonly records?: number;
  readonly rows?: number;
  readonly bytes?: number;
  readonly partition?: number;
  readonly offset?: number | bigint;
  readonly epoch?: number | bigint;
  readonly attempt?: number;
  readonly count?: number;
  readonly quarantined?: number;
  readonly deleted?: number;
  readonly rejected?: number;
  readonly waiting?: number;
  readonly unchanged?: number;
  readonly applied?: number;
  readonly superseded?: number;
  readonly settled?: number;
  readonly replayed?: number;
  readonly contractVersion?: number;
  readonly mappingVersion?: number | bigint;
  readonly line?: number;
  readonly port?: number;
  readonly pid?: number;
  readonly exitCode?: number;
  // numbers with a fraction
  readonly elapsedMs?: number;
  readonly delayMs?: number;
  readonly rowsPerSecond?: number;
  readonly share?: number;
  readonly limit?: number;
  // codes and names of ours
  readonly code?: string;
  readonly outcome?: string;
  readonly entity?: string;
  readonly field?: string;
  readonly stage?: string;
  readonly state?: string;
  readonly role?: string;
  readonly process?: string;
  readonly province?: string;
  readonly county?: string;
  readonly messageType?: string;
  readonly messageId?: string;
  readonly traceId?: string;
  readonly keyId?: string;
  readonly topic?: string;
  readonly group?: string;
  readonly client?: string;
  readonly engine?: string;
  readonly host?: string;
  readonly table?: string;
  readonly column?: string;
  readonly signal?: string;
  readonly sqlState?: string;
}

/**
 * `event` says what happened in a code of ours, such as `chunk.landed`. Anything that is not allowed is written as
 * `[dropped]` and counted. Of an error only its code, the classes of its causes and the SQLSTATE are written.
 */
export interface Log {
  event(code: string, fields?: LogFields): void;
  warn(code: string, fields?: LogFields, error?: unknown): void;
  error(code: string, fields?: LogFields, error?: unknown): void;
  debug(code: string, fields?: LogFields): void;
  /** A log whose lines all carry these fields. */
  with(bindings: LogFields): Log;
}

/** Writes nothing. */
export const silentLog: Log = Object.freeze({
  event: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
  with: () => silentLog,
});
