import { tmpdir } from "node:os";
import { expect } from "chai";
import { conformanceCases } from "../../connectors/conformance.ts";
import { CsvScratch } from "../../connectors/csv/scratch.ts";
import { conformanceTests } from "../support/conformance-suite.ts";

describe("the CSV connector", function () {
  this.timeout(60_000);
  let harness: CsvScratch;

  before(() => {
    harness = new CsvScratch(tmpdir());
  });
  after(() => harness.close());

  conformanceTests(() => harness);

  it("leaves out no more cases than files can't have", () => {
    const ran = conformanceCases.filter(
      (each) => each.needs?.every((feature) => harness.lackOf(feature) === null) ?? true,
    );
    expect(ran.length).to.be.greaterThan(60);
  });
});
