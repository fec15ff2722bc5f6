import { DuijieError } from "../contracts/errors.ts";
import { type Clock, ReadPace } from "./read-pace.ts";

/** A connection as the pool sees it. */
export interface PooledSession {
  readonly isUsable: boolean;
  end(): Promise<void>;
  /** Breaks it now. */
  destroy(): void;
}

export type OpenSession<Session> = (pace: ReadPace, signal: AbortSignal) => Promise<Session>;

interface Slot<Session> {
  readonly pace: ReadPace;
  session: Session | null;
}

/**
 * At most `size` connections to the registry. Waiting for a turn has no time limit of its own (a slow reader is no
 * error) but ends with the signal. A slot outlives its connections: so does its pace.
 */
export class SessionPool<Session extends PooledSession> {
  readonly #open: OpenSession<Session>;
  readonly #free: Slot<Session>[];
  readonly #taken = new Set<Slot<Session>>();
  readonly #waiting: ((slot: Slot<Session>) => void)[] = [];

  constructor(open: OpenSession<Session>, size: number, clock: Clock) {
    this.#open = open;
    this.#free = Array.from({ length: size }, () => ({ pace: new ReadPace(clock), session: null }));
  }

  /** Gives `work` a session for as long as it runs. */
  async *use<T>(signal: AbortSignal, work: (session: Session) => AsyncGenerator<T>): AsyncGenerator<T> {
    const slot = await this.#takeSlot(signal);
    try {
      if (slot.session?.isUsable !== true) slot.session = await this.#open(slot.pace, signal);
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

  async #takeSlot(signal: AbortSignal): Promise<Slot<Session>> {
    signal.throwIfAborted();
    const slot = this.#free.pop() ?? (await this.#nextFree(signal));
    this.#taken.add(slot);
    return slot;
  }

  #nextFree(signal: AbortSignal): Promise<Slot<Session>> {
    return new Promise((resolve, reject) => {
      const turn = (slot: Slot<Session>) => {
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

  #giveBack(slot: Slot<Session>): void {
    this.#taken.delete(slot);
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(slot);
    else next(slot);
  }
}

/** The answer of work that gives exactly one. */
export async function onlyOne<T>(answers: AsyncGenerator<T>): Promise<T> {
  const all: T[] = [];
  for await (const answer of answers) all.push(answer);
  if (all.length !== 1) throw new DuijieError("INVARIANT_BROKEN", { invariant: "one-answer" });
  const [answer] = all;
  if (answer === undefined) throw new DuijieError("INVARIANT_BROKEN", { invariant: "one-answer" });
  return answer;
}

/** What a transaction is begun and ended with, on one connection. */
export interface TransactionSteps {
  begin(): Promise<void>;
  commit(): Promise<void>;
  /** Cancels what the server does and breaks the connection. */
  destroy(): void;
}

/** Runs `work` between begin and commit. An abort breaks the connection, and so does any error: one in doubt is never used again. */
export async function* inTransaction<T>(
  steps: TransactionSteps,
  signal: AbortSignal,
  work: () => AsyncGenerator<T>,
): AsyncGenerator<T> {
  signal.throwIfAborted();
  const abort = () => steps.destroy();
  signal.addEventListener("abort", abort, { once: true });
  let isComplete = false;
  try {
    await steps.begin();
    yield* work();
    await steps.commit();
    isComplete = true;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    if (!isComplete) steps.destroy();
  }
}
