import { expect } from "chai";
import { addressOf, type ListeningServer, serveHttp } from "./http-server.ts";

describe("the monitoring server", () => {
  let server: ListeningServer;

  before(async () => {
    server = await serveHttp("127.0.0.1:0", {
      "/good": async () => await Promise.resolve({ status: 200, type: "text/plain", body: "yes\n" }),
      "/bad": async () => await Promise.reject(new Error("of no concern to anybody outside")),
    });
  });
  after(async () => await server.close());

  async function get(path: string, method = "GET") {
    const response = await fetch(`${server.url}${path}`, { method });
    return [response.status, await response.text()] as const;
  }

  it("answers its own paths alone, and only to those who ask", async () => {
    expect(await get("/good?x=1")).to.deep.equal([200, "yes\n"]);
    expect(await get("/good", "HEAD")).to.deep.equal([200, ""]);
    expect((await get("/good", "POST"))[0]).to.equal(405);
    for (const path of ["/", "/toString", "/../good/..", "/__proto__"])
      expect((await get(path))[0], path).to.equal(404);
  });

  it("tells nothing of a failure but that there was one", async () => {
    expect(await get("/bad")).to.deep.equal([500, "failed\n"]);
  });

  it("takes names, IPv4 and IPv6 addresses", () => {
    expect(addressOf("127.0.0.1:9464")).to.deep.equal({ host: "127.0.0.1", port: 9464 });
    expect(addressOf("[::1]:0")).to.deep.equal({ host: "::1", port: 0 });
    for (const wrong of ["9464", "127.0.0.1:70000"])
      expect(() => addressOf(wrong))
        .to.throw()
        .with.property("code", "CONFIG_INVALID");
  });
});
