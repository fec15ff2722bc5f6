import { expect } from "chai";
import { alignedLines, displayWidth } from "./table-text.ts";

describe("table text", () => {
  it("counts Chinese characters as two places", () => {
    expect(displayWidth("abc")).to.equal(3);
    expect(displayWidth("学籍ab")).to.equal(6);
    expect(displayWidth("，１")).to.equal(4);
    expect(displayWidth("𠮷")).to.equal(2);
  });

  it("puts columns below their headings and numbers to the right", () => {
    const lines = alignedLines([
      ["数据", "read"],
      ["student", 1234567],
      ["region", 5],
    ]);
    expect(lines).to.deep.equal(["数据          read", "student  1,234,567", "region           5"]);
  });

  it("has nothing to align in a table without rows", () => {
    expect(alignedLines([["a", "b"]])).to.deep.equal(["a  b"]);
  });
});
