import { setTimeout as delay } from "node:timers/promises";
import type { FaultSpec } from "./fault.ts";
import type { FaultServers } from "./fault-servers.ts";
import { FaultWorld } from "./fault-world.ts";
import type { InFlight } from "./in-flight.ts";
import { impossible, strike } from "./injectors.ts";
import { holdMoment, thawAll } from "./moments.ts";
import type { ExpectedRefusal } from "./rogue.ts";
import { schedule, scheduleDigest } from "./schedule.ts";
import { isGreen, judgeProcesses, judgeState, type Verdict } from "./verdict.ts";
import { WarningCount } from "./warnings.ts";

export interface FaultRecord {
  readonly spec: FaultSpec;
  /** `landed`: inside something that was under way. */
  readonly end: "landed" | "skipped" | "failed";
  readonly inFlight: InFlight | null;
  readonly what: string;
  /** Times that it was tried; only the last one is counted. */
  readonly tries: number;
  /** Warnings and errors that our processes logged meanwhile, by code. */
  readonly noticed: Readonly<Record<string, number>>;
  /** From the strike to the next batch settled after the fault was over. */
  readonly recoveredMs: number | null;
}

export interface SeedResult {
  readonly seed: number;
  readonly digest: string;
  readonly faults: readonly FaultRecord[];
  readonly verdict: Verdict;
  readonly loads: number;
  readonly restarts: number;
  readonly convergedMs: number | null;
  readonly elapsedMs: number;
  readonly isGreen: boolean;
}

export interface RunOptions {
  readonly servers: FaultServers;
  readonly name: string;
  readonly seed: number;
  readonly faults: number;
  readonly students: number;
  readonly say: (line: string) => void;
  /** Called after the state was judged, while the servers run: a test of the judge changes something here. */
  readonly afterVerdict?: (world: FaultWorld, refusals: readonly ExpectedRefusal[]) => Promise<void>;
}

const momentDeadlineMs = 180_000;
const recoveryDeadlineMs = 240_000;
const convergenceDeadlineMs = 420_000;
const triesMax = 3;

/** One seed: its schedule over a province that is being loaded, then quiet, then the verdict. */
export async function runSeed(options: RunOptions): Promise<SeedResult> {
  const { faults, say, seed, servers } = options;
  const started = performance.now();
  const specs = schedule(seed, faults);
  const digest = scheduleDigest(specs);
  say(`seed ${seed}: ${faults} faults, schedule ${digest}`);
  await servers.dropTopics();
  const world = await FaultWorld.open(options);
  const records: FaultRecord[] = [];
  const refusals: ExpectedRefusal[] = [];
  let convergedMs: number | null = null;
  const trouble: string[] = [];
  let verdict: Verdict = [];
  try {
    await world.begin();
    say(`  loads began after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    for (const spec of specs) {
      const record = await carryOut(world, spec, refusals);
      records.push(record);
      say(recordLine(record, faults));
    }
    const quiet = performance.now();
    const hasConverged = await within(world.calm(), convergenceDeadlineMs);
    convergedMs = hasConverged ? Math.round(performance.now() - quiet) : null;
    if (!hasConverged) trouble.push(`did not converge within ${convergenceDeadlineMs / 1000} s`);
    verdict = await judgeState(world, refusals);
    await options.afterVerdict?.(world, refusals);
  } catch (error) {
    trouble.push(error instanceof Error ? error.message : String(error));
  }
  try {
    await world.close();
    verdict = [
      { name: "convergence", findings: trouble, looked: `${convergedMs ?? "no"} ms` },
      { name: "landing", findings: notLanded(records), looked: `${records.length} faults` },
      ...verdict,
      ...(await judgeProcesses(world)),
    ];
  } finally {
    await world.closeEyes();
  }
  const result = {
    seed,
    digest,
    faults: records,
    verdict,
    loads: world.rounds,
    restarts: world.daemons.flatMap((daemon) => daemon.exits).filter(({ code }) => code !== 0 && code !== 3)
      .length,
    convergedMs,
    elapsedMs: Math.round(performance.now() - started),
    isGreen: isGreen(verdict),
  };
  for (const line of resultLines(result)) say(line);
  return result;
}

/** A fault that did not land is tried again and not counted. */
async function carryOut(
  world: FaultWorld,
  spec: FaultSpec,
  refusals: ExpectedRefusal[],
): Promise<FaultRecord> {
  const nothing = { spec, inFlight: null, noticed: {}, recoveredMs: null };
  const reason = impossible(world.options.servers, spec);
  if (reason !== null) return { ...nothing, end: "skipped", what: reason, tries: 0 };
  let last = "";
  for (let tries = 1; tries <= triesMax; tries++) {
    await delay(spec.afterMs);
    try {
      return { ...(await attempt(world, spec, refusals)), tries };
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
  }
  return { ...nothing, end: "failed", what: last, tries: triesMax };
}

async function attempt(
  world: FaultWorld,
  spec: FaultSpec,
  refusals: ExpectedRefusal[],
): Promise<Omit<FaultRecord, "tries">> {
  const held = await holdMoment(world, spec, momentDeadlineMs);
  const warnings = new WarningCount(world.daemons.map((daemon) => world.logFile(daemon)));
  const struckAt = performance.now();
  let what: string;
  try {
    const struck = await strike(world, spec, held);
    refusals.push(...(struck.refusals ?? []));
    const after = await struck.over?.();
    what = typeof after === "string" ? `${struck.what}; ${after}` : struck.what;
  } finally {
    thawAll(held.frozen);
  }
  await recovered(world);
  return {
    spec,
    end: "landed",
    inFlight: held.inFlight,
    what,
    noticed: warnings.since(),
    recoveredMs: Math.round(performance.now() - struckAt),
  };
}

/** Work goes on: batches are settled that were not at the end of the fault. */
async function recovered(world: FaultWorld): Promise<void> {
  const deadline = performance.now() + recoveryDeadlineMs;
  let before: number | null = null;
  while (performance.now() < deadline) {
    world.requireWork();
    const now = await world.settled().catch(() => null);
    before ??= now;
    if (now !== null && before !== null && now > before) return;
    await delay(50);
  }
  throw new Error(`nothing was settled within ${recoveryDeadlineMs / 1000} s after the fault`);
}

function notLanded(records: readonly FaultRecord[]): readonly string[] {
  return records
    .filter(({ end }) => end === "failed")
    .map(({ spec, what }) => `fault ${spec.number}, ${spec.kind} ${spec.target}: ${what}`);
}

async function within(work: Promise<void>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  try {
    return await Promise.race([work.then(() => true), delay(ms, false, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}

export function recordLine(record: FaultRecord, count: number): string {
  const { end, inFlight, noticed, recoveredMs, spec, tries, what } = record;
  const name = `  [${spec.number}/${count}] ${spec.kind} ${spec.target}`;
  if (end !== "landed" || inFlight === null) return `${name}: ${end.toUpperCase()}: ${what}`;
  const counts = Object.entries(noticed).map(([code, times]) => `${code} ×${times}`);
  const parts = [
    `${name}: landed inside ${insideText(spec, inFlight)}`,
    what,
    counts.length === 0 ? "noticed by nobody" : `noticed: ${counts.join(", ")}`,
    `work went on after ${((recoveredMs ?? 0) / 1000).toFixed(1)} s`,
  ];
  return parts.join(" | ") + (tries > 1 ? ` (try ${tries})` : "");
}

function insideText(spec: FaultSpec, now: InFlight): string {
  const places = {
    transaction: `${now.transactions} open transaction(s), oldest ${now.oldestMs} ms, ${now.rowLocks} table locks`,
    lease: `${now.leased} leased chunk(s) not landed`,
    read: `${now.reads} open read(s) of the registry`,
    message: `${now.unread?.up ?? 0} message(s) up and ${now.unread?.down ?? 0} down unread`,
  };
  return `${places[spec.at]} (leased ${now.leased}, sealed ${now.sealed}, published ${now.published})`;
}

export function resultLines(result: SeedResult): readonly string[] {
  const { convergedMs, elapsedMs, loads, restarts, verdict } = result;
  const seconds = (ms: number | null) => (ms === null ? "–" : (ms / 1000).toFixed(1));
  return [
    ...verdict.map(({ findings, looked, name }) => {
      const text = findings.length === 0 ? "ok" : `RED: ${findings.slice(0, 8).join("; ")}`;
      return `  ${name}: ${text} (${looked})`;
    }),
    `  ${result.isGreen ? "green" : "RED"}: ${loads} loads, ${restarts} restarts, quiet after ${seconds(convergedMs)} s, ${seconds(elapsedMs)} s in all; again: --seed ${result.seed} --seeds 1`,
  ];
}
