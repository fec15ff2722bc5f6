import { expect } from "chai";
import { conformanceCases } from "../../connectors/conformance.ts";
import { conformanceTests } from "../support/conformance-suite.ts";
import { type MysqlHarness, openMysqlHarness } from "../support/mysql-conformance.ts";
import { testMysql } from "../support/mysql-server.ts";

describe("the MySQL connector", function () {
  this.timeout(120_000);
  let harness: MysqlHarness;

  before(async function () {
    harness = await openMysqlHarness("conformance", await testMysql(this));
  });
  after(() => harness?.close());

  conformanceTests(() => harness);

  it("leaves out no case but for what MySQL, or this server, has not", () => {
    const features = new Set(conformanceCases.flatMap(({ needs }) => needs ?? []));
    const lacking = [...features].filter((feature) => harness.lackOf(feature) !== null);
    const known = ["infinite-dates", "pinyin", "uuid", "tls"];
    expect(lacking.filter((feature) => !known.includes(feature))).to.deep.equal([]);
  });
});
