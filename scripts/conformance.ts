/**
 * `npm run conformance -- [--json file] [--engine a,b] [--case group/name] [--lang zh|en]`: the connectors' conformance
 * list on every engine that can be had: PostgreSQL of its own, files, and any server that a URL names. Ends with 1
 * where a case failed.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { languageOf } from "../cli/language.ts";
import { alignedLines } from "../cli/table-text.ts";
import {
  type BothTexts,
  type EngineReport,
  engineReport,
  inBoth,
  skippedReport,
} from "../connectors/conformance/report.ts";
import { type CaseResult, runCase } from "../connectors/conformance/run-case.ts";
import { type ConformanceCase, conformanceCases } from "../connectors/conformance.ts";
import { packageRoot } from "../contracts/package-root.ts";
import { createTexts } from "../contracts/texts.ts";
import { removeDatabase } from "../embedded/database-place.ts";
import { startPostgres } from "../embedded/postgres-server.ts";
import { type ConformanceEngine, conformanceEngines } from "../test/support/conformance-engines.ts";

const args = process.argv.slice(2);
const language = languageOf(args, process.env);
const both: BothTexts = { zh: createTexts("zh"), en: createTexts("en") };
const texts = both[language];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupt.abort());

process.exitCode = await main();

async function main(): Promise<number> {
  const asked = askedFor();
  if (asked === null) {
    process.stderr.write(`${texts("conformance.run.usage")}\n`);
    return 2;
  }
  const { engines, cases, json } = asked;
  say(texts("conformance.run.title", { cases: cases.length }));
  const stop = await startServer();
  const reports: Record<string, EngineReport> = {};
  try {
    for (const engine of engines) {
      if (!interrupt.signal.aborted) reports[engine.engine] = await runEngine(engine, cases);
    }
  } finally {
    await stop();
  }
  for (const line of tableOf(reports)) say(line);
  if (json !== undefined) {
    writeFileSync(json, `${JSON.stringify({ cases: cases.length, engines: reports }, null, 2)}\n`);
    say(texts("conformance.run.json", { file: json }));
  }
  if (interrupt.signal.aborted) return 130;
  return Object.values(reports).some(({ failed }) => failed > 0) ? 1 : 0;
}

function askedFor() {
  try {
    const { values } = parseArgs({
      args,
      options: {
        json: { type: "string" },
        engine: { type: "string" },
        case: { type: "string" },
        lang: { type: "string" },
      },
    });
    const names = values.engine?.split(",");
    const engines = conformanceEngines.filter(({ engine }) => names?.includes(engine) ?? true);
    const cases = conformanceCases.filter(({ id }) => id.startsWith(values.case ?? ""));
    if (engines.length < (names?.length ?? 1) || cases.length === 0) return null;
    return { engines, cases, json: values.json };
  } catch {
    return null;
  }
}

/** A PostgreSQL of this run's own, found by the harness as `npm test` finds its; one that is named is taken. */
async function startServer(): Promise<() => Promise<void>> {
  if ((process.env["DUIJIE_TEST_POSTGRES_URL"] ?? "") !== "") return async () => undefined;
  const dataFolder = join(packageRoot, ".duijie", "conformance", "postgres");
  await removeDatabase(dataFolder);
  const server = await startPostgres({ dataFolder });
  process.env["DUIJIE_TEST_POSTGRES_URL"] = server.adminUrl;
  return async () => {
    await server.stop("immediate");
    await removeDatabase(dataFolder);
  };
}

async function runEngine(
  engine: ConformanceEngine,
  cases: readonly ConformanceCase[],
): Promise<EngineReport> {
  const { variable } = engine;
  const url = variable === undefined ? "" : (process.env[variable] ?? "");
  if (variable !== undefined && url === "")
    return skippedReport(cases.length, inBoth(both, "conformance.skipped.url", { variable }));
  const obstacle = (await engine.obstacle?.()) ?? null;
  if (obstacle !== null) return skippedReport(cases.length, obstacle);
  const harness = await engine.open(url);
  try {
    say(texts("conformance.run.engine", { engine: engine.engine, server: harness.server }));
    const results: CaseResult[] = [];
    for (const each of cases) {
      if (interrupt.signal.aborted) break;
      const result = await runCase(each, harness);
      results.push(result);
      sayResult(result);
    }
    return engineReport(harness.server, results, both);
  } finally {
    await harness.close();
  }
}

function sayResult({ failure, id, reason, status }: CaseResult): void {
  const title = texts(`conformance.case.${id}`);
  say(texts("conformance.run.line", { status: texts(`conformance.status.${status}`), id, title }));
  const why = reason === undefined ? failure : texts(`conformance.lack.${reason}`);
  if (why !== undefined) say(`      ${why.replaceAll("\n", "\n      ")}`);
}

function tableOf(reports: Readonly<Record<string, EngineReport>>): string[] {
  const statuses = ["passed", "failed", "unsupported", "impossible", "skipped"] as const;
  const heads = [
    texts("conformance.heading.engine"),
    texts("conformance.heading.server"),
    ...statuses.map((status) => texts(`conformance.status.${status}`)),
  ];
  const rows = Object.entries(reports).map(([engine, report]) => [
    engine,
    report.server ?? report.reason?.[language] ?? "",
    ...statuses.map((status) => report[status]),
  ]);
  return alignedLines([heads, ...rows]);
}
