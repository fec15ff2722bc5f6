import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Half-open: nothing passes any more, and neither side is told. */
  isAbandoned: boolean;
}

/**
 * A way that bytes take between our processes and a server, to be disturbed: cut (RST), stalled (no byte passes), slow, or
 * half-open (open for both sides, dead in the middle).
 */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  /** Resolves when bytes may pass. */
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;
  #isRefusing = false;
  #delayMs = 0;

  static async open(targetPort: number, host = "127.0.0.1"): Promise<TcpProxy> {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    server.listen({ port: 0, host });
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy has no port");
    return new TcpProxy(server, address.port, targetPort, host);
  }

  private constructor(server: Server, port: number, targetPort: number, host: string) {
    this.port = port;
    this.#server = server;
    server.on("connection", (client) => this.#accept(client, targetPort, host));
  }

  /** Connections that both sides believe in. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Resets every connection and refuses new ones until `heal`. Returns how many were cut. */
  cut(): number {
    this.#isRefusing = true;
    return this.#reset([...this.#pairs].filter((pair) => !pair.isAbandoned));
  }

  /** Lets no byte pass, and accepts connections, until `heal`. */
  stall(): number {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
    return this.#pairs.size;
  }

  /** Each piece of bytes is held back this long, until `heal`. */
  slow(delayMs: number): number {
    this.#delayMs = delayMs;
    return this.#pairs.size;
  }

  /** The connections of this moment go dead for good, as with a pulled cable; new ones work. Returns how many. */
  abandon(): number {
    const living = [...this.#pairs].filter((pair) => !pair.isAbandoned);
    for (const pair of living) pair.isAbandoned = true;
    return living.length;
  }

  heal(): void {
    this.#isRefusing = false;
    this.#delayMs = 0;
    this.#open();
    this.#gate = Promise.resolve();
  }

  async close(): Promise<void> {
    this.heal();
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#reset([...this.#pairs]);
    // A connection that came just now is nobody's any more; its process ends with the test.
    await Promise.race([closed, delay(2000)]);
  }

  #accept(client: Socket, port: number, host: string): void {
    client.on("error", () => undefined);
    if (this.#isRefusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ port, host, noDelay: true, allowHalfOpen: true });
    upstream.on("error", () => undefined);
    const pair: Pair = { client, upstream, isAbandoned: false };
    this.#pairs.add(pair);
    void this.#pump(pair, client, upstream);
    void this.#pump(pair, upstream, client);
  }

  async #pump(pair: Pair, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const bytes of from) {
        await this.#pass(pair);
        if (!to.write(bytes)) await drained(to);
      }
      await this.#pass(pair);
      to.end();
    } catch {
      // One side was reset: so is the other, once bytes may pass.
      await this.#pass(pair);
      this.#reset([pair]);
    }
    // Until both are gone: one that is half closed is nobody's to end but ours.
    if (pair.client.destroyed && pair.upstream.destroyed) this.#pairs.delete(pair);
  }

  async #pass(pair: Pair): Promise<void> {
    if (this.#delayMs > 0) await delay(this.#delayMs);
    await this.#gate;
    if (pair.isAbandoned) await new Promise(() => undefined);
  }

  #reset(pairs: readonly Pair[]): number {
    for (const pair of pairs) {
      this.#pairs.delete(pair);
      pair.client.resetAndDestroy();
      pair.upstream.resetAndDestroy();
    }
    return pairs.length;
  }
}

/** A socket that closes never drains. */
async function drained(socket: Socket): Promise<void> {
  const ended = new AbortController();
  const { signal } = ended;
  try {
    await Promise.race([once(socket, "drain", { signal }), once(socket, "close", { signal })]);
  } finally {
    ended.abort();
  }
}
