import type pg from "pg";
import { type Clock, ReadPace } from "../read-pace.ts";
import { Session } from "./session.ts";

interface Slot {
  readonly pace: ReadPace;
  session: Session | null;
}

/**
 * At most `size` connections to the registry. Waiting for a turn has no time limit of its own (a slow reader is no
 * error) but ends with the signal. A slot outlives its connections: so does its pace.
 */
export class SessionPool {
  readonly #config: pg.ClientConfig;
  readonly #answerMs: number;
  readonly #free: Slot[];
  readonly #taken = new Set<Slot>();
  readonly #waiting: ((slot: Slot) => void)[] = [];

  constructor(config: pg.ClientConfig, answerMs: number, size: number, clock: Clock) {
    this.#config = config;
    this.#answerMs = answerMs;
    this.#free = Array.from({ length: size }, () => ({ pace: new ReadPace(clock), session: null }));
  }

  /** Gives `work` a session for as long as it runs. */
  async *use<T>(signal: AbortSignal, work: (session: Session) => AsyncGenerator<T>): AsyncGenerator<T> {
    const slot = await this.#takeSlot(signal);
    try {
      if (slot.session?.isUsable !== true) {
        slot.session = await Session.open(this.#config, slot.pace, signal, this.#answerMs);
      }
      yield* work(slot.session);
    } finally {
      this.#giveBack(slot);
    }
  }

  async close(): Promise<void> {
    for (const slot of this.#taken) slot.session?.destroy();
    for (const slot of this.#free) {
      if (slot.session?.isUsable === true) await slot.session.end();
      slot.session = null;
    }
  }

  async #takeSlot(signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    const slot = this.#free.pop() ?? (await this.#nextFree(signal));
    this.#taken.add(slot);
    return slot;
  }

  #nextFree(signal: AbortSignal): Promise<Slot> {
    return new Promise((resolve, reject) => {
      const turn = (slot: Slot) => {
        signal.removeEventListener("abort", leave);
        resolve(slot);
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(turn);
    });
  }

  #giveBack(slot: Slot): void {
    this.#taken.delete(slot);
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(slot);
    else next(slot);
  }
}
