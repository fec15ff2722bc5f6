import { expect } from "chai";
import { registryDigestSql, registryTableSql, stagingPriorTableSql, stagingTableSql } from "./ddl.ts";
import { entityNames } from "./entity.ts";
import { entityContract } from "./entity-contract.ts";

function columnsOf(sql: string): string[] {
  const body = sql.slice(sql.indexOf("(") + 1, sql.indexOf("PRIMARY KEY"));
  return body
    .trim()
    .split("\n")
    .map((line) => line.trim().split(" ")[0] ?? "");
}

describe("tables made from contracts", () => {
  for (const entity of entityNames) {
    for (const [kind, make] of Object.entries({ stagingTableSql, stagingPriorTableSql, registryTableSql })) {
      it(`${kind} of ${entity} has each contract column once, in order, and no column twice`, () => {
        const columns = columnsOf(make(entity));
        const expected = entityContract(entity).fields.map((field) => field.column);
        expect(columns.slice(-expected.length)).to.deep.equal(expected);
        expect(new Set(columns).size).to.equal(columns.length);
      });

      it(`${kind} of ${entity} explains the table and every column in Chinese`, () => {
        const sql = make(entity);
        const comments = [...sql.matchAll(/^COMMENT ON (TABLE|COLUMN) \S+ IS '(.+)';$/gm)];
        expect(comments.length).to.equal(columnsOf(sql).length + 1);
        for (const [, , text] of comments) expect(text).to.match(/\p{Script=Han}/u);
      });
    }

    it(`keeps the earlier rows of ${entity} in the same columns`, () => {
      expect(columnsOf(stagingPriorTableSql(entity))).to.deep.equal(columnsOf(stagingTableSql(entity)));
    });

    it(`reads every column of ${entity} once for its digest`, () => {
      const sql = registryDigestSql(entity, "r");
      for (const field of entityContract(entity).fields)
        expect(sql).to.match(new RegExp(`\\br\\.${field.column}\\b`));
    });
  }

  it("keeps staging as text, so that every bad value can be landed", () => {
    const lines = stagingTableSql("student").split("\n");
    expect(lines).to.include("  birth_date text,");
    expect(lines).to.include("  commute_km text,");
  });

  it("makes identifiers unique among rows that are not deleted", () => {
    expect(registryTableSql("school")).to.include("ON registry.school (school_id) WHERE NOT is_deleted;");
    expect(registryTableSql("class")).to.include(
      "ON registry.school_class (province, class_id) WHERE NOT is_deleted;",
    );
    expect(registryTableSql("region")).to.include(
      "ON registry.region (province, code) WHERE NOT is_deleted;",
    );
    expect(registryTableSql("student")).not.to.include("UNIQUE");
  });
});
