import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errorKinds } from "../../contracts/errors.ts";
import { checkLoad } from "../../embedded/demo/checker.ts";
import { signedBytes } from "../../pipeline/signing.ts";
import { findPersonalData } from "../support/personal-data.ts";
import { isGone } from "./daemon.ts";
import type { Side } from "./fault-servers.ts";
import type { FaultWorld } from "./fault-world.ts";
import type { ExpectedRefusal } from "./rogue.ts";

/** One thing that was looked at. Green where nothing was found. */
export interface Judgement {
  readonly name: string;
  readonly findings: readonly string[];
  /** How much was looked at: a judgement over nothing shows nothing. */
  readonly looked: string;
}

export type Verdict = readonly Judgement[];

export const isGreen = (verdict: Verdict): boolean => verdict.every(({ findings }) => findings.length === 0);

/** What can be judged from the databases, while the servers run. */
export async function judgeState(world: FaultWorld, refusals: readonly ExpectedRefusal[]): Promise<Verdict> {
  return [
    await judgeData(world),
    await judgeSums(world),
    await judgeHistory(world),
    await judgeBatches(world, refusals),
    await judgeRefusals(world, refusals),
    await judgePositions(world),
  ];
}

/** What can be judged once all processes were asked to end: how they ended, what they wrote. */
export async function judgeProcesses(world: FaultWorld): Promise<Verdict> {
  return [await judgeEnds(world), await judgeSessions(world), judgeOutput(world)];
}

/** The independent checker of the demo: nation, staging, exceptions and ledger against what the generator knows. */
async function judgeData(world: FaultWorld): Promise<Judgement> {
  const { exchange, national, registry } = world.urls;
  const found = await checkLoad({
    registryUrl: registry,
    exchangeUrl: exchange,
    nationalUrl: national,
    folder: world.nodes.generated,
  });
  const findings: string[] = [];
  for (const [entity, check] of Object.entries(found.entities))
    if (check.differences > 0) findings.push(`nation, ${entity}: ${check.differences} values differ`);
  for (const [entity, check] of Object.entries(found.staging))
    if (check.differences > 0) findings.push(`staging, ${entity}: ${check.differences} rows differ`);
  for (const check of [...Object.values(found.exceptions), found.ledger, found.foreign])
    if (check.differences > 0) findings.push(...check.findings.map(withoutKeys));
  if (found.differences > 0 && findings.length === 0) findings.push(`${found.differences} differences`);
  const fields = Object.values(found.entities).reduce((sum, { fields }) => sum + fields, 0);
  if (fields === 0) findings.push("no value was compared");
  return { name: "data", findings, looked: `${fields} values at the nation` };
}

async function judgeSums(world: FaultWorld): Promise<Judgement> {
  const { looks, wrong } = world.ledger;
  const unsettled = await rows<{ n: number }>(
    world,
    "exchange",
    "SELECT count(*)::int AS n FROM exchange.batch WHERE state <> 'settled'",
  );
  const findings = [...wrong];
  if ((unsettled[0]?.n ?? 0) > 0) findings.push(`${unsettled[0]?.n} batches are not settled`);
  if (looks === 0) findings.push("nobody looked at the sums");
  return { name: "sums", findings, looked: `${looks} committed states` };
}

/** No version went back, took effect twice or was removed; no chunk was landed twice in one load. */
async function judgeHistory(world: FaultWorld): Promise<Judgement> {
  const findings: string[] = [];
  let written = 0;
  for (const side of ["exchange", "national"] as const) {
    for (const { what, n } of await rows<{ what: string; n: number }>(
      world,
      side,
      "SELECT what, count(*)::int AS n FROM observed.violation GROUP BY 1",
    ))
      findings.push(`${side}: ${what} (${n})`);
    written +=
      (await rows<{ n: number }>(world, side, "SELECT count(*)::int AS n FROM observed.written"))[0]?.n ?? 0;
  }
  for (const { entity, run } of await rows<{ entity: string; run: string }>(
    world,
    "exchange",
    `SELECT run_id::text AS run, entity FROM exchange.landing WHERE origin = 'chunk'
     GROUP BY run_id, entity, segment HAVING count(*) > 1`,
  ))
    findings.push(`load ${run}: a chunk of ${entity} was landed twice`);
  if (written === 0) findings.push("nothing was written");
  return { name: "history", findings, looked: `${written} versions` };
}

/** Each batch that was sealed was taken once, with the bytes that were signed; and nothing else was taken. */
async function judgeBatches(world: FaultWorld, refusals: readonly ExpectedRefusal[]): Promise<Judgement> {
  const sent = await rows<{ id: string; headers: Record<string, string>; bytes: Buffer }>(
    world,
    "exchange",
    `SELECT batch_id::text AS id, headers, bytes FROM exchange.batch_payload`,
  );
  const taken = await rows<{ id: string; digest: Buffer; refused: string | null }>(
    world,
    "national",
    "SELECT batch_id::text AS id, digest, refusal_code AS refused FROM national.inbox",
  );
  const byId = new Map(taken.map((one) => [one.id, one]));
  const findings: string[] = [];
  for (const { bytes, headers, id } of sent) {
    const found = byId.get(id);
    const digest = createHash("sha256").update(signedBytes(headers, bytes)).digest();
    if (found === undefined) findings.push(`batch ${id} never arrived`);
    else if (!digest.equals(found.digest)) findings.push(`batch ${id} arrived with other bytes`);
    else if (found.refused !== null) findings.push(`batch ${id} was refused: ${found.refused}`);
    byId.delete(id);
  }
  const injected = new Set(refusals.map(({ batchId }) => batchId).filter((id) => id !== null));
  for (const id of byId.keys()) if (!injected.delete(id)) findings.push(`batch ${id} was never sent`);
  for (const id of injected) findings.push(`forged batch ${id} left no trace`);
  if (sent.length === 0) findings.push("no batch was sent");
  return { name: "batches", findings, looked: `${sent.length} batches, byte for byte` };
}

/** Refused was what was forged or damaged, with its code, and nothing besides. */
async function judgeRefusals(world: FaultWorld, expected: readonly ExpectedRefusal[]): Promise<Judgement> {
  const wanted = new Set(expected.map(({ code, digest, side }) => `${side} ${code} ${digest.slice(0, 16)}`));
  const found = new Set<string>();
  for (const side of ["exchange", "national"] as const) {
    const refused = await rows<{ code: string; digest: string }>(
      world,
      side,
      `SELECT code, encode(digest, 'hex') AS digest FROM ${side}.refusal`,
    );
    for (const { code, digest } of refused) found.add(`${side} ${code} ${digest.slice(0, 16)}`);
  }
  const missing = [...wanted].filter((one) => !found.has(one)).map((one) => `not refused: ${one}`);
  const surplus = [...found]
    .filter((one) => !wanted.has(one))
    .map((one) => `refused, though nobody forged it: ${one}`);
  return { name: "refusals", findings: [...missing, ...surplus], looked: `${wanted.size} expected` };
}

async function judgePositions(world: FaultWorld): Promise<Judgement> {
  const findings: string[] = [];
  let partitions = 0;
  for (const side of ["exchange", "national"] as const) {
    const positions = await rows<{ topic: string; lost: boolean }>(
      world,
      side,
      `SELECT topic, lost_at IS NOT NULL AS lost FROM ${side}.consumer_position`,
    );
    partitions += positions.length;
    for (const { lost, topic } of positions)
      if (lost) findings.push(`${side}: the position in ${topic} is lost`);
  }
  return { name: "positions", findings, looked: `${partitions} partitions` };
}

/** Whoever ended without being asked did so with a named error that passes by itself; and nobody is left. */
async function judgeEnds(world: FaultWorld): Promise<Judgement> {
  const findings: string[] = [];
  const exits = world.daemons.flatMap((daemon) => daemon.exits);
  for (const { code, daemon, error, isAsked, signal } of exits) {
    const isDone = daemon.startsWith("loader") && (code === 0 || code === 3);
    if (isAsked || isDone || isPassing(error)) continue;
    findings.push(`${daemon} ended with ${signal ?? code}: ${error ?? "no named error"}`);
  }
  const pids = world.daemons.flatMap((daemon) => daemon.pids);
  for (const pid of pids) if (!(await isGone(pid))) findings.push(`process ${pid} is left`);
  return { name: "processes", findings, looked: `${pids.length} processes` };
}

function isPassing(error: string | null): boolean {
  const kind = Object.entries(errorKinds).find(([code]) => code === error)?.[1];
  return kind?.disposition === "retry";
}

async function judgeSessions(world: FaultWorld): Promise<Judgement> {
  const findings: string[] = [];
  for (const side of ["exchange", "national"] as const) {
    const left = await rows<{ n: number }>(
      world,
      side,
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'duijie-%'
         AND xact_start IS NOT NULL`,
    );
    if ((left[0]?.n ?? 0) > 0) findings.push(`${side}: ${left[0]?.n} transactions are left open`);
  }
  return { name: "sessions", findings, looked: "both databases" };
}

/** What processes and servers wrote, searched for what the generator planted. */
function judgeOutput(world: FaultWorld): Judgement {
  const folder = world.nodes.logFolder;
  for (const daemon of world.daemons) {
    const file = world.logFile(daemon);
    if (existsSync(file)) copyFileSync(file, join(folder, `${daemon.name}.log`));
  }
  world.options.servers.keepLogs(folder);
  const canaries: unknown = JSON.parse(readFileSync(join(world.nodes.generated, "canaries.json"), "utf8"));
  const planted: Record<string, string[]> = {};
  for (const [kind, texts] of Object.entries(canaries ?? {}))
    if (Array.isArray(texts)) planted[kind] = texts.map(String);
  const count = Object.values(planted).reduce((sum, texts) => sum + texts.length, 0);
  const found = findPersonalData(folder, planted);
  const findings = found.map(({ file, line, what }) => `${file}, line ${line}: ${what}`);
  if (count === 0) findings.push("nothing was planted");
  return { name: "output", findings, looked: `${count} planted texts` };
}

/** A finding is printed: keys stay out of it. */
function withoutKeys(finding: string): string {
  return finding.replace(/: \S+ ended otherwise$/, ": a record ended otherwise");
}

async function rows<T extends object>(world: FaultWorld, side: Side, sql: string): Promise<readonly T[]> {
  return (await world.eyes[side].query<T & Record<string, unknown>>(sql)).rows;
}
