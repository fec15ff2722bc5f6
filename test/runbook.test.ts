import { expect } from "chai";
import { errorKinds } from "../contracts/errors.ts";
import { runCodes } from "./support/runbook-cases.ts";
import { readRunbook } from "./support/runbook-page.ts";

describe("docs/runbook.md", () => {
  const { reasons, sections } = readRunbook();

  it("has one section for each error code, with check, cure and proof", () => {
    expect(sections.map(({ code }) => code).toSorted()).to.deep.equal(Object.keys(errorKinds).toSorted());
    for (const { check, code, cure, proof } of sections) {
      expect([check.length, cure.length, proof.length], code).to.not.include(0);
    }
  });

  it("says why a section is run by no test, for few of them", () => {
    const notRun = sections.filter((one) => one.notRun !== null);
    expect(new Set(notRun.map((one) => one.notRun))).to.deep.equal(new Set(reasons));
    expect(notRun, "run one more rather than excuse one more").to.have.length.of.at.most(17);
  });

  it("is run by the test wherever it does not say why not", () => {
    const run = sections.filter((one) => one.notRun === null).map(({ code }) => code);
    expect([...runCodes].toSorted()).to.deep.equal(run.toSorted());
  });

  it("says of each section that is run how its proof ends, and which code its check shows", () => {
    for (const { check, code, proof } of sections.filter((one) => one.notRun === null)) {
      for (const line of proof) expect(line, code).to.match(/# → \d/);
      expect(check.join("\n"), code).to.match(/# → \d [^\n]*[A-Z]{2}/);
    }
  });
});
