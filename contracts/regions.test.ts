import { expect } from "chai";
import { codeTable } from "./codes.ts";
import { nationalRegions } from "./regions.ts";

const regions = nationalRegions();

describe("regions in force", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["340111", "340111000000", "a county, six digits"],
    ["340111000000", "340111000000", "a county, twelve digits"],
    ["440306112233", "440306112233", "township and village are kept"],
    ["441900", "441900000000", "a prefecture without counties"],
    ["460400003001", "460400003001", "the same with a township"],
    ["340100", "340100000000", "a prefecture"],
    ["130171", "130171000000", "a development zone of the statistics list"],
    ["620201", "620201000000", "a county of the statistics list alone"],
  ];
  for (const [code, expected, what] of cases) {
    it(`${what}: ${code}`, () => expect(regions.resolveCurrent(code)).to.deep.equal({ code12: expected }));
  }

  it("are every code of both lists, as themselves", () => {
    for (const table of ["region", "region-nbs-extra"]) {
      for (const code of codeTable(table).codes) {
        expect(regions.resolveCurrent(code)).to.deep.equal({ code12: `${code}000000` });
        expect(regions.isCurrent12(`${code}000000`)).to.equal(true);
        expect(regions.isCurrent12(code)).to.equal(false);
      }
    }
  });
});

describe("abolished regions", () => {
  it("become their one successor, over several steps", () => {
    expect(regions.resolveCurrent("110103")).to.deep.equal({ code12: "110101000000" });
    expect(regions.resolveCurrent("341402")).to.deep.equal({ code12: "340181000000" });
    expect(regions.resolveCurrent("652201")).to.deep.equal({ code12: "650502000000" });
  });

  it("lose their townships, which the successor does not have", () => {
    expect(regions.resolveCurrent("110103001002")).to.deep.equal({ code12: "110101000000" });
  });

  it("become the city that a prefecture was upgraded to", () => {
    expect(regions.resolveCurrent("542600")).to.deep.equal({ code12: "540400000000" });
  });

  it("are ambiguous where they were divided, also by what they gave away before", () => {
    expect(regions.resolveCurrent("130305")).to.deep.equal({
      ambiguous: ["130302000000", "130303000000", "130304000000"],
    });
    expect(regions.resolveCurrent("130124")).to.deep.equal({ ambiguous: ["130108000000", "130111000000"] });
  });

  it("have no answer where the history has none", () => {
    expect(regions.resolveCurrent("341400")).to.equal(null);
  });

  it("always end in a region in force, or in several, or nowhere", () => {
    let answered = 0;
    for (const code of codeTable("region-history").codes) {
      const answer = regions.resolveCurrent(code);
      if (answer === null) continue;
      const ends = "code12" in answer ? [answer.code12] : answer.ambiguous;
      for (const end of ends) expect(regions.isCurrent12(end), `${code} → ${end}`).to.equal(true);
      answered += 1;
    }
    expect(answered).to.be.at.least(5500);
  });

  it("are valid birth places, and keep their own code", () => {
    expect(regions.isCurrent12("110103000000")).to.equal(false);
    expect(regions.isEver12("110103000000")).to.equal(true);
    expect(regions.resolveAny("110103")).to.deep.equal({ code12: "110103000000" });
    expect(regions.resolveAny("110103001002")).to.deep.equal({ code12: "110103001002" });
    expect(regions.knownEver("110103")).to.equal(true);
  });
});

describe("what is no region", () => {
  for (const code of [
    "",
    "34011",
    "3401110",
    "34011100000",
    "999999",
    "999999000000",
    "340111 ",
    "３４０１１１",
    "34011a",
  ]) {
    it(`is not resolved: "${code}"`, () => {
      expect(regions.resolveCurrent(code)).to.equal(null);
      expect(regions.resolveAny(code)).to.equal(null);
      expect(regions.isCurrent12(code)).to.equal(false);
      expect(regions.isEver12(code)).to.equal(false);
    });
  }

  it("includes the codes that only residence permits begin with", () => {
    expect(regions.knownEver("830000")).to.equal(false);
  });
});

describe("where people live", () => {
  it("is a county, or a prefecture without any", () => {
    expect(["340111", "441900", "620200", "710000"].map((code) => regions.isLeaf(code))).to.deep.equal([
      true,
      true,
      true,
      true,
    ]);
    expect(["340000", "340100", "500200", "999999"].map((code) => regions.isLeaf(code))).to.deep.equal([
      false,
      false,
      false,
      false,
    ]);
  });
});
