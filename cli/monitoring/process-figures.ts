import { monitorEventLoopDelay } from "node:perf_hooks";
import type { PromMeter } from "./prom-meter.ts";

/** What the process itself uses, brought up to date when somebody looks. */
export class ProcessFigures {
  readonly #meter: PromMeter;
  readonly #lag = monitorEventLoopDelay({ resolution: 20 });
  #cpuSeconds = 0;

  constructor(meter: PromMeter) {
    this.#meter = meter;
    this.#lag.enable();
    meter.set("duijie_process_start_time_seconds", {}, Math.round(Date.now() / 1000 - process.uptime()));
  }

  update(): void {
    const { heapUsed, rss } = process.memoryUsage();
    this.#meter.set("duijie_process_resident_memory_bytes", {}, rss);
    this.#meter.set("duijie_process_heap_bytes", {}, heapUsed);
    const { system, user } = process.cpuUsage();
    const cpuSeconds = (system + user) / 1e6;
    this.#meter.count("duijie_process_cpu_seconds_total", {}, cpuSeconds - this.#cpuSeconds);
    this.#cpuSeconds = cpuSeconds;
    this.#updateLag();
  }

  close(): void {
    this.#lag.disable();
  }

  /** Since the last look. The resolution is part of what is measured. */
  #updateLag(): void {
    const seconds = Math.max(0, this.#lag.percentile(99) / 1e9 - 0.02);
    if (this.#lag.count > 0) this.#meter.set("duijie_eventloop_lag_p99_seconds", {}, seconds);
    this.#lag.reset();
  }
}
