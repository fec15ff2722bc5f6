import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { TcpProxy } from "./tcp-proxy.ts";

describe("the proxy that disturbs connections", () => {
  let echo: Server;
  let proxy: TcpProxy;
  const served = new Set<Socket>();
  const sockets = new Set<Socket>();

  beforeEach(async () => {
    echo = createServer((socket) => {
      served.add(socket);
      socket.on("error", () => undefined);
      socket.pipe(socket);
    });
    echo.listen(0, "127.0.0.1");
    await once(echo, "listening");
    const address = echo.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    proxy = await TcpProxy.open(address.port);
  });

  afterEach(async () => {
    for (const socket of [...sockets, ...served]) socket.destroy();
    await proxy.close();
    echo.close();
  });

  async function client(): Promise<Socket> {
    const socket = connect(proxy.port, "127.0.0.1");
    sockets.add(socket);
    await once(socket, "connect");
    return socket;
  }

  async function says(socket: Socket, text: string): Promise<string> {
    socket.write(text);
    const [bytes]: unknown[] = await once(socket, "data");
    return String(bytes);
  }

  it("passes bytes both ways, and the end", async () => {
    const socket = await client();
    expect(await says(socket, "one")).to.equal("one");
    socket.end();
    await once(socket, "end");
  });

  it("passes what is larger than any buffer", async () => {
    const socket = await client();
    const sent = Buffer.alloc(8 * 1024 * 1024, "x");
    let got = 0;
    const all = new Promise<void>((resolve) => {
      socket.on("data", (bytes) => {
        got += bytes.length;
        if (got === sent.length) resolve();
      });
    });
    socket.write(sent);
    await all;
  });

  it("cuts with a reset, and refuses until it is healed", async () => {
    const socket = await client();
    await says(socket, "one");
    const failed = once(socket, "error");
    expect(proxy.cut()).to.equal(1);
    expect(String(await failed)).to.include("ECONNRESET");
    const refused = connect(proxy.port, "127.0.0.1");
    sockets.add(refused);
    expect(String(await once(refused, "error"))).to.include("ECONNRESET");
    proxy.heal();
    expect(await says(await client(), "two")).to.equal("two");
  });

  it("stalls without an error, and passes everything afterwards", async () => {
    const socket = await client();
    await says(socket, "one");
    proxy.stall();
    let isPassed = false;
    const answered = says(socket, "two").then((text) => {
      isPassed = true;
      return text;
    });
    await delay(100);
    expect(isPassed).to.equal(false);
    expect(socket.destroyed).to.equal(false);
    proxy.heal();
    expect(await answered).to.equal("two");
  });

  it("holds each piece back while it is slow", async () => {
    const socket = await client();
    proxy.slow(60);
    const started = performance.now();
    await says(socket, "one");
    expect(performance.now() - started).to.be.at.least(100);
  });

  it("leaves connections open and dead, and lets new ones live", async () => {
    const socket = await client();
    await says(socket, "one");
    expect(proxy.abandon()).to.equal(1);
    let isTold = false;
    for (const event of ["data", "end", "error", "close"]) socket.on(event, () => (isTold = true));
    socket.write("two");
    expect(await says(await client(), "three")).to.equal("three");
    proxy.heal();
    await delay(100);
    expect(isTold).to.equal(false);
    // Nor is the server told that the client went.
    const before = [...served].filter((one) => one.destroyed).length;
    socket.destroy();
    await delay(50);
    expect([...served].filter((one) => one.destroyed).length).to.equal(before);
  });
});
