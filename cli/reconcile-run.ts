import { setTimeout as delay } from "node:timers/promises";
import type { Run } from "../exchange-db/runs.ts";
import {
  askDigests,
  type Reconciliation,
  reconciliationOf,
  reconciliationOfRun,
} from "../pipeline/stages/reconcile.ts";
import type { Province } from "./compose.ts";

const pollMs = 200;

/**
 * Compares both sides after a load. The one process that closed it asks the nation, the others read what comes of that.
 * Waits as long as for a welcome; what is not answered by then stays open, and `load status` shows it later.
 */
export async function reconcileRun(
  province: Province,
  run: Run,
  isAsking: boolean,
  signal: AbortSignal,
): Promise<readonly Reconciliation[]> {
  const store = await province.store();
  const asked = isAsking ? await ask(province, run) : null;
  const deadline = performance.now() + province.config.link.welcomeSeconds * 1000;
  for (;;) {
    const lines =
      asked === null ? await reconciliationOfRun(store, run.runId) : await reconciliationOf(store, asked);
    const isComplete = lines.length >= run.entities.length && lines.every((line) => line.isEqual !== null);
    if (isComplete || signal.aborted || performance.now() >= deadline) return lines;
    await delay(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

async function ask(province: Province, run: Run): Promise<string> {
  const { signing } = await province.keys();
  const options = {
    store: await province.store(),
    broker: await province.broker(),
    province: province.code,
    key: signing,
  };
  return await askDigests(options, run.runId, run.entities);
}
