import { expect } from "chai";
import { parseTopic, topicName } from "./topics.ts";

describe("topic names", () => {
  it("are read back as they were built", () => {
    for (const direction of ["up", "down"] as const) {
      for (const kind of ["data", "business", "control"] as const) {
        expect(parseTopic(topicName("34", direction, kind))).to.deep.equal({
          province: "34",
          direction,
          kind,
        });
      }
    }
    expect(topicName("34", "up", "data")).to.equal("duijie.34.up.data");
  });

  it("of others are nobody's", () => {
    for (const name of [
      "",
      "duijie.34.up",
      "duijie.34.up.data.x",
      "duijie.04.up.data",
      "xduijie.34.up.data",
      "duijie.34.up.data\n",
    ]) {
      expect(parseTopic(name), name).to.equal(null);
    }
  });
});
