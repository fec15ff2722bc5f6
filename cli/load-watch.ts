import type { LoadConfig } from "../config/config.ts";
import type { Connector } from "../connectors/connector.ts";
import type { EntityName } from "../contracts/entity.ts";
import { type EntityLoadProgress, loadProgress } from "../exchange-db/load-progress.ts";
import type { Run } from "../exchange-db/runs.ts";
import type { Store } from "../exchange-db/store.ts";
import type { EntityPlan } from "../pipeline/entity-plan.ts";
import { ProgressBars } from "./progress-bars.ts";
import type { Terminal } from "./terminal.ts";

export interface LoadWatchOptions {
  readonly terminal: Terminal;
  readonly store: Store;
  readonly run: Run;
  readonly plans: ReadonlyMap<EntityName, EntityPlan>;
  readonly connector: Connector & { readonly waitedMs: number; readonly share: number };
  readonly load: LoadConfig;
  readonly isJson: boolean;
}

/** What the load waits for most. */
export type SlowSide = "source" | "protection" | "exchange-db" | "nation" | "none";

export interface EntityFigures extends EntityLoadProgress {
  /** Rows in scope; null until they are counted. */
  readonly total: number | null;
  readonly rowsPerSecond: number;
  readonly secondsLeft: number | null;
}

const barMs = 500;

/** Shows how a load goes on while it runs: bars on a terminal, else one line of JSON every few seconds. */
export class LoadWatch {
  readonly #options: LoadWatchOptions;
  readonly #totals = new Map<EntityName, number>();
  readonly #rates = new Map<EntityName, RowRate>();
  readonly #bars: ProgressBars | null;
  #ticking: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #waitedMs = 0;
  #lookedAt = performance.now();

  constructor(options: LoadWatchOptions) {
    this.#options = options;
    this.#bars = options.terminal.isTty && !options.isJson ? new ProgressBars(options.terminal) : null;
  }

  start(signal: AbortSignal): void {
    const everyMs = this.#bars === null ? this.#options.load.progressSeconds * 1000 : barMs;
    this.#timer = setInterval(() => {
      this.#ticking = this.#ticking.then(async () => await this.#tick());
    }, everyMs);
    void this.#count(signal);
  }

  async stop(): Promise<void> {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    await this.#ticking;
    if (this.#bars !== null) await this.#tick();
    this.#bars?.stop();
  }

  /** One entity after the other, beside the load; what can't be counted has no total, and nothing else depends on it. */
  async #count(signal: AbortSignal): Promise<void> {
    const { connector, plans, run } = this.#options;
    for (const entity of run.entities) {
      const plan = plans.get(entity);
      if (plan === undefined || this.#timer === null) return;
      const total = await connector.count(plan.source, signal).catch(() => null);
      if (total !== null) this.#totals.set(entity, total);
    }
  }

  /** A look that fails is left out: the load itself reports what is wrong with the database. */
  async #tick(): Promise<void> {
    const { run, store, terminal } = this.#options;
    const progress = await loadProgress(store, run.runId).catch(() => null);
    if (progress === null) return;
    const now = performance.now();
    const figures = progress.map((one) => this.#figures(one, now));
    const slowSide = this.#slowSide(progress, now);
    if (this.#bars !== null) this.#bars.show(figures, slowSide);
    else
      terminal.jsonNote({
        progress: {
          runId: run.runId,
          slowSide,
          sourceShare: this.#options.connector.share,
          entities: figures,
        },
      });
  }

  #figures(one: EntityLoadProgress, now: number): EntityFigures {
    const rate = this.#rates.get(one.entity) ?? new RowRate();
    this.#rates.set(one.entity, rate);
    const isRead = one.chunks > 0 && one.chunksLanded === one.chunks;
    const rowsPerSecond = isRead ? rate.last : rate.at(one.rows, now);
    const total = this.#totals.get(one.entity) ?? null;
    const left = total === null ? null : Math.max(0, total - one.rows);
    const secondsLeft = left === null || rowsPerSecond === 0 ? null : Math.ceil(left / rowsPerSecond);
    return { ...one, total, rowsPerSecond, secondsLeft: left === 0 ? 0 : secondsLeft };
  }

  #slowSide(progress: readonly EntityLoadProgress[], now: number): SlowSide {
    const { connector, load } = this.#options;
    const elapsed = Math.max(1, (now - this.#lookedAt) * load.workers);
    const waitedShare = (connector.waitedMs - this.#waitedMs) / elapsed;
    this.#waitedMs = connector.waitedMs;
    this.#lookedAt = now;
    const { share } = connector;
    return slowSideOf(progress, { waitedShare, inFlightMax: load.batchesInFlightMax, share });
  }
}

export interface SlowSigns {
  readonly inFlightMax: number;
  /** Of our readers' time. */
  readonly waitedShare: number;
  /** Of full speed, as the registry's protection allows it. */
  readonly share: number;
}

/**
 * The nation, when sent batches pile up or nothing but them is left; the registry, when our readers spent most of their
 * time waiting for its pages, or its protection, when that made them wait; else our own side: mapping, signing and the exchange-db.
 */
export function slowSideOf(
  progress: readonly EntityLoadProgress[],
  { inFlightMax, share, waitedShare }: SlowSigns,
): SlowSide {
  const unsettled = progress.reduce((sum, one) => sum + one.batchesSealed + one.batchesPublished, 0);
  const isReading = progress.some((one) => one.chunksLanded < one.chunks);
  if (!isReading) return unsettled > 0 ? "nation" : "none";
  if (unsettled * 2 >= inFlightMax) return "nation";
  if (waitedShare < 0.5) return "exchange-db";
  return share < 1 ? "protection" : "source";
}

const windowMs = 20_000;

/** Rows a second over the last few seconds, so that a pause shows. */
export class RowRate {
  readonly #looks: { readonly at: number; readonly rows: number }[] = [];
  #last = 0;

  /** As it was at the last look: what is done keeps its speed. */
  get last(): number {
    return this.#last;
  }

  at(rows: number, now: number): number {
    this.#looks.push({ at: now, rows });
    // The last look before the window stays as its beginning.
    while (this.#looks.length > 2 && (this.#looks[1]?.at ?? now) <= now - windowMs) this.#looks.shift();
    const first = this.#looks[0];
    this.#last =
      first === undefined || now === first.at
        ? 0
        : Math.round(((rows - first.rows) * 1000) / (now - first.at));
    return this.#last;
  }
}
