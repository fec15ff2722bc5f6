import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import { loadQuery } from "./load-query.ts";

describe("the query over a vendor's load", () => {
  it("names the load, so that another load is another source", () => {
    expect(loadQuery("grade", "34", "7")).to.match(
      /^SELECT source_key, county, phase, .*\bgrade_code\b.* FROM staging\.load_grade WHERE province = '34' AND load_id = 7$/,
    );
    expect(loadQuery("grade", "34", "8")).not.to.equal(loadQuery("grade", "34", "7"));
  });

  it("reads nothing without a load", () => {
    expect(loadQuery("grade", "34", undefined)).to.match(/load_id = 0$/);
  });

  for (const [province, load] of [
    ["34'", "7"],
    ["34", "7 OR true"],
  ] as const) {
    it(`refuses ${province} and ${load}, which are no numbers`, () => {
      expect(() => loadQuery("student", province, load)).to.throw(DuijieError);
    });
  }
});
