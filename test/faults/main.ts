/**
 * `npm run test:faults -- --seeds 8 --faults 10`: the long fault run. Each seed is a schedule of faults over a load by two
 * loaders and two national nodes; after it one checker judges. Exit codes: 0 all green, 1 something is red or a fault did
 * not land, 2 usage or set-up, 130 interrupted.
 */
import { writeFileSync } from "node:fs";
import { DuijieError } from "../../contracts/errors.ts";
import { createTexts } from "../../contracts/texts.ts";
import { closingLine, type StageResult } from "../../scripts/test-result.ts";
import { type FaultOptions, faultOptions } from "./fault-options.ts";
import { runSeed, type SeedResult } from "./fault-run.ts";
import { FaultServers } from "./fault-servers.ts";
import { schedule, scheduleDigest } from "./schedule.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: FaultOptions;
  try {
    options = faultOptions(args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error(
      "npm run test:faults -- [--seeds 8] [--faults 10] [--seed 1] [--students 2000] [--json file] [--plan]",
    );
    return 2;
  }
  if (options.isPlan) return plan(options);
  try {
    return await run(options);
  } catch (error) {
    if (!(error instanceof DuijieError)) throw error;
    const texts = createTexts("en");
    console.error(`${error.code}: ${texts(`errors.${error.code}.what`, error.params)}`);
    console.error(texts(`errors.${error.code}.remedy`, error.params));
    return 2;
  }
}

function plan({ faults, seed, seeds }: FaultOptions): number {
  for (let at = 0; at < seeds; at++) {
    const specs = schedule(seed + at, faults);
    console.log(`seed ${seed + at}: schedule ${scheduleDigest(specs)}`);
    for (const spec of specs) console.log(`  ${JSON.stringify(spec)}`);
  }
  return 0;
}

async function run(options: FaultOptions): Promise<number> {
  const say = (line: string) => console.log(line);
  const interrupted = new AbortController();
  const onSignal = () => interrupted.abort();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  const servers = await FaultServers.start("run", say);
  const results: SeedResult[] = [];
  try {
    for (let at = 0; at < options.seeds && !interrupted.signal.aborted; at++) {
      const seed = options.seed + at;
      const { faults, students } = options;
      const one = runSeed({ servers, name: `faults-${seed}`, seed, faults, students, say });
      const result = await Promise.race([one, aborted(interrupted.signal)]);
      if (result === null) break;
      results.push(result);
    }
  } finally {
    await servers.stop();
  }
  if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  const total = sumOf(results);
  for (const title of total.failed) say(`failed: ${title}`);
  for (const { reason, title } of total.skipped) say(`skipped: ${title}: ${reason}`);
  say(closingLine(total));
  if (interrupted.signal.aborted) process.exit(130);
  return total.failed.length === 0 && total.passed > 0 ? 0 : 1;
}

/** Each fault that landed and each judgement is one. */
function sumOf(results: readonly SeedResult[]): StageResult {
  const faults = results.flatMap(({ faults, seed }) => faults.map((fault) => ({ seed, ...fault })));
  const judgements = results.flatMap(({ seed, verdict }) => verdict.map((one) => ({ seed, ...one })));
  const title = ({ seed, spec }: (typeof faults)[number]) =>
    `seed ${seed}, fault ${spec.number}, ${spec.kind} ${spec.target}`;
  return {
    passed:
      faults.filter(({ end }) => end === "landed").length +
      judgements.filter(({ findings }) => findings.length === 0).length,
    failed: [
      ...faults.filter(({ end }) => end === "failed").map(title),
      ...judgements
        .filter(({ findings }) => findings.length > 0)
        .map(({ findings, name, seed }) => `seed ${seed}, ${name}: ${findings[0] ?? ""}`),
    ],
    skipped: faults
      .filter(({ end }) => end === "skipped")
      .map((fault) => ({ title: title(fault), reason: fault.what })),
  };
}

async function aborted(signal: AbortSignal): Promise<null> {
  if (signal.aborted) return null;
  return await new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(null), { once: true }),
  );
}
