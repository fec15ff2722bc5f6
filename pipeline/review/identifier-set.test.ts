import { expect } from "chai";
import { IdentifierSet } from "./identifier-set.ts";

describe("a set of identifiers", () => {
  it("knows what was added and nothing else, also after it has grown many times", () => {
    const set = new IdentifierSet();
    for (let at = 0; at < 200_000; at += 1) expect(set.add(`XS${at}`)).to.equal(true);
    expect(set.size).to.equal(200_000);
    for (let at = 0; at < 200_000; at += 97) {
      expect(set.has(`XS${at}`)).to.equal(true);
      expect(set.has(`xs${at}`)).to.equal(false);
      expect(set.add(`XS${at}`)).to.equal(false);
    }
    expect(set.size).to.equal(200_000);
  });

  it("takes the empty text and texts beyond the basic plane", () => {
    const set = new IdentifierSet();
    expect([set.add(""), set.add(""), set.has("")]).to.deep.equal([true, false, true]);
    expect([set.add("𠮷1"), set.has("𠮷1"), set.has("𠮷2")]).to.deep.equal([true, true, false]);
  });
});
