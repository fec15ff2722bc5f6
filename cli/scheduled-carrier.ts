import { openOrJoinLoadIn, type Run } from "../exchange-db/runs.ts";
import type { StoreClient } from "../exchange-db/store.ts";
import { openOrTakeLoadIn } from "../exchange-db/vendor-loads.ts";
import type { LoadEnd } from "../pipeline/loader.ts";
import type { ProvinceLink } from "../pipeline/province-link.ts";
import type { LoadCarrier } from "../pipeline/schedule/scheduler.ts";
import { Closers } from "./closers.ts";
import { Province } from "./compose.ts";
import type { Invocation } from "./invocation.ts";
import { type LoadOutcome, openLoader, outcomeOf, requireSound } from "./load-session.ts";
import { purgeVendorLoads } from "./vendor-runs.ts";

interface Open {
  readonly province: Province;
  readonly link: ProvinceLink;
  readonly closers: Closers;
}

/**
 * Works on loads with connections of its own, which last from a load's first window to its end: between windows receipts
 * still come in. After a fault they are made anew, so that no client's broken state outlives it.
 */
export class ScheduledCarrier implements LoadCarrier {
  readonly #invocation: Invocation;
  readonly #base: Province;
  readonly #done: (run: Run, outcome: LoadOutcome) => void;
  #open: Open | null = null;

  constructor(invocation: Invocation, base: Province, done: (run: Run, outcome: LoadOutcome) => void) {
    this.#invocation = invocation;
    this.#base = base;
    this.#done = done;
  }

  async open(client: StoreClient): Promise<Run | null> {
    const { code, config, entities, readsLoads } = this.#base;
    const wanted = { province: code, profile: config.load.profile, scope: config.scope };
    const opened = readsLoads
      ? await openOrTakeLoadIn(client, wanted)
      : await openOrJoinLoadIn(client, { ...wanted, entities }, "any");
    return opened === null ? null : opened.run;
  }

  /** A load by hand may have had another scope, and of vendors' loads each is one of many. */
  isAll({ scope }: Run): boolean {
    const { config, readsLoads } = this.#base;
    const text = (one: Run["scope"]) => JSON.stringify([one.counties ?? null, one.phases ?? null]);
    return !readsLoads && scope.load === undefined && text(scope) === text(config.scope);
  }

  async carry(run: Run, signal: AbortSignal, closing: AbortSignal): Promise<LoadEnd> {
    const { link, province } = await this.#connected(signal);
    const { loader } = await openLoader(province, run, link);
    const end = await loader.run(signal, closing);
    if (end !== "done") return end;
    const outcome = await outcomeOf(province, run, loader, end, signal);
    this.#done(run, outcome);
    requireSound(run, outcome);
    if (province.readsLoads) await purgeVendorLoads(province, await province.store());
    return end;
  }

  async rest(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.closers.close();
  }

  async #connected(signal: AbortSignal): Promise<Open> {
    if (this.#open !== null && this.#open.link.failure !== null) await this.rest();
    if (this.#open !== null) return this.#open;
    const closers = new Closers();
    const province = new Province(this.#base.config, this.#invocation, closers, this.#base.log);
    try {
      this.#open = { province, closers, link: await province.startLink(signal) };
      return this.#open;
    } catch (error) {
      await closers.close();
      throw error;
    }
  }
}
