import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "../config/describe-error.ts";
import { errorKinds } from "../contracts/errors.ts";
import { createTexts, type Texts } from "../contracts/texts.ts";
import { addsUp } from "../embedded/demo/demo-result.ts";
import { type BenchOptions, benchLanguage, benchOptions } from "./options.ts";
import { runBench } from "./run.ts";
import { benchFolder, startBenchServers } from "./servers.ts";
import { statementSettings } from "./statements.ts";
import { summaryLines } from "./summary.ts";

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

process.exitCode = await main(process.argv.slice(2));

/** 0: measured, and all rows are where they must be; 1: they are not, or a failure; 2: usage or set-up; 130: interrupted. */
async function main(args: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  let texts = createTexts(benchLanguage(undefined, process.env));
  const onSignal = (): void => interrupt.abort();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  try {
    const options = benchOptions(args, process.env);
    texts = createTexts(options.language);
    return await run(options, texts, interrupt.signal);
  } catch (error) {
    return interrupt.signal.aborted ? 130 : report(error, texts);
  }
}

async function run(options: BenchOptions, texts: Texts, signal: AbortSignal): Promise<number> {
  const { json, keep, seed, students } = options;
  say(texts("bench.title", { students, seed }));
  say(texts("bench.step.servers"));
  const servers = await startBenchServers({
    keep,
    settings: options.statements ? statementSettings : {},
    log: (line) => say(`  ${line}`),
  });
  try {
    const figures = await runBench({ options, servers, texts, say, signal });
    for (const line of summaryLines(texts, figures)) print(line);
    if (json !== null) {
      writeFileSync(json, `${JSON.stringify(figures, null, 2)}\n`);
      print(texts("bench.json", { file: json }));
    }
    if (keep) print(texts("bench.kept", { folder: join(benchFolder, "secrets") }));
    return figures.differences === 0 && addsUp(figures.ledger) ? 0 : 1;
  } finally {
    if (!keep || signal.aborted) await servers.stop();
  }
}

function report(error: unknown, texts: Texts): number {
  const { code, details, remedy, what } = describeError(error, texts);
  for (const line of [`${code}: ${what}`, ...details, remedy]) say(line);
  if (process.env["DUIJIE_DEBUG"] !== undefined && error instanceof Error) say(error.stack ?? "");
  return errorKinds[code].exitCode;
}
