import type { Config, DatabaseConfig, NationalConfig, ProvinceConfig } from "../../config/config.ts";
import type { Log } from "../../contracts/log.ts";
import { type Meter, noMeter } from "../../contracts/meter.ts";
import type { FigureStatement } from "../../exchange-db/figures.ts";
import { provinceFigures } from "../../exchange-db/province-figures.ts";
import { Store } from "../../exchange-db/store.ts";
import { nationalFigures } from "../../national/figures.ts";
import manifest from "../../package.json" with { type: "json" };
import type { Broker } from "../../pipeline/broker/broker.ts";
import type { Party } from "../../pipeline/envelope.ts";
import { type Instruments, noTracer, type Tracer } from "../../pipeline/instruments.ts";
import { topicName } from "../../pipeline/topics.ts";
import type { Closers } from "../closers.ts";
import type { Terminal } from "../terminal.ts";
import { codeOfError, type ReadyPart } from "./readiness.ts";

interface NodeToMonitor {
  readonly config: Config;
  readonly database: { readonly config: DatabaseConfig; readonly name: string };
  readonly province: string | null;
  readonly statements: readonly FigureStatement[];
  readonly parts: readonly ReadyPart[];
  readonly log: Log;
  readonly terminal: Terminal;
  readonly closers: Closers;
}

export interface MonitoredNode {
  readonly log: Log;
  readonly instruments: Instruments;
}

/** Of a province's node, `broker` and `link` as they are at the time of asking. */
export async function monitorProvince(
  { code, config, log }: { readonly config: ProvinceConfig; readonly code: Party; readonly log: Log },
  look: { readonly broker: () => Broker | null; readonly link: () => FailingLink | null },
  terminal: Terminal,
  closers: Closers,
): Promise<MonitoredNode> {
  const topic = topicName(code, "up", "data");
  return await monitorNode({
    config,
    database: { config: config.exchangeDb, name: "exchange-db" },
    province: code,
    statements: provinceFigures,
    parts: [
      { name: "broker", ask: async () => await brokerCode(look.broker(), topic) },
      { name: "link", ask: async () => await Promise.resolve(linkCode(look.link())) },
    ],
    log,
    terminal,
    closers,
  });
}

export async function monitorNation(
  { config, log, provinces }: { config: NationalConfig; provinces: readonly string[]; log: Log },
  look: { readonly broker: () => Broker | null; readonly consumer: () => ReadyPart["ask"] | null },
  terminal: Terminal,
  closers: Closers,
): Promise<MonitoredNode> {
  const topic = topicName(provinces[0] ?? "", "up", "data");
  return await monitorNode({
    config,
    database: { config: config.database, name: "national" },
    province: null,
    statements: nationalFigures,
    parts: [
      { name: "broker", ask: async () => await brokerCode(look.broker(), topic) },
      { name: "consumer", ask: async () => await (look.consumer() ?? notStarted)() },
    ],
    log,
    terminal,
    closers,
  });
}

/** Opens what the configuration asks for. Nothing of it is loaded where it asks for none: commands begin as fast as before. */
async function monitorNode(node: NodeToMonitor): Promise<MonitoredNode> {
  const { log, meter } = await metered(node);
  return { log, instruments: { meter, tracer: await traced(node, log) } };
}

async function metered(node: NodeToMonitor): Promise<{ readonly log: Log; readonly meter: Meter }> {
  const { metrics, role } = node.config;
  if (metrics === undefined) return { log: node.log, meter: noMeter };
  const { openMonitor } = await import("./monitor.ts");
  const monitor = await openMonitor({ ...node, role, listen: metrics.listen, store: storeOf(node) });
  node.closers.add(async () => await monitor.close());
  return monitor;
}

async function traced({ closers, config }: NodeToMonitor, log: Log): Promise<Tracer> {
  const { role, traces } = config;
  if (traces === undefined) return noTracer;
  const { openTracer } = await import("./otel-tracer.ts");
  const opened = openTracer({ otlpUrl: traces.otlpUrl, role, version: manifest.version, log });
  closers.add(async () => await opened.close());
  return opened.tracer;
}

/** One connection for figures, one for the question whether the database answers. */
function storeOf({ database }: NodeToMonitor): Store {
  const { config, name } = database;
  return new Store({ name, url: config.url.reveal(), connectionsMax: 2, statementTimeoutMs: 5000 });
}

interface FailingLink {
  readonly failure: Error | null;
}

const startingCode = "STARTING";

async function notStarted(): Promise<string | null> {
  return await Promise.resolve(startingCode);
}

/** Null while the broker answers and has the topic. */
async function brokerCode(broker: Broker | null, topic: string): Promise<string | null> {
  if (broker === null) return startingCode;
  return (await broker.topics([topic])).has(topic) ? null : "TOPIC_MISSING";
}

function linkCode(link: FailingLink | null): string | null {
  if (link === null) return startingCode;
  return link.failure === null ? null : codeOfError(link.failure);
}

/** Null until a promise that only ever rejects has done so. */
export function untilRejected(failure: Promise<never>): () => Promise<string | null> {
  let code: string | null = null;
  failure.catch((error: unknown) => {
    code = codeOfError(error);
  });
  return async () => await Promise.resolve(code);
}
