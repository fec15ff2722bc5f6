import { expect } from "chai";
import { floatText } from "./column-text.ts";
import { instantText, wallText } from "./instant.ts";

/** What the tz database of the runtime says of an instant in China. */
const china = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "Asia/Shanghai",
  dateStyle: "short",
  timeStyle: "medium",
});

describe("an instant", () => {
  it("is wall time in China with its offset, as the tz database has it, in every hour of the summers with their own clock", () => {
    let summerHours = 0;
    for (let at = Date.UTC(1985, 11, 31); at < Date.UTC(1992, 0, 2); at += 3_600_000) {
      const east8 = new Date(at + 8 * 3_600_000).toISOString();
      const text = instantText(`${east8.slice(0, 10)} ${east8.slice(11, 19)}`);
      expect(text.slice(0, -3)).to.equal(china.format(at));
      if (text.endsWith("+09")) summerHours += 1;
    }
    expect(summerHours).to.be.greaterThan(20_000);
  });

  it("keeps its fraction, without the zeros that its column adds", () => {
    expect(instantText("2010-09-01 08:00:00.120000")).to.equal("2010-09-01 08:00:00.12+08");
    expect(instantText("1986-06-01 00:30:00.000001")).to.equal("1986-06-01 01:30:00.000001+09");
    expect(wallText("2010-09-01 08:00:00.000000")).to.equal("2010-09-01 08:00:00");
    expect(wallText("2010-09-01 08:00:00")).to.equal("2010-09-01 08:00:00");
  });

  it("of zero is no instant, and stays what it is", () => {
    expect(instantText("0000-00-00 00:00:00.000000")).to.equal("0000-00-00 00:00:00");
  });
});

describe("a single-precision number", () => {
  it("is the shortest text that gives it again", () => {
    for (const text of ["0.1", "1", "-2.5", "16777216", "3.4028235e+38", "1e-45", "0.33333334", "123456.79"])
      expect(floatText(String(Math.fround(Number(text))))).to.equal(text);
  });
});
