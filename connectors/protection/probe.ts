import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { KeyRange, SourceEntity } from "../connector.ts";
import type { EnginePlace } from "../engine.ts";

/** What a worker needs to ask a registry on its own: the engine's part of the configuration, secrets revealed. */
export interface ProbeSetup {
  readonly engine: string;
  readonly options: unknown;
  readonly place: EnginePlace;
  readonly probeMs: number;
}

/** Where to ask: what is being read just now. */
export interface ProbeTarget {
  readonly source: SourceEntity;
  readonly range: KeyRange;
}

/** Asks a registry one small question after the other and tells how long each took. */
export interface Probe {
  aim(target: ProbeTarget): void;
  close(): Promise<void>;
}

/**
 * Probes in a thread of their own, on one connection of their own: in ours, a question would wait for our own mapping,
 * and a busy loader would look like a slow registry.
 */
export function startProbe(setup: ProbeSetup, heard: (latencyMs: number) => void, failed: () => void): Probe {
  const worker = openWorker(setup);
  worker.unref();
  worker.on("message", (message: unknown) => {
    if (typeof message === "number") heard(message);
    else failed();
  });
  worker.on("error", failed);
  return {
    aim: (target) => worker.postMessage(target, []),
    close: async () => {
      await worker.terminate();
    },
  };
}

/** From the sources the thread has to be told how to read them: it does not inherit the loader of its starter. */
function openWorker(workerData: ProbeSetup): Worker {
  if (!import.meta.url.endsWith(".ts"))
    return new Worker(new URL("./probe-worker.js", import.meta.url), { workerData });
  const manifest = createRequire(import.meta.url).resolve("tsx/package.json");
  const loader = new URL("./dist/esm/api/index.mjs", pathToFileURL(manifest)).href;
  const file = new URL("./probe-worker.ts", import.meta.url).href;
  const begin = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(file)}); })`;
  return new Worker(begin, { eval: true, workerData });
}
