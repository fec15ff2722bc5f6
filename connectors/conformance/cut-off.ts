import { connect, createServer, type Server, type Socket } from "node:net";

/** A way to a server over TCP that can be cut and mended, as a network does. */
export class CutOff {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #isCut = false;
  #bytesLeft: number | null = null;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(host: string, port: number): Promise<CutOff> {
    const server = createServer();
    const way = new CutOff(server);
    server.on("connection", (socket) => way.#join(socket, host, port));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return way;
  }

  get port(): number {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("not listening");
    return address.port;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  /** Lets so many bytes of the server's through, then cuts in the middle of whatever it says; new connections pass. */
  cutAfter(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(socket: Socket, host: string, port: number): void {
    if (this.#isCut) {
      socket.destroy();
      return;
    }
    const other = connect({ host, port });
    other.on("data", (chunk: Buffer) => this.#count(chunk.length));
    for (const [one, far] of [
      [socket, other],
      [other, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => far.destroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        far.destroy();
      });
      one.pipe(far);
    }
  }

  #count(bytes: number): void {
    if (this.#bytesLeft === null) return;
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft > 0) return;
    this.#bytesLeft = null;
    for (const socket of this.#sockets) socket.destroy();
  }
}
