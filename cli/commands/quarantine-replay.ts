import { setTimeout as delay } from "node:timers/promises";
import { type Command, Option } from "commander";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { ledgerOfRun } from "../../exchange-db/ledger.ts";
import { type ParkedFilter, parkedSummary } from "../../exchange-db/parked.ts";
import { insertRun, moveRun, type Run } from "../../exchange-db/runs.ts";
import type { Store } from "../../exchange-db/store.ts";
import { type EntityPlan, planOf } from "../../pipeline/entity-plan.ts";
import { type ParkedResult, takeUpParked } from "../../pipeline/parked-flow.ts";
import type { ProvinceLink } from "../../pipeline/province-link.ts";
import type { UpstreamFlow } from "../../pipeline/upstream-flow.ts";
import { type Province, withProvince } from "../compose.ts";
import { untilStopped } from "../daemon.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { openRecords, printLedger, requireSums } from "../load-report.ts";
import { errorCodes } from "../option-values.ts";

type Outcome = "quarantined" | "rejected" | "waiting";
const outcomes: readonly Outcome[] = ["quarantined", "rejected", "waiting"];

interface Options {
  readonly code?: readonly string[];
  readonly entity?: readonly EntityName[];
  readonly field?: string;
  readonly value?: string;
  readonly outcome?: readonly Outcome[];
}

/** `quarantine replay`: parked records judged again under the newest mapping tables; those that now pass are sent. */
export function quarantineReplayCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "replay", async (invocation, command) => {
      return await untilStopped(invocation.terminal, async (signal) => {
        return await withProvince(invocation, async (province) => {
          return await run(invocation, province, command.opts<Options>(), signal);
        });
      });
    })
    .option("--code <code>", frame.text("codes"), errorCodes)
    .addOption(new Option("--entity <entity...>", frame.text("entities")).choices(entityNames))
    .option("--field <field>", frame.text("field"))
    .option("--value <code>", frame.text("value"))
    .addOption(new Option("--outcome <outcome...>", frame.text("outcomes")).choices(outcomes));
}

interface Replay {
  readonly store: Store;
  readonly province: Province;
  readonly run: Run;
  readonly plans: ReadonlyMap<EntityName, EntityPlan>;
  readonly flowOf: (entity: EntityName) => UpstreamFlow;
  readonly link: ProvinceLink;
  readonly signal: AbortSignal;
}

interface ReplayLine extends ParkedResult {
  readonly entity: EntityName;
  /** Sent because a parent that they waited for was applied. */
  readonly followed: number;
}

async function run(
  invocation: Invocation,
  province: Province,
  options: Options,
  signal: AbortSignal,
): Promise<ExitCode> {
  const store = await province.store();
  const link = await province.startLink(signal);
  const wanted = {
    province: province.code,
    profile: province.config.load.profile,
    scope: province.config.scope,
    entities: province.entities,
  };
  const run = await store.transaction(async (client) => await insertRun(client, "replay", wanted));
  const plans = province.plans(run.scope);
  const flowOf = await province.flows(run, plans, link.partitions);
  invocation.terminal.note("replay.begun", { runId: run.runId, mappingVersion: run.mappingVersion });
  const replay: Replay = { store, province, run, plans, flowOf, link, signal };
  const lines = await replayAll(replay, options);
  await moveRun(store, run.runId, ["running"], signal.aborted ? "stopped" : "done");
  return await report(invocation, replay, lines);
}

/** Parents first, and settled before their children are looked at: else these would only wait once more. */
async function replayAll(replay: Replay, options: Options): Promise<readonly ReplayLine[]> {
  const lines: ReplayLine[] = [];
  const filter: ParkedFilter = {
    outcomes: options.outcome ?? ["quarantined", "rejected"],
    ...(options.code === undefined ? {} : { codes: options.code }),
    ...(options.field === undefined ? {} : { field: options.field }),
    ...(options.value === undefined ? {} : { value: options.value }),
  };
  for (const entity of replay.run.entities) {
    const isWanted = options.entity === undefined || options.entity.includes(entity);
    const result = isWanted ? await takeUp(replay, entity, "replay", filter) : nothing;
    await settled(replay);
    const followed = await releaseWaiting(replay, entity);
    lines.push({ entity, ...result, followed });
  }
  return lines;
}

const nothing: ParkedResult = { looked: 0, released: 0, kept: 0 };

/** The waiting records of this entity whose parent came in meanwhile. */
async function releaseWaiting(replay: Replay, entity: EntityName): Promise<number> {
  if (planOf(replay.plans, entity).contract.parents.length === 0) return 0;
  const { released } = await takeUp(replay, entity, "release", { outcomes: ["waiting"] });
  await settled(replay);
  return released;
}

async function takeUp(
  { flowOf, plans, province, signal, store }: Replay,
  entity: EntityName,
  kind: "release" | "replay",
  filter: ParkedFilter,
): Promise<ParkedResult> {
  const { code, config, log } = province;
  const options = { store, province: code, pageRows: config.load.batchRows, kind, filter, log };
  return await takeUpParked(options, planOf(plans, entity), flowOf(entity), signal);
}

/** Until each batch of this run has its receipt. */
async function settled({ link, province, run, signal, store }: Replay): Promise<void> {
  while (!signal.aborted) {
    if (link.failure !== null) throw link.failure;
    const open = await store.query(
      "SELECT 1 FROM exchange.batch WHERE run_id = $1 AND state IN ('sealed', 'published') LIMIT 1",
      [run.runId],
    );
    if (open.length === 0) return;
    await delay(province.config.load.pollMs, undefined, { signal }).catch(() => undefined);
  }
}

async function report(
  { json, terminal }: Invocation,
  { province, run, store }: Replay,
  lines: readonly ReplayLine[],
): Promise<ExitCode> {
  const ledger = await ledgerOfRun(store, run.runId);
  const parked = await parkedSummary(store, province.code);
  const open = parked.reduce((sum, one) => sum + one.records, 0);
  if (json) terminal.json({ runId: run.runId, mappingVersion: run.mappingVersion, lines, ledger, parked });
  else {
    terminal.table(
      ["entity", "looked", "released", "kept", "followed"],
      lines.map((line) => [line.entity, line.looked, line.released, line.kept, line.followed]),
    );
    printLedger(terminal, ledger);
    const released = lines.reduce((sum, line) => sum + line.released + line.followed, 0);
    terminal.say("replay.done", { released, open });
  }
  requireSums(run.runId, ledger);
  return openRecords(ledger) > 0 || open > 0 ? 3 : 0;
}
