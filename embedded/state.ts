import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuijieError } from "../contracts/errors.ts";
import {
  isAlive,
  type ProcessIdentity,
  parseIdentity,
  processIdentity,
  signalProcess,
  waitUntilGone,
} from "./process-identity.ts";

/** What a server's folder says about the server that runs on it, in `<folder>/state.json`. */
export type ServerState = {
  readonly kind: "postgres" | "kafka" | "mariadb";
  readonly process: ProcessIdentity;
  readonly port: number;
  /** The process that must end this server; null for a server that was left up on purpose (`detached`). */
  readonly owner: ProcessIdentity | null;
  /** Without passwords: a state file is shown to people. */
  readonly address: string;
};

const fileName = "state.json";

/** The server that runs on this folder now. A state file whose process is gone counts as none and is removed. */
export function runningServer(folder: string): ServerState | undefined {
  const state = readState(folder);
  if (state === undefined) return undefined;
  if (isAlive(state.process)) return state;
  clearState(folder);
  return undefined;
}

/**
 * Ends what an earlier run left on the folder and returns its port. A server that another living process answers for
 * is not touched: SETUP_FAILED.
 */
export async function endUnownedServer(folder: string): Promise<number | undefined> {
  const state = runningServer(folder);
  if (state === undefined) return undefined;
  if (isOwnedByAnother(state))
    throw new DuijieError("SETUP_FAILED", {
      step: state.kind,
      found: `process ${state.owner?.pid} uses the folder ${folder}`,
    });
  await stopServer(folder);
  return state.port;
}

/** Removes a server's folder; what runs on it is ended first, if nobody answers for it. */
export async function removeServerFolder(folder: string): Promise<void> {
  await endUnownedServer(folder);
  rmSync(folder, { recursive: true, force: true });
}

/** True when a living process other than this one answers for the server. */
function isOwnedByAnother(state: ServerState): boolean {
  return state.owner !== null && state.owner.pid !== process.pid && isAlive(state.owner);
}

export function writeState(folder: string, state: ServerState): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, fileName);
  writeFileSync(`${file}.new`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function clearState(folder: string): void {
  rmSync(join(folder, fileName), { force: true });
}

export function ownIdentity(): ProcessIdentity {
  const identity = processIdentity(process.pid);
  if (identity === undefined) throw new Error("this process has no identity");
  return identity;
}

/**
 * Ends the server that runs on this folder, whoever started it; false when none does. The process is identified
 * by its start, so a stale file never ends a stranger. Escalates to SIGKILL: all of them survive that.
 */
export async function stopServer(folder: string): Promise<boolean> {
  const state = runningServer(folder);
  if (state === undefined) return false;
  await endProcess(state.process, stopSignal(state.kind));
  clearState(folder);
  return true;
}

/** PostgreSQL's SIGTERM waits for every client to leave; its SIGINT is the "fast" shutdown. */
export function stopSignal(kind: ServerState["kind"]): NodeJS.Signals {
  return kind === "postgres" ? "SIGINT" : "SIGTERM";
}

export async function endProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  patienceMs = 30_000,
): Promise<void> {
  signalProcess(identity, signal);
  if (await waitUntilGone(identity, patienceMs)) return;
  signalProcess(identity, "SIGKILL");
  await waitUntilGone(identity, 10_000);
}

function readState(folder: string): ServerState | undefined {
  try {
    return parseState(JSON.parse(readFileSync(join(folder, fileName), "utf8")));
  } catch {
    // Absent, or cut off by a power failure: both mean that nothing is known about this folder.
    return undefined;
  }
}

function parseState(value: unknown): ServerState | undefined {
  if (!isRecord(value)) return undefined;
  const { kind, port, address } = value;
  const [server, owner] = [parseIdentity(value["process"]), parseIdentity(value["owner"])];
  if (!isKind(kind) || server === undefined) return undefined;
  if (typeof port !== "number" || typeof address !== "string") return undefined;
  return { kind, process: server, port, owner: owner ?? null, address };
}

function isKind(value: unknown): value is ServerState["kind"] {
  return value === "postgres" || value === "kafka" || value === "mariadb";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
