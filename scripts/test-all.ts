/**
 * `npm test`: every stage in order, also after a failure; then what failed, what was skipped and why; as the very last
 * line the sum. `npm test -- unit lint` runs the named stages only.
 * Exit codes: 0 passed, 1 something failed or nothing ran, 2 usage or set-up, 130 interrupted.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuijieError } from "../contracts/errors.ts";
import { packageRoot } from "../contracts/package-root.ts";
import { createTexts } from "../contracts/texts.ts";
import { isAlive, parseIdentity } from "../embedded/process-identity.ts";
import { ownIdentity } from "../embedded/state.ts";
import { runStage } from "./stage-process.ts";
import { TestOutput } from "./test-output.ts";
import { closingLine, mochaResult, type StageResult, stepResult, sum } from "./test-result.ts";
import { TestServers } from "./test-servers.ts";
import { type Stage, stages } from "./test-stages.ts";

const workFolder = join(packageRoot, ".duijie", "test");
const resultFile = join(workFolder, "result.json");
/** Beside the output, not in it: a test looks for these texts there. */
const canaryFolder = join(workFolder, "canaries");
const runFile = join(workFolder, "run.json");

process.exitCode = await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<number> {
  const known = stages.map((stage) => stage.name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`no stage ${unknown.join(", ")}; stages: ${known.join(", ")}`);
    return 2;
  }
  const other = otherRun();
  if (other !== undefined) {
    console.error(`another test run of this folder is under way (process ${other})`);
    return 2;
  }
  const chosen = stages.filter((stage) => names.length === 0 || names.includes(stage.name));
  mkdirSync(workFolder, { recursive: true });
  rmSync(canaryFolder, { recursive: true, force: true });
  writeFileSync(runFile, JSON.stringify(ownIdentity()));
  try {
    return await runAll(chosen);
  } finally {
    rmSync(runFile, { force: true });
  }
}

/** The pid of a living test run of this clone: two would use one folder of servers and one of output. */
function otherRun(): number | undefined {
  try {
    const identity = parseIdentity(JSON.parse(readFileSync(runFile, "utf8")));
    return identity !== undefined && isAlive(identity) ? identity.pid : undefined;
  } catch {
    return undefined;
  }
}

async function runAll(chosen: readonly Stage[]): Promise<number> {
  const output = new TestOutput(join(packageRoot, ".duijie", "test-output"));
  const servers = new TestServers(workFolder);
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  const results: StageResult[] = [];
  let setUpFailed = false;
  try {
    for (const stage of chosen) {
      if (interrupt.signal.aborted) break;
      if (stage.needsServers && !servers.areUp) {
        const failure = await startServers(servers, output);
        results.push(stepResult("servers", failure === undefined ? 0 : 1));
        setUpFailed = failure !== undefined;
        if (setUpFailed) break;
      }
      for (const file of servers.logFiles()) output.keep(file);
      results.push(await run(stage, output, servers, interrupt.signal));
    }
  } finally {
    for (const file of servers.logFiles()) output.keep(file);
    await servers.stop();
  }
  if (interrupt.signal.aborted) results.push(stepResult("interrupted", 130));
  const total = sum(results);
  report(total, output);
  if (interrupt.signal.aborted) return 130;
  if (setUpFailed) return 2;
  return total.failed.length === 0 && total.passed > 0 ? 0 : 1;
}

async function startServers(servers: TestServers, output: TestOutput): Promise<unknown> {
  output.line("\n── servers");
  try {
    await servers.start((line) => output.line(line));
    return undefined;
  } catch (error) {
    if (!(error instanceof DuijieError)) throw error;
    const texts = createTexts(/^zh/i.test(process.env["LC_ALL"] ?? process.env["LANG"] ?? "") ? "zh" : "en");
    output.line(`${error.code}: ${texts(`errors.${error.code}.what`, error.params)}`);
    output.line(texts(`errors.${error.code}.remedy`, error.params));
    return error;
  }
}

async function run(
  stage: Stage,
  output: TestOutput,
  servers: TestServers,
  signal: AbortSignal,
): Promise<StageResult> {
  const started = performance.now();
  output.line(`\n── ${stage.name}`);
  rmSync(resultFile, { force: true });
  const exitCode = await runStage({
    args: stage.args,
    cwd: packageRoot,
    env: {
      ...process.env,
      ...servers.environment(),
      DUIJIE_TEST_RESULT: resultFile,
      DUIJIE_TEST_OUTPUT: output.folder,
      DUIJIE_TEST_CANARIES: canaryFolder,
    },
    timeLimitMs: stage.timeLimitMinutes * 60_000,
    signal,
    onOutput: (bytes) => output.write(stage.name, bytes),
  });
  const result =
    stage.kind === "step" ? stepResult(stage.name, exitCode) : mochaResult(stage.name, exitCode, resultFile);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  output.line(`   ${result.failed.length === 0 ? "passed" : "FAILED"} in ${seconds} s`);
  return result;
}

function report(total: StageResult, output: TestOutput): void {
  output.line("");
  for (const title of total.failed) output.line(`failed: ${title}`);
  for (const { title, reason } of total.skipped) output.line(`skipped: ${title}: ${reason}`);
  output.line(closingLine(total));
}
