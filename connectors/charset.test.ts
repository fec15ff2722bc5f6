import { expect } from "chai";
import fc from "fast-check";
import { decode, encode } from "./charset.ts";

const bytes = (hex: string) => Buffer.from(hex, "hex");

describe("decode", () => {
  it("reads GB18030 with two and four bytes, and GBK by the same table", () => {
    expect(decode(bytes("cdf5"), "gb18030")).to.equal("王");
    expect(decode(bytes("95328236"), "gb18030")).to.equal("𠀀");
    expect(decode(bytes("a8bf"), "gbk")).to.equal("ǹ");
    expect(decode(bytes("80"), "gbk")).to.equal("€");
  });

  it("gives the standard character for all 24 that once had a private place", () => {
    const codes =
      "a6d9 a6da a6db a6dc a6dd a6de a6df a6ec a6ed a6f3 fe51 fe52 fe53 fe59 fe61 fe66 fe67 fe6c fe6d fe76 fe7e fe90 fe91 fea0";
    const characters = codes.split(" ").map((code) => decode(bytes(code), "gb18030")?.codePointAt(0) ?? 0);
    const expected =
      "fe10 fe12 fe11 fe13 fe14 fe15 fe16 fe17 fe18 fe19 20087 20089 200cc 9fb4 9fb5 9fb6 9fb7 215d7 9fb8 2298f 9fb9 9fba 241fe 9fbb";
    expect(characters.map((codePoint) => codePoint.toString(16)).join(" ")).to.equal(expected);
  });

  it("leaves the private use area of a user alone", () => {
    expect(decode(bytes("aaa1"), "gb18030")).to.equal("\uE000");
  });

  it("keeps a byte order mark as the character that it is", () => {
    expect(decode(bytes("efbbbf61"), "utf8")).to.equal("\uFEFFa");
  });

  it("gives null for bytes of another charset, and for a stored replacement character", () => {
    expect(decode(bytes("cdf5ff"), "gb18030")).to.equal(null);
    expect(decode(bytes("8130"), "gb18030")).to.equal(null);
    expect(decode(bytes("8431a437"), "gb18030")).to.equal(null);
    expect(decode(bytes("cdf5"), "utf8")).to.equal(null);
    expect(decode(bytes("eda080"), "utf8")).to.equal(null);
    expect(decode(bytes("efbfbd"), "utf8")).to.equal(null);
  });

  it("never lets U+FFFD out, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom("utf8", "gb18030", "gbk"), (any, charset) => {
        expect(decode(any, charset) ?? "").to.not.include("\uFFFD");
      }),
    );
  });
});

describe("encode", () => {
  it("is undone by decode for every text of Unicode", () => {
    const text = fc
      .string({ unit: "binary" })
      .filter((any) => !any.includes("\uFFFD") && !/[\uE78D-\uE864]/.test(any));
    fc.assert(
      fc.property(text, fc.constantFrom("utf8", "gb18030"), (any, charset) => {
        const encoded = encode(any, charset);
        expect(encoded === null ? null : decode(encoded, charset)).to.equal(any);
      }),
    );
  });

  it("gives the codes of the standard, also beyond the basic plane", () => {
    expect(encode("王a€", "gb18030")?.toString("hex")).to.equal("cdf561a2e3");
    expect(encode("𠮷", "gb18030")?.toString("hex")).to.equal("9534b235");
    expect(encode("㐀", "gb18030")?.toString("hex")).to.equal("8139ee39");
  });

  it("gives null where GBK has no code", () => {
    expect(encode("𠮷", "gbk")).to.equal(null);
    expect(encode("\uD800", "utf8")).to.equal(null);
  });
});
