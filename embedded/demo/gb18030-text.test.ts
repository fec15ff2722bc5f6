import { expect } from "chai";
import { gb18030Bytes } from "./gb18030-text.ts";
import { rareParts } from "./name-parts.ts";

describe("GB18030 of the generated files", () => {
  it("is read back as it was, for rare characters, interpuncts and full width too", () => {
    const text = `王a,"·•\uFF10€ǹ\u3000\n${rareParts.map(([part]) => part).join("")}`;
    expect(new TextDecoder("gb18030", { fatal: true }).decode(gb18030Bytes(text))).to.equal(text);
  });

  it("has the codes of the standard", () => {
    expect(gb18030Bytes("王a€𠮷㐀").toString("hex")).to.equal("cdf561a2e39534b2358139ee39");
  });
});
