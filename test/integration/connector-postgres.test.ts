import { expect } from "chai";
import { conformanceCases } from "../../connectors/conformance.ts";
import { conformanceTests } from "../support/conformance-suite.ts";
import { openPostgresHarness, type PostgresHarness } from "../support/postgres-conformance.ts";

describe("the PostgreSQL connector", function () {
  this.timeout(60_000);
  let harness: PostgresHarness;

  before(async () => {
    harness = await openPostgresHarness("conformance");
  });
  after(() => harness.close());

  conformanceTests(() => harness);

  it("leaves out no case", () => {
    const features = conformanceCases.flatMap(({ needs }) => needs ?? []);
    expect(features.filter((feature) => harness.lackOf(feature) !== null)).to.deep.equal([]);
  });
});
