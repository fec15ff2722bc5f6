import { type Clock, ReadPace } from "../read-pace.ts";

/** At most `size` readers of the folder at a time. Waiting for a turn ends with the signal; a slot keeps its pace for life. */
export class ReaderSlots {
  readonly #free: ReadPace[];
  readonly #waiting: ((pace: ReadPace) => void)[] = [];

  constructor(size: number, clock: Clock) {
    this.#free = Array.from({ length: size }, () => new ReadPace(clock));
  }

  async *use<T>(signal: AbortSignal, work: (pace: ReadPace) => AsyncGenerator<T>): AsyncGenerator<T> {
    signal.throwIfAborted();
    const pace = this.#free.pop() ?? (await this.#nextFree(signal));
    try {
      yield* work(pace);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(pace);
      else next(pace);
    }
  }

  #nextFree(signal: AbortSignal): Promise<ReadPace> {
    return new Promise((resolve, reject) => {
      const turn = (pace: ReadPace) => {
        signal.removeEventListener("abort", leave);
        resolve(pace);
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(turn);
    });
  }
}
