import type { Command } from "commander";
import type { SourceEntity } from "../../connectors/connector.ts";
import type { EntityName } from "../../contracts/entity.ts";
import { loadedTables } from "../../exchange-db/mapping-versions.ts";
import { type EntityPlan, planOf } from "../../pipeline/entity-plan.ts";
import { type Province, withProvince } from "../compose.ts";
import { untilStopped } from "../daemon.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { type LoadRunOptions, plannedScope } from "../load-options.ts";
import { scopeText } from "../load-report.ts";
import { noLoadWaits } from "../no-load.ts";
import { collected } from "../option-values.ts";

/** `load plan`: what a load would read, and about how long that takes. Nothing is written anywhere. */
export function loadPlanCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "plan", async (invocation, command) => {
      const options = command.opts<Pick<LoadRunOptions, "county">>();
      return await untilStopped(invocation.terminal, async (signal) => {
        return await withProvince(
          invocation,
          async (province) => await run(invocation, province, options, signal),
        );
      });
    })
    .option("--county <code>", frame.text("county"), collected);
}

interface PlanLine {
  readonly entity: EntityName;
  readonly relation: string;
  readonly rows: number;
  readonly ranges: number;
  /** Null where no county column is configured. */
  readonly counties: readonly { readonly county: string | null; readonly rows: number }[] | null;
  readonly missingTables: readonly string[];
}

async function run(
  invocation: Invocation,
  province: Province,
  options: Pick<LoadRunOptions, "county">,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { terminal } = invocation;
  const planned = await plannedScope(province, options);
  if (planned === null) return await noLoadWaits(invocation, province);
  const { entities, scope } = planned;
  const plans = province.plans(scope);
  const loaded = await loadedTables(await province.store(), province.code);
  const names = new Set(loaded.map(({ table }) => table));
  const lines: PlanLine[] = [];
  for (const entity of entities) lines.push(await planLine(province, planOf(plans, entity), names, signal));
  const estimate = estimateOf(province, lines);
  if (invocation.json) {
    terminal.json({ scope, entities: lines, ...estimate });
    return 0;
  }
  terminal.say("plan.scope", { scope: scopeText(terminal, scope) });
  terminal.table(
    ["entity", "relation", "rows", "ranges", "counties", "missingTables"],
    lines.map((line) => [
      line.entity,
      line.relation,
      line.rows,
      line.ranges,
      line.counties === null ? "–" : String(line.counties.length),
      line.missingTables.join(", "),
    ]),
  );
  const basis = terminal.text(`plan.basis.${estimate.basis}`, { rowsPerSecond: estimate.rowsPerSecond });
  terminal.say("plan.estimate", {
    rows: estimate.rows,
    minutes: Math.max(1, Math.ceil(estimate.seconds / 60)),
    basis,
  });
  return 0;
}

async function planLine(
  { config, connector }: Province,
  plan: EntityPlan,
  loaded: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<PlanLine> {
  const { source } = plan;
  const used = plan.mappings.flatMap(({ codes }) => (codes === undefined ? [] : [codes]));
  const counties = source.countyColumn === undefined ? null : await connector.counties(source, signal);
  return {
    entity: plan.entity,
    relation: relationOf(source),
    rows: await connector.count(source, signal),
    ranges: (await connector.planRanges(source, config.load.chunkRows, signal)).length,
    counties,
    missingTables: [...new Set(used)].filter((table) => !loaded.has(table)),
  };
}

/** Of a query its name only: it may be a page long. */
function relationOf({ from }: SourceEntity): string {
  return "relation" in from ? from.relation : "query";
}

/** Rows a second of a load with everything on, as measured on two cores with both sides on one machine. */
const measuredRowsPerSecond = 10_000;

function estimateOf({ config }: Province, lines: readonly PlanLine[]) {
  const rows = lines.reduce((sum, line) => sum + line.rows, 0);
  const { concurrentReads, rowsPerSecond: limit } = config.registry.limits;
  const allowed = limit === undefined ? Number.POSITIVE_INFINITY : limit * concurrentReads;
  const basis = allowed < measuredRowsPerSecond ? "limit" : "measured";
  const rowsPerSecond = Math.min(allowed, measuredRowsPerSecond);
  return { rows, seconds: Math.ceil(rows / rowsPerSecond), rowsPerSecond, basis } as const;
}
