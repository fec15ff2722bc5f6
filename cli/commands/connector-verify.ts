import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import type { ProvinceConfig } from "../../config/config.ts";
import { loadProvinceConfig } from "../../config/load.ts";
import { type LiveWorld, liveCases } from "../../connectors/conformance/live-cases.ts";
import { type BothTexts, type EngineReport, engineReport } from "../../connectors/conformance/report.ts";
import { type CaseResult, runCase, runLiveCase } from "../../connectors/conformance/run-case.ts";
import { conformanceCases } from "../../connectors/conformance.ts";
import type { Connector, SourceEntity } from "../../connectors/connector.ts";
import { engineOf } from "../../connectors/engines.ts";
import { createTexts } from "../../contracts/texts.ts";
import { untilStopped } from "../daemon.ts";
import type { Frame, Invocation } from "../invocation.ts";
import { wholeNumber } from "../option-values.ts";
import { ownerUrl } from "../owner-url.ts";
import { engineOptions, openSource, toSourceEntities } from "../sources.ts";
import { usageError } from "../usage-error.ts";

interface VerifyOptions {
  readonly readOnly?: true;
  readonly scratchSchema?: string;
  readonly ownerUrlEnv?: string;
  readonly rows: number;
}

/** What the command wrote, by what was verified: `scratch`, or an entity. */
interface VerifyReport {
  readonly engine: string;
  readonly mode: "scratch" | "read-only";
  readonly parts: Readonly<Record<string, EngineReport>>;
}

const rowsPerRange = 20_000;

/** `connector verify`: the conformance suite on the user's own server, so that it proves what we have no server for. */
export function connectorVerifyCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "verify", async (invocation, command) => {
      const options = command.opts<VerifyOptions>();
      const [file] = command.args;
      return await untilStopped(invocation.terminal, async (signal) => {
        const config = loadProvinceConfig(invocation.configFile, invocation.env);
        const report = await verify(invocation, config, options, signal);
        if (file !== undefined) {
          writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
          invocation.terminal.note("verify.file", { file });
        } else if (invocation.json) invocation.terminal.json(report);
        return Object.values(report.parts).some(({ failed }) => failed > 0) ? 1 : 0;
      });
    })
    .argument("[file]", frame.text("verifyFile"))
    .option("--read-only", frame.text("verifyReadOnly"))
    .option("--rows <count>", frame.text("verifyRows"), wholeNumber, 200_000)
    .option("--scratch-schema <name>", frame.text("scratchSchema"))
    .option("--owner-url-env <name>", frame.text("scratchOwner"));
}

async function verify(
  invocation: Invocation,
  config: ProvinceConfig,
  options: VerifyOptions,
  signal: AbortSignal,
): Promise<VerifyReport> {
  if (options.scratchSchema === undefined) return await verifyTables(invocation, config, options, signal);
  if (options.readOnly === true) throw usageError("scratchAndReadOnly", {}, "connector verify");
  return await verifyScratch(invocation, config, options, options.scratchSchema, signal);
}

async function verifyScratch(
  invocation: Invocation,
  config: ProvinceConfig,
  options: VerifyOptions,
  schema: string,
  signal: AbortSignal,
): Promise<VerifyReport> {
  const { registry, exchangeDb, folder } = config;
  const { engine } = registry;
  const { scratch } = engineOf(engine);
  if (scratch === undefined) throw usageError("noScratch", { engine }, "connector verify");
  const owner = ownerUrl(invocation, options);
  const place = { folder, exchangeUrl: exchangeDb.url.reveal(), schema };
  const harness = await scratch(engineOptions(registry), {
    ...place,
    ...(owner === undefined ? {} : { ownerUrl: owner }),
  });
  try {
    invocation.terminal.note("verify.scratch", { engine, schema, cases: conformanceCases.length });
    const results: CaseResult[] = [];
    for (const each of conformanceCases) {
      if (signal.aborted) break;
      results.push(await runCase(each, harness));
    }
    const report = engineReport(harness.server, results, bothTexts());
    print(invocation, report);
    return { engine, mode: "scratch", parts: { scratch: report } };
  } finally {
    await harness.close();
  }
}

async function verifyTables(
  invocation: Invocation,
  config: ProvinceConfig,
  { rows }: VerifyOptions,
  signal: AbortSignal,
): Promise<VerifyReport> {
  const { engine } = config.registry;
  const connector = openSource(config);
  try {
    invocation.terminal.note("verify.readOnly", { engine, rows });
    const parts: Record<string, EngineReport> = {};
    for (const source of toSourceEntities(config)) {
      if (signal.aborted) break;
      const report = await verifyTable(connector, source, rows, signal);
      parts[source.entity] = report;
      if (!invocation.json) invocation.terminal.say("verify.entity", { entity: source.entity });
      print(invocation, report);
    }
    return { engine, mode: "read-only", parts };
  } finally {
    await connector.close();
  }
}

/** A table that can't be read fails its first case, which says why; the others would say the same again. */
async function verifyTable(
  connector: Connector,
  source: SourceEntity,
  rowsMax: number,
  signal: AbortSignal,
): Promise<EngineReport> {
  const findings = await connector.check([source], signal);
  const server = findings.find(({ subject }) => subject === "server")?.detail["version"];
  const isSound = findings.every(({ ok }) => ok);
  const ranges = isSound ? await connector.planRanges(source, rowsPerRange, signal) : [];
  const world: LiveWorld = { connector, source, ranges, findings, rowsMax };
  const results: CaseResult[] = [];
  for (const each of isSound ? liveCases : liveCases.slice(0, 1)) {
    if (signal.aborted) break;
    results.push(await runLiveCase(each, world));
  }
  return engineReport(`${connector.engine} ${server ?? ""}`.trim(), results, bothTexts());
}

function print({ json, language, terminal }: Invocation, report: EngineReport): void {
  if (json) return;
  const rows = report.cases.map(({ id, status, title }) => [
    terminal.texts(`conformance.status.${status}`),
    id,
    title[language],
  ]);
  const below = report.cases.map(({ failure, reason }) => {
    const why = reason?.[language] ?? failure;
    return why === undefined ? null : `    ${why.replaceAll("\n", "\n    ")}`;
  });
  terminal.table(["result", "case", "proves"], rows, below);
  const { failed, impossible, passed, unsupported } = report;
  terminal.say("verify.sums", { passed, failed, unsupported, impossible });
}

function bothTexts(): BothTexts {
  return { zh: createTexts("zh"), en: createTexts("en") };
}
