import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Figure, Meter, MetricLabels } from "../../contracts/meter.ts";
import {
  type MetricName,
  type MetricOf,
  metricNames,
  metrics,
  secondsBuckets,
} from "../../contracts/metrics.ts";
import type { Texts } from "../../contracts/texts.ts";

export interface PromMeterOptions {
  readonly role: "province" | "national";
  readonly version: string;
  readonly texts: Texts;
}

/** The metrics of one process in Prometheus' text form: those of the catalogue that its role has, and no other. */
export class PromMeter implements Meter {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #sqlGauges: readonly { readonly gauge: Gauge; readonly hasLabels: boolean }[];

  constructor({ role, texts, version }: PromMeterOptions) {
    const ours = metricNames.filter((name) => metrics[name].role === "both" || metrics[name].role === role);
    for (const name of ours) this.#create(name, texts);
    this.#sqlGauges = ours.flatMap((name) => {
      const gauge = this.#gauges.get(name);
      const { from, labels } = metrics[name];
      return from === "sql" && gauge !== undefined ? [{ gauge, hasLabels: labels.length > 0 }] : [];
    });
    this.showFigures([]);
    this.set("duijie_build_info", { version, role }, 1);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  count(name: MetricOf<"counter">, labels: MetricLabels, by = 1): void {
    if (by > 0) this.#counters.get(name)?.inc({ ...labels }, by);
  }

  observe(name: MetricOf<"histogram">, labels: MetricLabels, seconds: number): void {
    this.#histograms.get(name)?.observe({ ...labels }, seconds);
  }

  set(name: MetricOf<"gauge">, labels: MetricLabels, value: number): void {
    this.#gauges.get(name)?.set({ ...labels }, value);
  }

  /** Exactly these: what the database no longer tells of is not shown from memory. */
  showFigures(figures: readonly Figure[]): void {
    for (const { gauge, hasLabels } of this.#sqlGauges) {
      gauge.reset();
      // Without labels it would show 0, which is a claim about a database that nobody asked.
      if (!hasLabels) gauge.remove();
    }
    for (const { labels, name, value } of figures) this.set(name, labels, value);
  }

  async text(): Promise<string> {
    return await this.#registry.metrics();
  }

  #create(name: MetricName, texts: Texts): void {
    const { kind, labels } = metrics[name];
    const options = {
      name,
      help: texts(`metrics.${name}`),
      labelNames: [...labels],
      registers: [this.#registry],
    };
    if (kind === "counter") this.#counters.set(name, new Counter(options));
    else if (kind === "histogram")
      this.#histograms.set(name, new Histogram({ ...options, buckets: [...secondsBuckets] }));
    else this.#gauges.set(name, new Gauge(options));
  }
}
