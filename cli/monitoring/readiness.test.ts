import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import { shared } from "./deadline.ts";
import { readiness } from "./readiness.ts";

describe("readiness", () => {
  it("is of all parts, each with its code and nothing else", async () => {
    const ready = readiness(
      [
        { name: "database", ask: async () => await Promise.resolve(null) },
        {
          name: "broker",
          ask: async () =>
            await Promise.reject(new DuijieError("BROKER_UNREACHABLE", { host: "kafka.example" })),
        },
        { name: "link", ask: async () => await Promise.resolve("STARTING") },
      ],
      0,
    );
    expect(await ready()).to.deep.equal({
      isReady: false,
      parts: { database: "ok", broker: "BROKER_UNREACHABLE", link: "STARTING" },
    });
  });

  it("asks once for all who ask at a time", async () => {
    let asked = 0;
    const ask = shared(async () => await Promise.resolve((asked += 1)), 60_000);
    expect(await Promise.all([ask(), ask(), ask()])).to.deep.equal([1, 1, 1]);
    expect(await ask()).to.equal(1);
  });
});
