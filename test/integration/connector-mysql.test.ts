import { conformanceCases } from "../../connectors/conformance.ts";
import { MysqlHarness } from "../support/mysql-conformance.ts";
import { testMysql } from "../support/mysql-server.ts";
import { skip } from "../support/skip.ts";

describe("the MySQL connector", function () {
  this.timeout(60_000);
  let harness: MysqlHarness;

  before(async function () {
    harness = await MysqlHarness.open("conformance", await testMysql(this));
  });
  afterEach(() => harness?.closeConnectors());
  after(() => harness?.close());

  for (const each of conformanceCases) {
    it(`${each.id}: ${each.title}`, async function () {
      const missing = each.needs?.find((feature) => !harness.has(feature));
      if (missing !== undefined) skip(this, harness.lacks.get(missing) ?? missing);
      await each.run(harness);
    });
  }
});
