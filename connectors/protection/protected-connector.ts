import type { Connector, KeyRange, RangeHash, ReadLimits, SourceEntity, SourceRow } from "../connector.ts";
import { ForwardingConnector } from "../forwarding-connector.ts";
import { type Clock, systemClock } from "../read-pace.ts";
import { Governor, type ProtectOptions, type Verdict } from "./governor.ts";
import type { Probe } from "./probe.ts";

export interface Protection {
  readonly options: ProtectOptions;
  /** Starts asking; `heard` gets each latency, `failed` is told where a question had no answer. */
  startProbe(heard: (latencyMs: number) => void, failed: () => void): Probe;
  /** Told of each look at the probes. */
  judged(verdict: Verdict): void;
  /** Told once where the registry can't be asked: it is then read unprotected. */
  unprobed(): void;
  readonly clock?: Clock;
}

/** The longest that reading waits for a baseline, over all: a registry that answers no probe is read all the same. */
const quietMsMax = 10_000;
const quietTickMs = 50;
const missedMax = 3;

/** A connector that reads as fast as the registry's other users allow: a closed loop over `Governor`. */
export class ProtectedConnector extends ForwardingConnector {
  readonly #protection: Protection;
  readonly #governor: Governor;
  readonly #clock: Clock;
  #probe: Probe | null = null;
  #missed = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(connector: Connector, protection: Protection) {
    super(connector);
    this.#protection = protection;
    this.#governor = new Governor(protection.options);
    this.#clock = protection.clock ?? systemClock;
  }

  /** Of full speed; 1 is unhindered. */
  get share(): number {
    return this.#governor.share;
  }

  override async *readRange(
    source: SourceEntity,
    range: KeyRange,
    limits: ReadLimits,
    signal: AbortSignal,
  ): AsyncGenerator<readonly SourceRow[]> {
    await this.#begin(source, range, signal);
    let began = this.#clock.now();
    for await (const page of this.#inTurn(this.inner.readRange(source, range, limits, signal))) {
      yield page;
      await this.#rest(this.#clock.now() - began, signal);
      began = this.#clock.now();
    }
  }

  override async hashRange(source: SourceEntity, range: KeyRange, signal: AbortSignal): Promise<RangeHash> {
    await this.#begin(source, range, signal);
    const began = this.#clock.now();
    const hash = await this.inner.hashRange(source, range, signal);
    await this.#rest(this.#clock.now() - began, signal);
    return hash;
  }

  override async close(): Promise<void> {
    await this.#probe?.close();
    await super.close();
  }

  /** Aims the probe at what is read now. A range without keys has no row that a clerk would ask for. */
  async #begin(source: SourceEntity, range: KeyRange, signal: AbortSignal): Promise<void> {
    if (range.nullKeys || this.inner.probe === undefined) return;
    this.#probe ??= this.#protection.startProbe(
      (latencyMs) => this.#hear(latencyMs),
      () => this.#miss(),
    );
    this.#probe.aim({ source, range });
    await this.#whileQuiet(signal);
  }

  /** One question without an answer is an accident; several in a row are a registry that can't be asked so. */
  #miss(): void {
    this.#missed += 1;
    if (this.#missed < missedMax) return;
    this.#governor.giveUpQuiet();
    if (this.#missed === missedMax) this.#protection.unprobed();
  }

  /** While reading is slowed down one reader at a time asks for its page: the registry is never burdened by all at once. */
  async *#inTurn<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = pages[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next =
          this.share < 1 ? await this.#alone(async () => await iterator.next()) : await iterator.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const own = before.then(work);
    this.#turn = own.then(
      () => undefined,
      () => undefined,
    );
    return await own;
  }

  #hear(latencyMs: number): void {
    this.#missed = 0;
    const verdict = this.#governor.hear(latencyMs);
    if (verdict !== null) this.#protection.judged(verdict);
  }

  async #rest(busyMs: number, signal: AbortSignal): Promise<void> {
    const restMs = this.#governor.restMs(busyMs);
    if (restMs >= 1) await this.#clock.sleep(restMs, signal);
    if (this.#probe !== null) await this.#whileQuiet(signal);
  }

  async #whileQuiet(signal: AbortSignal): Promise<void> {
    const until = this.#clock.now() + quietMsMax;
    while (this.#governor.isQuiet) {
      if (this.#clock.now() >= until) this.#governor.giveUpQuiet();
      else await this.#clock.sleep(quietTickMs, signal);
    }
  }
}
