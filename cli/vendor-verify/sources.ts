import type { EntityConfig, ProvinceConfig } from "../../config/config.ts";
import type { CheckFinding } from "../../connectors/connector.ts";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { DuijieError, isErrorCode } from "../../contracts/errors.ts";
import { contractVersions } from "../../contracts/registry.ts";
import type { RunScope } from "../../exchange-db/runs.ts";
import { type EntityPlan, entityPlan } from "../../pipeline/entity-plan.ts";
import type { Province } from "../compose.ts";
import { mappedSources, toSourceEntities } from "../sources.ts";
import { plainFault, type ReportedFault } from "./report.ts";

/** One entity as it can be read: without the columns that are not there. */
export interface ReadableSource {
  readonly plan: EntityPlan;
  readonly relation: string;
  readonly missing: ReadonlyMap<string, string>;
  /** Why it can't be read at all. */
  readonly faults: readonly ReportedFault[];
}

/** Asks the source what is there of the wanted entities. Throws what concerns the server as a whole. */
export async function readableSources(
  province: Province,
  scope: RunScope,
  entities: readonly EntityName[],
  signal: AbortSignal,
): Promise<readonly ReadableSource[]> {
  const { config, connector } = province;
  const wanted = toSourceEntities(config, scope).filter(({ entity }) => entities.includes(entity));
  const findings = await connector.check(wanted, signal);
  const server = findings.find(({ entity, ok }) => !ok && entity === undefined);
  if (server !== undefined) throw failureOf(server);
  return entityNames.flatMap((entity) => {
    const own = config.registry.entities[entity];
    if (own === undefined || !entities.includes(entity)) return [];
    return [
      readable(
        config,
        own,
        scope,
        findings.filter((one) => one.entity === entity && !one.ok),
      ),
    ];
  });
}

function failureOf({ code, detail, subject }: CheckFinding): DuijieError {
  return new DuijieError(isErrorCode(code) ? code : "SOURCE_REFUSED", { subject, ...detail });
}

const columnSubjects: ReadonlySet<string> = new Set(["column", "right"]);

/** What a sample of the bytes looks like is found out row by row as well. */
const readableSubjects: ReadonlySet<string> = new Set(["sample", "null-keys"]);

function readable(
  config: ProvinceConfig,
  own: EntityConfig,
  scope: RunScope,
  failures: readonly CheckFinding[],
): ReadableSource {
  const lost = new Set(failures.filter(isAboutColumn).map(({ detail }) => String(detail["column"])));
  const missing = new Map(
    own.fields.flatMap(({ field, from }) =>
      "column" in from && lost.has(from.column) ? [[field, from.column] as const] : [],
    ),
  );
  const rest = withoutColumns(own, lost);
  const plan = planOf(
    { ...config, registry: { ...config.registry, entities: { [own.entity]: rest } } },
    scope,
  );
  const faults = [
    ...own.key
      .filter((column) => lost.has(column))
      .map(() => plainFault("COLUMN_MISSING", { code: "SOURCE_CHANGED" })),
    ...failures
      .filter((failure) => !isAboutColumn(failure) && !readableSubjects.has(failure.subject))
      .map(({ code }) => plainFault("TABLE_MISSING", { code: code ?? "SOURCE_CHANGED" })),
  ];
  return { plan, relation: relationOf(own), missing, faults: faults.slice(0, 1) };
}

function isAboutColumn({ detail, subject }: CheckFinding): boolean {
  return columnSubjects.has(subject) && detail["column"] !== undefined;
}

function withoutColumns(own: EntityConfig, lost: ReadonlySet<string>): EntityConfig {
  const { county, phase, ...rest } = own;
  return {
    ...rest,
    ...(county === undefined || lost.has(county) ? {} : { county }),
    ...(phase === undefined || lost.has(phase) ? {} : { phase }),
    fields: own.fields.filter(({ from }) => !("column" in from && lost.has(from.column))),
  };
}

function planOf(config: ProvinceConfig, scope: RunScope): EntityPlan {
  const [mapped] = mappedSources(config, scope);
  if (mapped === undefined) throw new DuijieError("INVARIANT_BROKEN", { what: "no source" });
  const { mappings, source } = mapped;
  return entityPlan(source, mappings, contractVersions(source.entity).at(-1) ?? 1);
}

function relationOf({ from }: EntityConfig): string {
  if ("query" in from) return "query";
  return "table" in from ? from.table : from.file;
}
