/**
 * `npm run bench:source [-- --seconds 20 --rounds 3 --json file]`: what reading costs a registry's clerks. Clerks work
 * on a PostgreSQL while nobody reads, while it is read with the default limits, and while it is read unprotected; the
 * rounds alternate, so that a machine that changes meanwhile changes all three.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { alignedLines } from "../cli/table-text.ts";
import type { SourceEntity } from "../connectors/connector.ts";
import { engineOf } from "../connectors/engines.ts";
import { startProbe } from "../connectors/protection/probe.ts";
import { ProtectedConnector } from "../connectors/protection/protected-connector.ts";
import { packageRoot } from "../contracts/package-root.ts";
import { removeDatabase } from "../embedded/database-place.ts";
import { startPostgres } from "../embedded/postgres-server.ts";
import { clerks, createRegistry, pupils } from "./source-world.ts";

/** The defaults of config/registry.schema.json. */
const protect = { enabled: true, slowAbove: 1.2, slowestShare: 0.02, probeMs: 50 };
const concurrentReads = 2;
const pageRows = 2000;

const kinds = ["nobody reads", "default limits", "unprotected"] as const;
type Kind = (typeof kinds)[number];

interface Phase {
  readonly latencies: readonly number[];
  readonly rows: number;
  readonly share: number;
}

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" },
    rounds: { type: "string", default: "3" },
    json: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupt.abort());
process.exitCode = await main();

async function main(): Promise<number> {
  const dataFolder = join(packageRoot, ".duijie", "bench-source", "postgres");
  await removeDatabase(dataFolder);
  const server = await startPostgres({ dataFolder });
  try {
    const url = await server.createDatabase("registry");
    await createRegistry(url);
    const figures = await measure(url);
    for (const line of alignedLines(figures.table)) console.log(line);
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures.result, null, 2)}\n`);
    return interrupt.signal.aborted ? 130 : 0;
  } finally {
    await server.stop("immediate");
    await removeDatabase(dataFolder);
  }
}

async function measure(url: string) {
  const office = fork(join(packageRoot, "bench", "source-clerks.ts"), [url], { execArgv: ["--import=tsx"] });
  const phases = new Map<Kind, Phase[]>(kinds.map((kind) => [kind, []]));
  await delay(5000);
  for (let round = 0; round < Number(values.rounds); round++)
    for (const kind of kinds)
      if (!interrupt.signal.aborted) phases.get(kind)?.push(await phase(kind, url, office));
  const ended = once(office, "exit");
  office.send("end");
  await ended;
  return report(phases);
}

async function phase(kind: Kind, url: string, office: ChildProcess): Promise<Phase> {
  const stop = new AbortController();
  const reading = kind === "nobody reads" ? null : startReading(kind, url, stop.signal);
  // What is measured is reading, not its beginning.
  await delay(reading === null ? 1000 : 12_000);
  const before = reading?.rows() ?? 0;
  office.send("begin");
  await delay(seconds * 1000);
  const share = reading?.share() ?? 1;
  const rows = (reading?.rows() ?? 0) - before;
  const told = once(office, "message");
  office.send("tell");
  const [latencies]: unknown[] = await told;
  stop.abort();
  await reading?.end();
  if (!Array.isArray(latencies)) throw new TypeError("the clerks told nothing");
  return { latencies: latencies.map(Number), rows, share };
}

/** Reads the whole table again and again with as many readers as a load has. */
function startReading(kind: Kind, url: string, signal: AbortSignal) {
  const options = { url, tls: false, concurrentReads };
  const place = { folder: packageRoot, exchangeUrl: "" };
  const engine = engineOf("postgres");
  const connector = engine.open(options, place);
  const guarded = new ProtectedConnector(connector, {
    options: protect,
    startProbe: (heard, failed) =>
      startProbe(
        { engine: "postgres", options: { ...options, concurrentReads: 1 }, place, probeMs: protect.probeMs },
        heard,
        failed,
      ),
    judged: () => undefined,
    unprobed: () => console.error("the probe has no answer"),
  });
  const reader = kind === "unprotected" ? connector : guarded;
  const columns = ["id", "name", "note", "changed"].map((column) => ({ field: column, column }));
  const source: SourceEntity = { entity: "student", from: { relation: "xj.pupil" }, key: ["id"], columns };
  let rows = 0;
  const work = async () => {
    const ranges = await reader.planRanges(source, 20_000, signal);
    for (let at = 0; !signal.aborted; at++) {
      const range = ranges[at % (ranges.length - 1)];
      if (range === undefined) return;
      for await (const page of reader.readRange(source, range, { pageRows }, signal)) rows += page.length;
    }
  };
  const ended = Promise.all(
    Array.from({ length: concurrentReads }, async () => await work().catch(ignoreAbort)),
  );
  return {
    rows: () => rows,
    share: () => (kind === "unprotected" ? 1 : guarded.share),
    end: async () => {
      await ended;
      await guarded.close();
    },
  };

  function ignoreAbort(error: unknown): void {
    if (!signal.aborted) throw error;
  }
}

function report(phases: ReadonlyMap<Kind, readonly Phase[]>) {
  const result = [...phases].map(([kind, all]) => {
    const sorted = all.flatMap(({ latencies }) => latencies).toSorted((one, other) => one - other);
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
    const rowsPerSecond = Math.round(all.reduce((sum, { rows }) => sum + rows, 0) / (all.length * seconds));
    const shares = all.map(({ share }) => share);
    return {
      kind,
      acts: sorted.length,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
      rowsPerSecond,
      shares,
    };
  });
  const quiet = result[0]?.p95Ms ?? 0;
  const head = [
    `${clerks} clerks, ${pupils} pupils`,
    "acts",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "added p95",
    "rows/s read",
    "share",
  ];
  const rows = result.map((one) => [
    one.kind,
    String(one.acts),
    one.p50Ms.toFixed(2),
    one.p95Ms.toFixed(2),
    one.p99Ms.toFixed(2),
    `${(((one.p95Ms - quiet) / quiet) * 100).toFixed(0)} %`,
    String(one.rowsPerSecond),
    one.shares.map((share) => share.toFixed(2)).join(" "),
  ]);
  return { result, table: [head, ...rows] };
}
