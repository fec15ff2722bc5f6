import { DuijieError } from "../../contracts/errors.ts";
import type { Log } from "../../contracts/log.ts";
import type { FigureStatement } from "../../exchange-db/figures.ts";
import type { Store } from "../../exchange-db/store.ts";
import manifest from "../../package.json" with { type: "json" };
import type { Terminal } from "../terminal.ts";
import { countingLog } from "./counting-log.ts";
import { databaseFigures } from "./database-figures.ts";
import { type HttpRoutes, type ListeningServer, serveHttp } from "./http-server.ts";
import { ProcessFigures } from "./process-figures.ts";
import { PromMeter } from "./prom-meter.ts";
import { type ReadyPart, readiness } from "./readiness.ts";

export interface MonitorOptions {
  readonly listen: string;
  readonly role: "province" | "national";
  readonly province: string | null;
  /** Of its own, so that a look never waits for the work, nor the work for it. */
  readonly store: Store;
  readonly statements: readonly FigureStatement[];
  readonly parts: readonly ReadyPart[];
  readonly log: Log;
  readonly terminal: Terminal;
  /** How long an answer of the database or the broker is good for others; two Prometheus servers then cost no more than one. */
  readonly keepMs?: number;
}

export interface Monitor {
  /** Of the listener; null where the address was taken. */
  readonly url: string | null;
  readonly meter: PromMeter;
  readonly log: Log;
  close(): Promise<void>;
}

/** Metrics and health of one process over HTTP. An address that is taken costs the view, never the work. */
export async function openMonitor(options: MonitorOptions): Promise<Monitor> {
  const { role, store, terminal } = options;
  const meter = new PromMeter({ role, version: manifest.version, texts: terminal.texts });
  const own = new ProcessFigures(meter);
  const server = await listen(options, routesOf(options, meter, own));
  return {
    url: server?.url ?? null,
    meter,
    log: countingLog(options.log, meter),
    close: async () => {
      own.close();
      await server?.close();
      await store.close();
    },
  };
}

async function listen(options: MonitorOptions, routes: HttpRoutes): Promise<ListeningServer | null> {
  const { log, terminal } = options;
  try {
    const server = await serveHttp(options.listen, routes);
    terminal.note("metrics.listening", { url: `${server.url}/metrics` });
    log.event("metrics.listening", { port: server.port });
    return server;
  } catch (error) {
    if (error instanceof DuijieError) throw error;
    // Several processes with one configuration: the first has the port, and its SQL figures tell of all of them.
    const code = error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
    terminal.note("metrics.notListening", { listen: options.listen, code });
    log.warn("metrics.not-listening", { code });
    return null;
  }
}

const keepMsDefault = 2000;

function routesOf(options: MonitorOptions, meter: PromMeter, own: ProcessFigures): HttpRoutes {
  const { keepMs = keepMsDefault, parts, province, statements, store } = options;
  const look = databaseFigures(store, statements, province, keepMs);
  const database: ReadyPart = {
    name: "database",
    ask: async () => {
      await store.query("SELECT 1");
      return null;
    },
  };
  const ready = readiness([database, ...parts], keepMs);
  const json = (status: number, value: object) => ({
    status,
    type: "application/json",
    body: `${JSON.stringify(value)}\n`,
  });
  return {
    "/metrics": async () => {
      const [found, state] = await Promise.all([look(), ready()]);
      own.update();
      meter.showFigures(found.figures);
      meter.set("duijie_database_up", {}, found.isUp ? 1 : 0);
      if (found.seconds !== null) meter.set("duijie_figures_seconds", {}, found.seconds);
      for (const [part, code] of Object.entries(state.parts))
        meter.set("duijie_ready", { part }, code === "ok" ? 1 : 0);
      return { status: 200, type: meter.contentType, body: await meter.text() };
    },
    "/health/live": async () => await Promise.resolve(json(200, { live: true })),
    "/health/ready": async () => {
      const { isReady, parts: found } = await ready();
      return json(isReady ? 200 : 503, { ready: isReady, parts: found });
    },
  };
}
