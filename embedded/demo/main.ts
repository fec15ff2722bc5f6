import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describeError } from "../../config/describe-error.ts";
import { errorKinds } from "../../contracts/errors.ts";
import { createTexts, type Texts } from "../../contracts/texts.ts";
import { kafkaObstacle } from "../kafka-here.ts";
import { checkedEntities } from "./checker-rows.ts";
import { type DemoOptions, demoLanguage, demoOptions } from "./demo-options.ts";
import { addsUp } from "./demo-result.ts";
import { type DemoRun, LoadFailed, runDemo } from "./demo-run.ts";
import { type DemoServers, demoFolder, endNationalNode, startDemoServers, stopDemo } from "./demo-servers.ts";
import { type DemoSource, demoSources } from "./demo-sources.ts";
import { summaryLines } from "./demo-summary.ts";
import { xuejiShape } from "./xueji-rows.ts";

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

process.exitCode = await main(process.argv.slice(2));

/** 0: all as it must be; 1: a difference or a failure; 2: usage or set-up; 130: interrupted. */
async function main(args: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  let texts = createTexts(demoLanguage(undefined, process.env));
  const onSignal = (): void => {
    if (!interrupt.signal.aborted) say(texts("demo.stopping"));
    interrupt.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  try {
    const options = demoOptions(args, process.env);
    texts = createTexts(options.language);
    if (options.command === "run") return await run(options, texts, interrupt.signal);
    say(texts((await stopDemo()) ? "demo.stopped" : "demo.nothing"));
    return 0;
  } catch (error) {
    return interrupt.signal.aborted ? 130 : report(error, texts);
  }
}

async function run(options: DemoOptions, texts: Texts, signal: AbortSignal): Promise<number> {
  const began = performance.now();
  say(texts("demo.title", { students: options.students, seed: options.seed, source: options.source }));
  const broker = brokerOf(options, texts);
  say(texts(`demo.step.servers.${broker}`));
  const source: DemoSource = demoSources[options.source];
  const servers = await startDemoServers({
    keep: options.keep,
    broker,
    ...(source.server === undefined ? {} : { registry: source.server }),
    log: (line) => say(`  ${line}`),
  });
  let isKept = false;
  try {
    const demo = await runDemo({ options, shape: xuejiShape, urls: servers.urls, texts, say, signal });
    signal.throwIfAborted();
    isKept = options.keep;
    return finish(options, texts, demo, broker, isKept ? servers : null, (performance.now() - began) / 1000);
  } finally {
    if (!isKept) {
      await endNationalNode();
      await servers.stop();
    }
  }
}

/** What carries the messages; says so where it is not Kafka. */
function brokerOf(options: DemoOptions, texts: Texts): "kafka" | "postgres" {
  if (options.broker === "kafka") return "kafka";
  if (options.broker === "postgres") {
    say(texts("demo.broker.chosen"));
    return "postgres";
  }
  const obstacle = kafkaObstacle(process.env);
  if (obstacle === null) return "kafka";
  say(texts("demo.broker.instead", { reason: texts(`errors.${obstacle.code}.what`, obstacle.params) }));
  return "postgres";
}

function finish(
  options: DemoOptions,
  texts: Texts,
  demo: DemoRun,
  broker: "kafka" | "postgres",
  kept: DemoServers | null,
  total: number,
): number {
  const exit = demo.check.differences === 0 && addsUp(demo.results) ? 0 : 1;
  const urlsFile = options.json ?? join(demoFolder, "out.json");
  writeFileSync(urlsFile, `${JSON.stringify(outcome(options, demo, broker, kept, total, exit), null, 2)}\n`, {
    mode: 0o600,
  });
  const files = {
    truth: shown(demo.truthFile),
    config: shown(demo.nodes.provinceConfig),
    urls: kept === null ? null : shown(urlsFile),
  };
  for (const line of summaryLines(texts, demo.results, demo.check, { load: demo.seconds.load, total }, files))
    print(line);
  if (options.json !== null) print(texts("demo.json", { file: options.json }));
  return exit;
}

function outcome(
  options: DemoOptions,
  demo: DemoRun,
  broker: "kafka" | "postgres",
  kept: DemoServers | null,
  total: number,
  exit: number,
): object {
  const { check, results } = demo;
  const sum = (name: "rows" | "fields") =>
    checkedEntities.reduce((all, entity) => all + check.entities[entity][name], 0);
  return {
    students: options.students,
    seed: options.seed,
    loaders: options.loaders,
    source: options.source,
    broker,
    ...results,
    check: { rows: sum("rows"), fields: sum("fields"), differences: check.differences },
    findings: check.differences === 0 ? undefined : check,
    seconds: { ...demo.seconds, total },
    loadExit: demo.loadExit,
    exit,
    folder: demoFolder,
    ...(kept === null ? {} : { urls: kept.urls }),
  };
}

function shown(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith("..") ? file : path;
}

function report(error: unknown, texts: Texts): number {
  if (error instanceof LoadFailed) {
    say(error.message);
    return 1;
  }
  const { code, details, remedy, what } = describeError(error, texts);
  for (const line of [`${code}: ${what}`, ...details, remedy]) say(line);
  return errorKinds[code].exitCode;
}
