import type { RawRow } from "./session.ts";

/** What the driver gives, page by page: the connection is paused while a full page waits to be taken. */
export class RowFlow {
  readonly #pageRows: number;
  readonly #pause: () => void;
  readonly #resume: () => void;
  #rows: RawRow[] = [];
  #isOver = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(pageRows: number, pause: () => void, resume: () => void) {
    this.#pageRows = pageRows;
    this.#pause = pause;
    this.#resume = resume;
  }

  push(row: RawRow): void {
    this.#rows.push(row);
    if (this.#rows.length < this.#pageRows) return;
    this.#pause();
    this.#notify();
  }

  finish(): void {
    this.#isOver = true;
    this.#notify();
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#notify();
  }

  /** The next page; null at the end. A failure comes at once: a page that was begun is read again anyway. */
  async next(): Promise<readonly RawRow[] | null> {
    this.#resume();
    while (this.#rows.length < this.#pageRows && !this.#isOver && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
    const page = this.#rows;
    this.#rows = [];
    return page.length === 0 ? null : page;
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
