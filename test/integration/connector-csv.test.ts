import { expect } from "chai";
import { conformanceCases } from "../../connectors/conformance.ts";
import { CsvHarness, lackOf } from "../support/csv-conformance.ts";
import { skip } from "../support/skip.ts";

describe("the CSV connector", function () {
  this.timeout(60_000);
  let harness: CsvHarness;

  before(() => {
    harness = new CsvHarness();
  });
  afterEach(() => harness.closeConnectors());
  after(() => harness.close());

  for (const each of conformanceCases) {
    it(`${each.id}: ${each.title}`, async function () {
      const reason = each.needs?.map(lackOf).find((lack) => lack !== null);
      if (typeof reason === "string") skip(this, reason);
      await each.run(harness);
    });
  }

  it("leaves out no more cases than files can't have", () => {
    const ran = conformanceCases.filter(
      (each) => each.needs?.every((feature) => harness.has(feature)) ?? true,
    );
    expect(ran.length).to.be.greaterThan(55);
  });
});
