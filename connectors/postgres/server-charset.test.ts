import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import { serverCharset } from "./server-charset.ts";

describe("the charset of a server", () => {
  it("is the server's word where it has one", () => {
    expect(serverCharset("UTF8", "auto")).to.deep.equal({
      charset: "utf8",
      serverEncoding: "UTF8",
      isUnicode: true,
    });
    expect(serverCharset("EUC_CN", "auto").charset).to.equal("gb18030");
    expect(serverCharset("GBK", "auto").charset).to.equal("gbk");
  });

  it("is the declared one where the server only keeps bytes", () => {
    for (const charset of ["utf8", "gb18030", "gbk"] as const) {
      const found = serverCharset("SQL_ASCII", charset);
      expect(found).to.deep.equal({ charset, serverEncoding: "SQL_ASCII", isUnicode: false });
    }
  });

  it("is SOURCE_CHARSET_WRONG where the two contradict, nothing is said, or we can't read it", () => {
    const wrong = [
      ["UTF8", "gbk"],
      ["UTF8", "gb18030"],
      ["EUC_CN", "utf8"],
      ["SQL_ASCII", "auto"],
      ["EUC_JP", "auto"],
      ["LATIN1", "utf8"],
    ] as const;
    for (const [encoding, declared] of wrong) {
      const ask = () => serverCharset(encoding, declared);
      expect(ask, `${encoding} ${declared}`)
        .to.throw(DuijieError)
        .with.property("code", "SOURCE_CHARSET_WRONG");
    }
  });
});
