import type { MetricOf } from "./metrics.ts";

export type MetricLabels = Readonly<Record<string, string>>;

/** What a process counts of its own work: once a batch or chunk, never once a record. */
export interface Meter {
  count(name: MetricOf<"counter">, labels: MetricLabels, by?: number): void;
  observe(name: MetricOf<"histogram">, labels: MetricLabels, seconds: number): void;
}

/** Counts nothing. */
export const noMeter: Meter = Object.freeze({ count: () => undefined, observe: () => undefined });

/** One value of a gauge, as a database told it. */
export interface Figure {
  readonly name: MetricOf<"gauge">;
  readonly labels: MetricLabels;
  readonly value: number;
}
