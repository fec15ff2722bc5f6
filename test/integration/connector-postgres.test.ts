import { conformanceCases } from "../../connectors/conformance.ts";
import { PostgresHarness } from "../support/postgres-conformance.ts";
import { skip } from "../support/skip.ts";

describe("the PostgreSQL connector", function () {
  this.timeout(60_000);
  let harness: PostgresHarness;

  before(async () => {
    harness = await PostgresHarness.open("conformance");
  });
  afterEach(() => harness.closeConnectors());
  after(() => harness.close());

  for (const each of conformanceCases) {
    it(`${each.id}: ${each.title}`, async function () {
      const missing = each.needs?.find((feature) => !harness.has(feature));
      if (missing !== undefined) skip(this, `PostgreSQL has no ${missing}`);
      await each.run(harness);
    });
  }
});
