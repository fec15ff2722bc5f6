import { expect } from "chai";
import en from "../../contracts/texts/en/connectors.json" with { type: "json" };
import zh from "../../contracts/texts/zh/connectors.json" with { type: "json" };
import type { SourceEntity } from "../connector.ts";
import { readOnlyGrants } from "./grants.ts";

const sources: readonly SourceEntity[] = [
  {
    entity: "school",
    from: { relation: "xj.xx_jbxx" },
    key: ["xxid"],
    columns: [{ field: "name", column: "xxmc" }],
  },
  { entity: "student", from: { query: "SELECT 1" }, key: ["id"], columns: [{ field: "name", column: "xm" }] },
];

describe("the script of the read-only role", () => {
  it("grants the configured columns and nothing else", () => {
    const script = readOnlyGrants(sources, "duijie_reader", (key) => key);
    const statements = script
      .split("\n")
      .filter((line) => !line.startsWith("--") && /GRANT|ALTER/.test(line));
    expect(statements).to.deep.equal([
      'ALTER ROLE "duijie_reader" SET default_transaction_read_only = on;',
      "  EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), 'duijie_reader');",
      'GRANT USAGE ON SCHEMA "xj" TO "duijie_reader";',
      'GRANT SELECT ("xxmc", "xxid") ON "xj"."xx_jbxx" TO "duijie_reader";',
    ]);
  });

  it("keeps texts of several lines, and names with line breaks, inside comments", () => {
    const script = readOnlyGrants(sources, "x", () => "one\nDROP TABLE two;\rthree");
    expect(
      script
        .split(/\r?\n|\r/)
        .filter((line) => /two|three/.test(line))
        .every((line) => line.startsWith("-- ")),
    ).to.equal(true);
  });

  it("has its texts in both languages", () => {
    expect(Object.keys(zh)).to.deep.equal(Object.keys(en));
  });
});
