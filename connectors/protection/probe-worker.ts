import { setTimeout as delay } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { engineOf } from "../engines.ts";
import type { ProbeSetup, ProbeTarget } from "./probe.ts";

/** The thread of `startProbe`: posts milliseconds, or null where a question failed. Ended from outside. */
const { engine, options, place, probeMs }: ProbeSetup = workerData;
const connector = engineOf(engine).open(options, place);
const never = new AbortController().signal;
let target: ProbeTarget | null = null;
parentPort?.on("message", (next: ProbeTarget) => {
  target = next;
});

for (;;) {
  await delay(probeMs);
  if (target !== null) parentPort?.postMessage(await ask(target), []);
}

async function ask({ source, range }: ProbeTarget): Promise<number | null> {
  const began = performance.now();
  try {
    await connector.probe?.(source, range, never);
    return performance.now() - began;
  } catch {
    // What is wrong with the registry the reads say.
    return null;
  }
}
