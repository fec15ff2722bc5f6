import { expect } from "chai";
import fc from "fast-check";
import { newClusterId } from "./kafka-server.ts";

describe("the id of a Kafka cluster", () => {
  it("is 16 bytes of base64url that no command takes for an option", () => {
    const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(bytes, (sixteen) => {
        expect(newClusterId(sixteen)).to.match(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
      }),
    );
    expect(newClusterId(new Uint8Array(16).fill(0xfb))).to.match(/^e/);
  });
});
