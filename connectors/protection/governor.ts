/** What the registry has to bear, as the configuration says it. */
export interface ProtectOptions {
  readonly enabled: boolean;
  /** A probe that takes so many times its quiet baseline is too slow. */
  readonly slowAbove: number;
  /** The share of its full speed that reading never falls below. */
  readonly slowestShare: number;
  readonly probeMs: number;
}

/** What a look at the probes came to. */
export interface Verdict {
  readonly kind: "slowed" | "recovering" | "recovered" | "steady";
  readonly share: number;
  readonly latencyMs: number;
  readonly baselineMs: number;
}

/** Probes by which a quiet registry is known, and by which each judgement is made. */
const quietProbes = 40;
const judgedProbes = 20;
/** The tail of the latency, as clerks feel it, without the worst of a look. */
const quantile = 0.9;
const recoveryStep = 0.02;
/** Nobody knows yet what the registry bears. */
const firstShare = 0.2;
/** Judgements after which the baseline is taken anew: a registry is not the same all day. */
const baselineJudgements = 250;

/**
 * Decides how fast a registry may be read, from the latency of small questions that stand for a clerk's: halved when it
 * rises above its quiet baseline, raised by a small step when it does not (additive increase, multiplicative decrease).
 * Knows no clock: whoever asks measures.
 */
export class Governor {
  readonly #options: ProtectOptions;
  #probes: number[] = [];
  #baselineMs: number | null = null;
  #isQuietGivenUp = false;
  #judgements = 0;
  #share = firstShare;

  constructor(options: ProtectOptions) {
    this.#options = options;
  }

  /** Reading rests while the baseline is taken. */
  get isQuiet(): boolean {
    return this.#baselineMs === null && !this.#isQuietGivenUp;
  }

  /** Of full speed, at most 1. */
  get share(): number {
    return this.#share;
  }

  /** What a reader that was busy for so long owes before it goes on. */
  restMs(busyMs: number): number {
    return busyMs * (1 / this.#share - 1);
  }

  /** Takes one probe; a verdict where it completed a look. */
  hear(latencyMs: number): Verdict | null {
    this.#probes.push(latencyMs);
    const wanted = this.#baselineMs === null ? quietProbes : judgedProbes;
    if (this.#probes.length < wanted) return null;
    const heard = quantileOf(this.#probes, quantile);
    this.#probes = [];
    if (this.#baselineMs === null) {
      this.#baselineMs = heard;
      this.#isQuietGivenUp = false;
      return null;
    }
    return this.#judge(heard, this.#baselineMs);
  }

  /** Where no probe comes through the reads themselves tell what is wrong; they wait no longer for a baseline. */
  giveUpQuiet(): void {
    this.#isQuietGivenUp = true;
    if (this.#baselineMs === null) this.#share = 1;
  }

  #judge(latencyMs: number, baselineMs: number): Verdict {
    const before = this.#share;
    const isSlow = latencyMs > baselineMs * this.#options.slowAbove;
    this.#share = isSlow
      ? Math.max(this.#options.slowestShare, before / 2)
      : Math.min(1, before + recoveryStep);
    this.#judgements += 1;
    if (this.#judgements % baselineJudgements === 0) this.#baselineMs = null;
    const kind = kindOf(before, this.#share, isSlow);
    return { kind, share: this.#share, latencyMs, baselineMs };
  }
}

function kindOf(before: number, after: number, isSlow: boolean): Verdict["kind"] {
  if (isSlow) return after < before ? "slowed" : "steady";
  if (before === 1) return "steady";
  return after === 1 ? "recovered" : "recovering";
}

function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
