import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type DestinationStream, destination, pino } from "pino";
import { DuijieError } from "../contracts/errors.ts";
import type { Log, LogFields } from "../contracts/log.ts";
import { LogFile } from "./log-file.ts";

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  /** Lines are appended to it. Without one they go to standard error: standard output belongs to the commands. */
  readonly file?: string | undefined;
  /** One readable line instead of JSON. */
  readonly pretty?: boolean | undefined;
  /** Instead of a file or standard error; for tests. */
  readonly sink?: { write(line: string): void } | undefined;
}

type Written = Record<string, string | number | readonly string[]>;
type Kind = "whole" | "fraction" | "word" | "hex" | "id";

const dropped = "[dropped]";

const kinds: Readonly<Record<keyof LogFields, Kind>> = {
  batchId: "whole",
  runId: "id",
  segment: "whole",
  chunk: "whole",
  ordinal: "whole",
  records: "whole",
  rows: "whole",
  bytes: "whole",
  partition: "whole",
  offset: "whole",
  epoch: "whole",
  attempt: "whole",
  count: "whole",
  quarantined: "whole",
  deleted: "whole",
  rejected: "whole",
  waiting: "whole",
  unchanged: "whole",
  applied: "whole",
  superseded: "whole",
  settled: "whole",
  replayed: "whole",
  contractVersion: "whole",
  mappingVersion: "whole",
  line: "whole",
  port: "whole",
  pid: "whole",
  exitCode: "whole",
  elapsedMs: "fraction",
  delayMs: "fraction",
  rowsPerSecond: "fraction",
  share: "fraction",
  limit: "fraction",
  code: "word",
  outcome: "word",
  entity: "word",
  field: "word",
  stage: "word",
  state: "word",
  role: "word",
  process: "word",
  province: "word",
  county: "word",
  messageType: "word",
  messageId: "id",
  traceId: "hex",
  keyId: "word",
  topic: "word",
  group: "word",
  client: "word",
  engine: "word",
  host: "word",
  table: "word",
  column: "word",
  signal: "word",
  sqlState: "word",
};

// A document or student number has 15 digits or more, a mobile number 11 of its own form. Nothing of ours comes near:
// identifiers of batches are counted from one, and random ids have a form of their own.
const longDigits = /\d{15,}|(?<!\d)1[3-9]\d{9}(?!\d)/;
const word = /^[A-Za-z0-9_.:/-]{1,120}$/;
const hexId = /^(?:[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;
const wholeMax = 10n ** 14n;

const checks: Readonly<Record<Kind, (value: unknown) => string | number | undefined>> = {
  whole: allowedWhole,
  fraction: (value) =>
    typeof value === "number" && Number.isFinite(value) && Math.abs(value) < 1e14 ? value : undefined,
  word: allowedWord,
  hex: allowedHex,
  id: (value) => allowedHex(value) ?? allowedWhole(value) ?? allowedWord(value),
};

function allowedHex(value: unknown): string | undefined {
  return typeof value === "string" && hexId.test(value) ? value : undefined;
}

function allowedWhole(value: unknown): number | undefined {
  if (typeof value !== "bigint" && !(typeof value === "number" && Number.isSafeInteger(value)))
    return undefined;
  const whole = BigInt(value);
  return whole > -wholeMax && whole < wholeMax ? Number(whole) : undefined;
}

function allowedWord(value: unknown): string | undefined {
  return typeof value === "string" && word.test(value) && !longDigits.test(value) ? value : undefined;
}

function isLogField(key: string): key is keyof LogFields {
  return Object.hasOwn(kinds, key);
}

/** What of `fields` may be written. An unknown key is not even named: it may be data itself. */
function permitted(fields: object): Written {
  const written: Written = {};
  let drops = 0;
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    if (!isLogField(key)) {
      drops += 1;
      continue;
    }
    const kept = checks[kinds[key]](value);
    if (kept === undefined) drops += 1;
    written[key] = kept ?? dropped;
  }
  if (drops > 0) written["dropped"] = drops;
  return written;
}

const className = /^[A-Za-z_$][A-Za-z0-9_$]{0,60}$/;
const sqlState = /^[0-9A-Z]{5}$/;
const systemCode = /^E[A-Z0-9]{2,20}$/;
const causeDepthMax = 5;

/** Drivers put whole rows into message, detail and stack; so code, classes and states are all that is taken. */
function errorFields(error: unknown): Written {
  const fields: Written = {};
  const classes: string[] = [];
  let at: unknown = error;
  for (let depth = 0; at !== undefined && at !== null && depth < causeDepthMax; depth += 1) {
    classes.push(classOf(at));
    noteCodes(at, fields);
    at = at instanceof Error ? at.cause : undefined;
  }
  if (classes.length > 0) fields["errorClasses"] = classes;
  fields["code"] ??= "INVARIANT_BROKEN";
  return fields;
}

function noteCodes(error: unknown, fields: Written): void {
  if (error instanceof DuijieError) {
    if (fields["code"] === undefined)
      Object.assign(fields, permittedOnly(error.params), { code: error.code });
    return;
  }
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (typeof code !== "string") return;
  if (systemCode.test(code)) fields["systemCode"] ??= code;
  else if (sqlState.test(code)) fields["sqlState"] ??= code;
}

/** An error's parameters are written for people, not for logs: those that a log has no field for stay out uncounted. */
function permittedOnly(params: object): Written {
  return permitted(Object.fromEntries(Object.entries(params).filter(([key]) => isLogField(key))));
}

function classOf(error: unknown): string {
  const name = typeof error === "object" && error !== null ? error.constructor?.name : typeof error;
  return typeof name === "string" && className.test(name) ? name : "unknown";
}

type Write = (line: Written) => void;
interface Writers {
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  readonly debug: Write;
}

function logOver(writers: Writers, bindings: Written): Log {
  const write = (to: Write, code: string, fields: LogFields | undefined, error?: unknown): void => {
    const cause = error === undefined ? undefined : errorFields(error);
    const line: Written = { event: allowedWord(code) ?? dropped, ...bindings, ...cause };
    to(Object.assign(line, fields === undefined ? undefined : permitted(fields)));
  };
  return {
    event: (code, fields) => write(writers.info, code, fields),
    warn: (code, fields, error) => write(writers.warn, code, fields, error),
    error: (code, fields, error) => write(writers.error, code, fields, error),
    debug: (code, fields) => write(writers.debug, code, fields),
    with: (more) => logOver(writers, { ...bindings, ...permitted(more) }),
  };
}

/** Opens a log. Lines are written at once, so that none is lost when the process is killed. */
export function createLog(options: LogOptions, bindings: LogFields = {}): Log {
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    target(options),
  );
  return logOver(
    {
      info: (line) => logger.info(line),
      warn: (line) => logger.warn(line),
      error: (line) => logger.error(line),
      debug: (line) => logger.debug(line),
    },
    permitted(bindings),
  );
}

function target(options: LogOptions): DestinationStream {
  const out = options.sink ?? openTarget(options.file);
  return options.pretty === true ? { write: (line) => out.write(readable(line)) } : out;
}

function openTarget(file: string | undefined): DestinationStream {
  if (file === undefined) return destination({ dest: 2, sync: true });
  try {
    mkdirSync(dirname(file), { recursive: true });
    return LogFile.open(file);
  } catch (error) {
    throw new DuijieError("FILE_UNREADABLE", { file }, error);
  }
}

function readable(line: string): string {
  const { time, level, event, ...rest }: Record<string, unknown> = JSON.parse(line);
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${String(value)}`);
  return `${[String(time), String(level).toUpperCase().padEnd(5), String(event), ...pairs].join(" ")}\n`;
}
