import { expect } from "chai";
import fc from "fast-check";
import { DuijieError } from "../../contracts/errors.ts";
import type { OutgoingMessage } from "./broker.ts";
import { checkSizes, messageBytes, requestsOf } from "./message-size.ts";

function message(bytes: number, partition = 0): OutgoingMessage {
  return { topic: "t", partition, headers: {}, value: Buffer.alloc(bytes) };
}

describe("message sizes", () => {
  it("count headers in bytes, not in characters", () => {
    const plain = messageBytes(message(10));
    const named = messageBytes({ ...message(10), headers: { 头: "安徽" } });
    expect(named - plain).to.equal(10 + 3 + 6);
  });

  it("are refused over the limit, with the numbers", () => {
    const limit = messageBytes(message(100));
    checkSizes([message(100)], limit);
    let found: unknown;
    try {
      checkSizes([message(100), message(101, 3)], limit);
    } catch (error) {
      found = error instanceof DuijieError ? [error.code, error.params] : error;
    }
    const params = { topic: "t", partition: 3, bytes: limit + 1, bytesMax: limit };
    expect(found).to.deep.equal(["MESSAGE_TOO_LARGE", params]);
  });

  it("split a send into requests that keep order and limit", () => {
    const messages = fc.array(
      fc.tuple(fc.nat(300), fc.nat(2)).map(([bytes, partition]) => message(bytes, partition)),
    );
    fc.assert(
      fc.property(messages, (all) => {
        const requests = requestsOf(all, 1_000);
        expect(requests.flat()).to.deep.equal(all);
        for (const request of requests) {
          for (const partition of [0, 1, 2]) {
            const own = request.filter((one) => one.partition === partition);
            expect(own.reduce((sum, one) => sum + messageBytes(one), 0)).to.be.at.most(1_000);
          }
        }
      }),
    );
  });
});
