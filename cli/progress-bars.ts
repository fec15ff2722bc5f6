import cliProgress from "cli-progress";
import type { EntityFigures, SlowSide } from "./load-watch.ts";
import { grouped } from "./table-text.ts";
import type { Terminal } from "./terminal.ts";

/** A bar an entity on standard error. */
export class ProgressBars {
  readonly #terminal: Terminal;
  readonly #bars: cliProgress.MultiBar;
  readonly #bar = new Map<string, cliProgress.SingleBar>();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#bars = new cliProgress.MultiBar({
      format: `{entity} {bar} {landed}/{all} ${terminal.text("progress.rate")} {slow}`,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: false,
      stopOnComplete: false,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      barsize: 24,
      emptyOnZero: true,
      gracefulExit: false,
    });
  }

  show(entities: readonly EntityFigures[], slowSide: SlowSide): void {
    const working = entities.findLast((one) => one.chunksLanded < one.chunks || one.batchesPublished > 0);
    for (const one of entities) {
      const total = one.total ?? one.rows;
      const bar = this.#bar.get(one.entity) ?? this.#bars.create(total, 0);
      this.#bar.set(one.entity, bar);
      bar.setTotal(Math.max(total, one.rows));
      const isWorking = one === working && slowSide !== "none";
      bar.update(one.rows, {
        entity: one.entity.padEnd(8),
        landed: grouped(one.rows),
        all: one.total === null ? "?" : grouped(one.total),
        rate: grouped(one.rowsPerSecond),
        left: one.secondsLeft === null ? "–" : duration(one.secondsLeft),
        slow: isWorking ? this.#terminal.text(`progress.slow.${slowSide}`) : "",
      });
    }
    this.#bars.update();
  }

  stop(): void {
    this.#bars.stop();
  }
}

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = String(seconds % 60).padStart(2, "0");
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}
